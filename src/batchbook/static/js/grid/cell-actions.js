/* Actions of keys and of the menu on the texts of cells, beside opening them and beside blocks (blocks.js): each gets the grid.

   clear(grid)         empties the selected cells         cancel(grid)       gives up a text that was not saved, else the selection
   putToday(grid)      writes the day of today           undo(grid, name)   "undo" or "redo"
   openUnsaved(grid)   opens the next cell that was not saved; returns whether there is one
   nextProblem(grid)   the same, else goes to the next cell with a problem
   Reads of the <row-grid>
     data-undo-url, data-redo-url   where the person's last operation is undone, and done again */

import { callExplained } from "./reason-dialog.js";

/* One cell like an edit, which is kept while the server is away; several as one operation. */
export function clear(grid) {
  if (!grid.selection.isSingle && grid.blocks.isPossible) return grid.blocks.clear();
  for (const cell of grid.painted) if ("cell" in cell.dataset && grid.textOf(cell)) grid.put(cell, "");
  return true;
}

export function cancel(grid) {
  const unsaved = grid.active && "cell" in grid.active.dataset && grid.unsavedOf(grid.active);
  if (unsaved) grid.giveUp(unsaved);
  else if (!grid.selection.isSingle) grid.selection.moveTo(grid.selection.focus);
  else return false;
  return true;
}

export function putToday(grid) {
  const { active } = grid;
  if (!active || !("cell" in active.dataset) || !["date", "datetime", "text"].includes(grid.columnOf(active).kind)) return;
  const now = new Date();
  grid.put(active, [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-"));
}

/* What was not sent yet is taken back here; everything else by the server. */
export async function undo(grid, name) {
  const last = name === "undo" && grid.saving.takeBack();
  if (last) {
    const cell = grid.cellOf(last);
    if (cell) grid.goTo(grid.placeOf(cell));
    return grid.tell(`“${last.text}” was not sent.`);
  }
  const url = grid.dataset[`${name}Url`];
  if (!url) return grid.tell(`There is nothing to ${name} here.`);
  await grid.queue.settled();
  if (grid.queue.stopped) return grid.tell("Edits are not saved yet, so nothing was undone.");
  const answer = await callExplained(grid, url, {});
  await grid.refresh();
  return grid.tell(answer.message);
}

export function openUnsaved(grid) {
  const { unsaved } = grid.queue;
  if (!unsaved.length) return false;
  const from = grid.editor ? grid.placeOf(grid.editor.cell) : (grid.visited ?? { row: -1, column: -1 });
  const placed = unsaved.map((edit) => ({ edit, row: grid.rows.placeOfKey(edit.key), column: grid.columns.findIndex(({ field }) => field === edit.field) }));
  placed.sort((one, other) => one.row - other.row || one.column - other.column);
  const next = placed.find(({ row, column }) => row > from.row || (row === from.row && column > from.column)) ?? placed[0];
  grid.visited = { row: next.row, column: next.column };
  grid.goTo(grid.visited);
  const cell = grid.cellOf(next.edit);
  if (cell) grid.open(cell);
  return true;
}

export async function nextProblem(grid) {
  if (openUnsaved(grid)) return;
  if (!(await grid.finding.problem())) grid.tell("No row has problems.");
}
