/* The selection in a grid: the cell that has the focus, the anchor from which a range extends, and further ranges.

   A cell is {row, column}: places from 0; row -1 is that of the headings, which are never part of a range. A range is
   {top, left, bottom, right}, all included.

   moveTo(cell)            the cell alone               extendTo(cell)     the range from the anchor to the cell
   add(cell)               one more range, of the cell  select(range)      a range; the focus stays where it is
   reach(start, stop, columns)   the rows and the number of columns that there are, so that nothing lies beyond them
   focus, anchor, ranges   ranges: at least one, the last is that of anchor and focus
   range                   the last range               contains(row, column), isSingle
   Event: "change" */

export class Selection extends EventTarget {
  focus = { row: 0, column: 0 };
  anchor = { row: 0, column: 0 };
  ranges = [{ top: 0, left: 0, bottom: 0, right: 0 }];
  #size = { start: 0, stop: 0, columns: 0 };

  get range() {
    return this.ranges.at(-1);
  }

  get isSingle() {
    return this.ranges.length === 1 && this.range.top === this.range.bottom && this.range.left === this.range.right;
  }

  reach(start, stop, columns) {
    this.#size = { start, stop, columns };
  }

  moveTo(cell) {
    this.focus = this.anchor = this.#inside(cell);
    this.ranges = [between(this.anchor, this.focus)];
    this.#changed();
  }

  extendTo(cell) {
    this.focus = this.#inside(cell, 0);
    if (this.anchor.row < 0) this.anchor = { ...this.anchor, row: this.#size.start };
    this.ranges = [...this.ranges.slice(0, -1), between(this.anchor, this.focus)];
    this.#changed();
  }

  add(cell) {
    this.focus = this.anchor = this.#inside(cell, 0);
    this.ranges = [...this.ranges, between(this.anchor, this.focus)];
    this.#changed();
  }

  select(range) {
    this.ranges = [range];
    this.anchor = { row: clamp(this.focus.row, range.top, range.bottom), column: clamp(this.focus.column, range.left, range.right) };
    this.#changed();
  }

  contains(row, column) {
    return this.ranges.some(({ top, left, bottom, right }) => top <= row && row <= bottom && left <= column && column <= right);
  }

  /* Above the first row are the headings. */
  #inside({ row, column }, headings = -1) {
    const { start, stop } = this.#size;
    const inside = row < start ? (headings < 0 ? headings : start) : Math.min(row, stop - 1);
    return { row: inside, column: clamp(column, 0, this.#size.columns - 1) };
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

function clamp(value, least, most) {
  return Math.max(least, Math.min(value, most));
}

function between(one, other) {
  return {
    top: Math.max(0, Math.min(one.row, other.row)),
    left: Math.min(one.column, other.column),
    bottom: Math.max(0, one.row, other.row),
    right: Math.max(one.column, other.column),
  };
}
