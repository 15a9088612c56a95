/* The scrolling of rows that are higher together than a browser scrolls, which is some 15 million pixels.

   new LongScroll(element, sizes)   element: what scrolls; sizes(): {height, inSight} in pixels, of all rows and of the part in sight
   offset                 how far the rows are scrolled, in pixels of their whole height; always within it
   bar, barHeight         how far the element is scrolled, and the height that its content has to have: at most 10 million pixels
   isShortened            whether that is less than the height of the rows
   followBar()            takes over where the element was scrolled to; returns whether that was a leap
   placeBar()             scrolls the element to where it belongs for the offset; isBarPlaced: whether it is there
   limit()                brings the offset back within rows that have become fewer

   Where the way is shortened, a turn of the wheel moves rows and bar alike, a long way of the bar leaps, and once it rests it is to be
   placed where it belongs. */

const LONGEST_PX = 10_000_000;
/* A way of the bar is a leap from so many times the part in sight on. */
const LEAP = 3;

export class LongScroll {
  #offset = 0;
  bar = 0;

  constructor(element, sizes) {
    this.element = element;
    this.sizes = sizes;
  }

  get offset() {
    return this.#offset;
  }

  set offset(offset) {
    const { height, inSight } = this.sizes();
    this.#offset = Math.max(0, Math.min(offset, height - inSight));
  }

  get barHeight() {
    return Math.min(this.sizes().height, LONGEST_PX);
  }

  get isShortened() {
    return this.sizes().height > this.barHeight;
  }

  get isBarPlaced() {
    return Math.abs(this.#offset / this.#ratio - this.bar) < 1;
  }

  get #ratio() {
    const { height, inSight } = this.sizes();
    return (height - inSight) / Math.max(1, this.barHeight - inSight);
  }

  followBar() {
    const bar = this.element.scrollTop;
    const step = bar - this.bar;
    const isLeap = Math.abs(step) > LEAP * this.sizes().inSight;
    this.offset = this.isShortened && !isLeap ? this.#offset + step : bar * this.#ratio;
    this.bar = bar;
    return isLeap;
  }

  placeBar() {
    this.element.scrollTop = this.#offset / this.#ratio;
    this.bar = this.element.scrollTop;
  }

  limit() {
    this.offset = this.#offset;
  }
}
