/* The pointer on the headings of a grid.

   useColumnPointer(grid)   the edge of a heading changes the width of its column when it is drawn, and fits it to its texts on a double
                            click; a heading that is drawn onto another one moves its column there. By keys: the menu, grid-menu.js. */

const EDGE_PX = 6;
const LEAST_MOVE_PX = 8;

export function useColumnPointer(grid) {
  const { table, layout } = grid;
  const head = table.tHead;
  let drawn = null;

  /* The place of the column whose right edge is under the pointer, or -1. */
  const edgeAt = (event) => {
    const cell = event.target.closest?.("th");
    if (!cell) return -1;
    const { left, right } = cell.getBoundingClientRect();
    if (event.clientX > right - EDGE_PX) return cell.cellIndex;
    const before = grid.shown[grid.shown.indexOf(cell.cellIndex) - 1];
    return event.clientX < left + EDGE_PX && before !== undefined ? before : -1;
  };

  head.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = edgeAt(event);
    const cell = event.target.closest("th");
    if (at >= 0) {
      drawn = { at, isEdge: true, x: event.clientX, width: layout.width(at), isMoved: false };
      event.preventDefault();
    } else if (cell && event.pointerType !== "touch") drawn = { at: cell.cellIndex, isEdge: false, x: event.clientX, isMoved: false };
  });

  head.addEventListener("pointermove", (event) => {
    if (!drawn) head.classList.toggle("at-edge", edgeAt(event) >= 0);
  });

  addEventListener("pointermove", (event) => {
    if (!drawn) return;
    const moved = event.clientX - drawn.x;
    drawn.isMoved ||= Math.abs(moved) > (drawn.isEdge ? 1 : LEAST_MOVE_PX);
    if (drawn.isEdge) layout.setWidth(drawn.at, drawn.width + moved);
    else if (drawn.isMoved) head.classList.add("is-moving");
  });

  addEventListener("pointerup", (event) => {
    if (!drawn) return;
    const { at, isEdge, isMoved } = drawn;
    drawn = null;
    head.classList.remove("is-moving");
    if (!isMoved) return;
    // The click that follows would sort.
    addEventListener("click", (click) => (click.preventDefault(), click.stopImmediatePropagation()), { capture: true, once: true });
    setTimeout(() => head.dispatchEvent(new Event("pointerend")));
    if (isEdge) layout.changed();
    else {
      const target = document.elementFromPoint(event.clientX, event.clientY)?.closest("thead th");
      if (target && head.contains(target) && target.cellIndex !== at) grid.moveColumn(at, target.cellIndex);
    }
  });

  head.addEventListener("dragstart", (event) => event.preventDefault());
  head.addEventListener("click", (event) => edgeAt(event) >= 0 && (event.preventDefault(), event.stopPropagation()), { capture: true });
  head.addEventListener("dblclick", (event) => {
    const at = edgeAt(event);
    if (at >= 0) layout.fit(at);
  });
}
