/* What the keys of keyboard.js do, by name: each gets the grid and {extend, event}, and returns false where the browser may have the key.

   The grid: see row-grid.js. Moving begins at the cell that has the focus, in its selection. */

const by = (down, right) => (grid, { extend }) => grid.moveBy(down, right, extend);
const to = (place) => (grid, { extend }) => grid.goTo(place(grid, grid.selection.focus), { extend });

export const COMMANDS = {
  left: by(0, -1),
  up: by(-1, 0),
  right: by(0, 1),
  down: by(1, 0),
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
  clear: (grid) => grid.clear(),
  cancel: (grid) => grid.cancel(),
  selectAll: (grid) => grid.selection.select({ top: grid.rows.start, left: 0, bottom: grid.rows.stop - 1, right: grid.columns.length - 1 }),
  selectColumn: (grid) => grid.selection.select({ ...grid.selection.range, top: grid.rows.start, bottom: grid.rows.stop - 1 }),
  selectRow: (grid) => grid.selection.select({ ...grid.selection.range, left: 0, right: grid.columns.length - 1 }),
  undo: (grid) => grid.undo(),
  nextProblem: (grid) => grid.openUnsaved(),
  keys: () => document.dispatchEvent(new Event("batchbook:keys")),
};
