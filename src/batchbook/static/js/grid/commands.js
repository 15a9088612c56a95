/* The commands behind the keys of keyboard.js, by name: each gets the grid and {extend, event}, and returns false where the browser may have the key.

   The grid: see row-grid.js. Moving begins at the cell that has the focus, in its selection.
   runCommand(grid, name)   the same from a menu */

import { cancel, clear, nextProblem, putToday, undo } from "./cell-actions.js";
import { openHistory, openReplace } from "./cell-pages.js";

const by = (down, right) => (grid, { extend }) => grid.moveBy(down, right, extend);
const to = (place) => (grid, { extend }) => grid.goTo(place(grid, grid.selection.focus), { extend });

/* Along the filled cells of a column or row, to the last one, else to the next filled one. */
const toEdge = (down, right) => async (grid, { extend }) => {
  const { row, column } = grid.selection.focus;
  if (down) return grid.goTo({ row: await grid.finding.edge(Math.max(row, grid.rows.start), column, down), column }, { extend });
  const places = right > 0 ? grid.shown.filter((at) => at > column) : grid.shown.filter((at) => at < column).reverse();
  const isFilled = (at) => Boolean(grid.cell({ row, column: at }) && grid.textOf(grid.cell({ row, column: at })));
  const runs = isFilled(column) && places.length && isFilled(places[0]);
  const stop = runs ? places.findIndex((at) => !isFilled(at)) - 1 : places.findIndex(isFilled);
  const next = stop === -1 || stop === -2 ? places.at(-1) : places[stop];
  return grid.goTo({ row, column: next ?? column }, { extend });
};

const COMMANDS = {
  left: by(0, -1),
  up: by(-1, 0),
  right: by(0, 1),
  down: by(1, 0),
  leftEdge: toEdge(0, -1),
  upEdge: toEdge(-1, 0),
  rightEdge: toEdge(0, 1),
  downEdge: toEdge(1, 0),
  next: (grid) => grid.tabTo(1),
  previous: (grid) => grid.tabTo(-1),
  rowStart: to((grid, { row }) => ({ row, column: grid.shown[0] })),
  rowEnd: to((grid, { row }) => ({ row, column: grid.shown.at(-1) })),
  gridStart: to((grid) => ({ row: grid.rows.start, column: grid.shown[0] })),
  gridEnd: to((grid) => ({ row: grid.rows.stop - 1, column: grid.shown.at(-1) })),
  pageUp: (grid, { extend }) => grid.moveBy(-grid.rowsInSight, 0, extend),
  pageDown: (grid, { extend }) => grid.moveBy(grid.rowsInSight, 0, extend),
  enter: (grid, { event }) => event.repeat || grid.enter(),
  enterUp: (grid) => grid.step({ down: -1 }),
  edit: (grid, { event }) => event.repeat || grid.openActive(),
  editEmpty: (grid) => grid.openActive(""),
  newLine: (grid) => grid.openActive() || grid.editor?.newLine(),
  clear: (grid) => clear(grid),
  cancel: (grid) => cancel(grid),
  selectAll: (grid) => grid.selection.select({ top: grid.rows.start, left: 0, bottom: grid.rows.stop - 1, right: grid.columns.length - 1 }),
  selectColumn: (grid) => grid.selection.select({ ...grid.selection.range, top: grid.rows.start, bottom: grid.rows.stop - 1 }),
  selectRow: (grid) => grid.selection.select({ ...grid.selection.range, left: 0, right: grid.columns.length - 1 }),
  copy: () => false, // By the events of the browser, see blocks.js.
  cut: () => false,
  paste: () => false,
  fillDown: (grid) => grid.blocks.fillDown(),
  fillRight: (grid) => grid.blocks.fillRight(),
  fillAll: (grid) => grid.active && "cell" in grid.active.dataset && grid.blocks.fillAll(grid.textOf(grid.active)),
  today: (grid) => putToday(grid),
  undo: (grid) => undo(grid, "undo"),
  redo: (grid) => undo(grid, "redo"),
  find: (grid) => grid.finding.open(),
  findNext: (grid, { event }) => grid.finding.next(event?.shiftKey ? -1 : 1),
  replace: (grid) => openReplace(grid),
  history: (grid) => openHistory(grid),
  nextProblem: (grid) => nextProblem(grid),
  menu: (grid) => grid.openMenu(),
  keys: () => document.dispatchEvent(new Event("batchbook:keys")),
};

export function runCommand(grid, name, { extend = false, event = null } = {}) {
  const done = COMMANDS[name](grid, { extend, event: event ?? {} });
  if (done instanceof Promise) done.catch((error) => grid.tell(error.message));
  return done;
}
