/* The keys on the closed cells of a grid: a command of the table of keys, else a character, which opens its cell.

   useKeys(grid)        hears them, and F8 on the whole page
   refuse(grid, key)    tells that a key or a text, typed beyond the last cell, was entered nowhere

   The grid's isAtEnd says that a step led beyond its last cell, so that a list that is typed on does not write over it. */

import { runCommand } from "./commands.js";
import { characterOf, commandOf, isOfInputMethod } from "./keyboard.js";

const FIGURE = /^[0-9]$/;

export function useKeys(grid) {
  grid.table.addEventListener("keydown", (event) => onKey(grid, event));
  addEventListener("keydown", (event) => event.key === "F8" && !event.defaultPrevented && (event.preventDefault(), runCommand(grid, "nextProblem")));
}

function onKey(grid, event) {
  if (grid.editor?.field === event.target || event.defaultPrevented || isOfInputMethod(event)) return;
  const cell = event.target.closest(".cell, .head");
  if (!cell) return;
  if ("cell" in cell.dataset) grid.editedField = cell.dataset.field;
  const character = characterOf(event);
  const found = commandOf(event);
  if (grid.isAtEnd && (character || event.key === "Enter")) refuse(grid, event.key);
  else if (found) {
    grid.isAtEnd = false;
    if (runCommand(grid, found.command, { ...found, event }) === false) return;
  } else if (!character || !type(grid, cell, character, event)) return;
  else return;
  event.preventDefault();
}

/* A character opens the cell with it; a figure on a cell that cannot be edited, one of the row that can. */
function type(grid, cell, character, event) {
  const target = "cell" in cell.dataset ? cell : FIGURE.test(character) && cellForFigures(grid, cell.closest("tr"));
  if (!target) return false;
  const isList = grid.columnOf(target).choices;
  grid.open(target, isList ? undefined : character);
  if (!isList) event.preventDefault(); // A list looks for the character itself.
  return true;
}

function cellForFigures(grid, row) {
  const cells = [...row.querySelectorAll("[data-cell]")].filter((cell) => !grid.columnOf(cell).choices);
  const isNumber = (cell) => ["decimal", "integer"].includes(grid.columnOf(cell).kind);
  return cells.find(({ dataset }) => dataset.field === grid.editedField) ?? cells.find(isNumber) ?? cells[0];
}

export function refuse(grid, key) {
  const typed = key === "Enter" ? "Enter" : `“${key}”`;
  grid.tell(`${typed} was not entered: there is no further cell. F2 edits ${grid.columns[grid.selection.focus.column].label} here again.`);
}
