/* The small square at the corner of a selection: drawn down or to the side, it fills the cells that it passes. With Ctrl it copies where it
   would go on with a series, and the other way round for one cell.

   new FillHandle(grid)   only where blocks can be changed */

export class FillHandle {
  constructor(grid) {
    this.grid = grid;
    this.scroll = grid.table.parentElement;
    this.element = document.createElement("div");
    this.element.className = "fill-handle";
    this.element.setAttribute("aria-hidden", "true"); // By keys: Ctrl+D and Ctrl+R.
    this.element.hidden = true;
    this.scroll.append(this.element);
    grid.selection.addEventListener("change", () => this.place());
    grid.rows.addEventListener("shown", () => this.place());
    new ResizeObserver(() => this.place()).observe(grid.table);
    this.element.addEventListener("pointerdown", (event) => this.#begin(event));
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
  }

  place() {
    const { selection } = this.grid;
    const { bottom, right } = selection.range;
    const corner = selection.ranges.length === 1 && !this.isDrawn ? this.grid.cell({ row: bottom, column: right }) : null;
    this.element.hidden = !corner?.isConnected || selection.focus.row < 0 || corner.offsetParent === null;
    if (this.element.hidden) return;
    const [cell, box] = [corner.getBoundingClientRect(), this.scroll.getBoundingClientRect()];
    this.element.style.left = `${cell.right - box.left - this.scroll.clientLeft + this.scroll.scrollLeft - 5}px`;
    this.element.style.top = `${cell.bottom - box.top - this.scroll.clientTop + this.scroll.scrollTop - 5}px`;
  }

  #begin(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const { selection } = this.grid;
    const range = selection.range;
    this.isDrawn = true;
    this.element.hidden = true;
    let target = range;
    const move = ({ clientX, clientY }) => {
      const cell = document.elementFromPoint(clientX, clientY)?.closest(".grid [data-row] > .cell");
      if (!cell) return;
      target = extended(range, this.grid.placeOf(cell));
      selection.select(target);
    };
    const end = ({ ctrlKey }) => {
      removeEventListener("pointermove", move);
      this.isDrawn = false;
      const isOne = range.top === range.bottom;
      if (target !== range) this.grid.blocks.extend(range, target, isOne ? ctrlKey : !ctrlKey);
      else this.place();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
  }
}

/* The range with the rows up to the place, or the columns, whichever are more. */
function extended(range, { row, column }) {
  const down = Math.max(row - range.bottom, range.top - row, 0);
  const right = Math.max(column - range.right, range.left - column, 0);
  if (!down && !right) return range;
  if (down >= right) return { ...range, top: Math.min(range.top, row), bottom: Math.max(range.bottom, row) };
  return { ...range, left: Math.min(range.left, column), right: Math.max(range.right, column) };
}
