/* The pointer in a grid.

   usePointer(grid)   a press chooses a cell, the second on the same one opens it, and so does a double click; with Shift it extends the
                      selection, with Ctrl it adds a range; pressed and moved it selects. A finger chooses by its first tap and opens by
                      the second on the same cell: moved, it scrolls.
                      A click by a screen reader, which has no place, opens as well. The right button opens the menu. Links of cells that cannot be edited work as links. */

import { isTypedInto } from "./typing-field.js";

export function usePointer(grid) {
  const { table } = grid;
  let isDragging = false;
  let wasFocused = false;

  const cellAt = (event) => event.target.closest?.(".grid [data-row] > .cell");
  const isLink = (event) => event.target.closest("a[href]") !== null;
  const isChosen = (cell) => (cell === document.activeElement || isTypedInto(cell)) && grid.selection.isSingle;
  const isInField = (event) => event.target.closest(".cell-editor") !== null;

  table.addEventListener("pointerdown", (event) => {
    const cell = cellAt(event);
    if (!cell || isInField(event) || event.button !== 0) return;
    if (event.pointerType === "touch") {
      wasFocused = isChosen(cell); // The tap that follows tells: a finger that moves scrolls.
      return;
    }
    const isCtrl = event.ctrlKey || event.metaKey;
    if (isLink(event) && !event.shiftKey) return;
    wasFocused = isChosen(cell);
    if (event.shiftKey) grid.goTo(grid.placeOf(cell), { extend: true });
    else grid.goTo(grid.placeOf(cell), { add: isCtrl });
    isDragging = true;
  });

  // The press itself must take the focus from nobody: the grid has given it already.
  table.addEventListener("mousedown", (event) => {
    if (cellAt(event) && !isInField(event) && !(isLink(event) && !event.shiftKey) && event.button === 0) event.preventDefault();
  });

  table.addEventListener("pointerover", (event) => {
    const cell = isDragging && event.buttons & 1 && cellAt(event);
    if (cell) grid.goTo(grid.placeOf(cell), { extend: true });
  });

  table.addEventListener("contextmenu", (event) => {
    const cell = cellAt(event) ?? event.target.closest(".head");
    if (!cell || isInField(event) || event.shiftKey) return; // With Shift, the browser's own.
    event.preventDefault();
    const { row, column } = grid.placeOf(cell);
    if (!grid.selection.contains(row, column)) grid.goTo({ row, column });
    grid.openMenu({ x: event.clientX, y: event.clientY });
  });

  addEventListener("pointerup", () => (isDragging = false));
  table.addEventListener("dragstart", (event) => cellAt(event) && event.preventDefault());

  table.addEventListener("click", (event) => {
    const cell = cellAt(event);
    if (!cell || isInField(event) || event.ctrlKey || event.metaKey || event.shiftKey || isLink(event)) return;
    if (wasFocused || event.detail === 0 || event.pointerType === "touch") grid.goTo(grid.placeOf(cell));
    if (wasFocused || event.detail === 0) grid.openActive();
    wasFocused = false;
  });
}
