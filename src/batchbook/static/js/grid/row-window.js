/* The rows of a grid that are in the page, by their place (0 is the first of all rows) and by their key.

   new RowWindow(grid)     takes the rows that the server rendered. Where the grid has data-windows-url and there are more rows, or will
                           be (data-grows), further ones are fetched as they are scrolled to: only those in sight and some beside them are in the page, between two
                           spacers. A row that holds the focus stays in the page.
   total, start, stop      the number of all rows; the places that can be reached
   first, end              the places that are in the page, beside that of the focus
   row(place), find(key)   the <tr>, or null; find knows rows that were loaded, in the page or not
   place(row), placeOfKey(key)   the place of a <tr>          all   the rows that were loaded
   show(start)             lays out, once columns and rows have their sizes
   reveal(place)           makes sure that a row is in the page and in sight
   reload()                fetches the rows anew that were loaded, as after an undo; resolves when those in sight have come
   query                   the parameters of the view: its state, and the token of its kept keys
   Events: "rows" with new rows as detail, before they are shown; "shown" after the rows in the page changed; "total"; "problem"
   More rows than a browser scrolls are scrolled by long-scroll.js. */

import { updateRow } from "./cell-state.js";
import { LongScroll } from "./long-scroll.js";
import { blankRow, parsedRows, spacer } from "./page-parts.js";
import { RowSource } from "./row-source.js";

const BLOCK = 100;
const MOST_BLOCKS = 3;
const BESIDE = 15;
const KEPT_ROWS = 5_000;
const REST_MS = 150;
const PAUSE_MS = 30;
const RETRY_MS = 3_000;

export class RowWindow extends EventTarget {
  #rows = new Map();
  #keys = new Map();
  #stale = new Set();
  #blanks = new Map();
  #spacers = [spacer(), spacer()];
  #scrolling;
  #source;
  #request = null;
  #timers = {};

  constructor(grid) {
    super();
    this.grid = grid;
    this.body = grid.table.tBodies[0];
    this.scroll = grid.table.parentElement;
    this.#scrolling = new LongScroll(this.scroll, () => ({ height: this.total * this.height, inSight: this.#inSight }));
    const rows = [...this.body.rows];
    this.first = rows.length ? this.place(rows[0]) : 0;
    this.end = this.first + rows.length;
    this.#source = new RowSource(grid);
    this.total = Number(grid.dataset.total ?? rows.length);
    for (const row of rows) this.#keep(row);
    const isPart = this.total > rows.length || "grows" in grid.dataset;
    this.isWindowed = "windowsUrl" in grid.dataset && isPart && rows.length > 0 && getComputedStyle(rows[0]).display === "table-row";
  }

  get start() {
    return this.isWindowed ? 0 : this.first;
  }

  get stop() {
    return this.isWindowed ? this.total : this.end;
  }

  get query() {
    return this.#source.query;
  }

  row(place) {
    return this.#rows.get(place) ?? this.#blanks.get(place) ?? null;
  }

  find(key) {
    return this.#rows.get(this.#keys.get(String(key))) ?? null;
  }

  /* The place of a key of a row that was loaded; -1 for others. */
  placeOfKey(key) {
    return this.#keys.get(String(key)) ?? -1;
  }

  /* All rows that were loaded, in the page or not. */
  get all() {
    return [...this.#rows.values(), ...this.#blanks.values()];
  }

  place(row) {
    return Number(row.getAttribute("aria-rowindex")) - 2;
  }

  get rowHeight() {
    return this.height || this.body.rows[0]?.getBoundingClientRect().height || 32;
  }

  get #inSight() {
    return Math.max(this.rowHeight, this.scroll.clientHeight - this.grid.table.tHead.offsetHeight);
  }

  show() {
    if (!this.isWindowed) return;
    this.height = this.body.rows[0].getBoundingClientRect().height;
    for (const one of this.#spacers) one.firstChild.colSpan = this.grid.columns.length;
    const at = this.first;
    this.first = this.end = 0;
    this.#layOut();
    if (at) this.#goTo(at * this.height);
    this.scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#layOut()).observe(this.scroll);
  }

  reveal(place) {
    if (this.isWindowed) {
      const [top, bottom] = [place * this.height, (place + 1) * this.height];
      if (top < this.#scrolling.offset) this.#goTo(top);
      else if (bottom > this.#scrolling.offset + this.#inSight) this.#goTo(bottom - this.#inSight);
      else this.#layOut();
    } else this.row(place)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  reload() {
    if (!("windowsUrl" in this.grid.dataset)) return Promise.resolve();
    this.#source.forgetKeys();
    if (!this.isWindowed) return this.#reloadPage();
    for (const [place, row] of this.#rows) if (row.isConnected) this.#stale.add(place);
    else this.#drop(place);
    this.#request?.abort();
    this.#request = null;
    return this.#load();
  }

  /* All rows are in the page. Where there are more now, they are on further pages. */
  async #reloadPage() {
    const answer = await this.#source.ask({ first: this.first, count: Math.max(this.end - this.first, 1) });
    if (answer.total !== this.total) {
      location.reload();
      return;
    }
    const rows = parsedRows(answer.html);
    this.dispatchEvent(new CustomEvent("rows", { detail: rows }));
    for (const row of rows) {
      const old = this.#rows.get(this.place(row));
      this.#arrived(row);
      if (old && this.#rows.get(this.place(row)) !== old) old.replaceWith(row);
    }
    this.dispatchEvent(new Event("shown"));
    if (document.activeElement === document.body) this.grid.focusActive();
  }

  /* --- Scrolling --- */

  #goTo(offset) {
    this.#scrolling.offset = offset;
    this.#layOut(); // The way must be there before it is gone.
    this.#scrolling.placeBar();
    this.#layOut(true);
  }

  #scrolled() {
    this.#layOut(this.#scrolling.followBar());
    clearTimeout(this.#timers.rest);
    if (this.#scrolling.isShortened) this.#timers.rest = setTimeout(() => this.#rest(), REST_MS);
  }

  #rest() {
    if (this.#scrolling.isBarPlaced) return;
    this.#scrolling.placeBar();
    this.#layOut(true);
  }

  /* --- What is in the page --- */

  #layOut(isForced = false) {
    const { offset } = this.#scrolling;
    const top = Math.floor(offset / this.height);
    const bottom = Math.ceil((offset + this.#inSight) / this.height);
    this.top = top;
    const isCovered = (this.first === 0 || this.first <= top - 3) && (this.end >= this.total || this.end >= bottom + 3) && this.end > 0;
    if (isForced || !isCovered) {
      this.first = Math.max(0, top - BESIDE);
      this.end = Math.min(this.total, bottom + BESIDE);
      this.#fill();
    }
    if (!this.#timers.load) this.#timers.load = setTimeout(() => this.#load(), PAUSE_MS);
  }

  #fill() {
    const focus = this.grid.selection.focus.row;
    const isHeld = focus >= 0 && (focus < this.first || focus >= this.end) && this.row(focus)?.contains(document.activeElement);
    const rows = [];
    const used = new Map();
    const take = (place) => {
      const row = this.#rows.get(place) ?? this.#blanks.get(place) ?? this.#blank(place);
      if (!this.#rows.has(place)) used.set(place, row);
      rows.push(row);
    };
    if (isHeld && focus < this.first) take(focus);
    rows.push(this.#spacers[0]);
    for (let place = this.first; place < this.end; place++) take(place);
    rows.push(this.#spacers[1]);
    if (isHeld && focus >= this.end) take(focus);
    this.#blanks = used;
    this.#setSpace(isHeld ? focus : -1);
    this.#put(rows);
    this.dispatchEvent(new Event("shown"));
  }

  /* Rows that stay are not moved: that would take the focus from them. */
  #put(rows) {
    for (const one of this.#spacers) one.remove();
    const wanted = new Set(rows);
    for (const row of [...this.body.rows]) if (!wanted.has(row)) row.remove();
    let next = this.body.firstElementChild;
    for (const row of rows) {
      if (row === next) next = next.nextElementSibling;
      else this.body.insertBefore(row, next);
    }
  }

  #setSpace(held) {
    const { bar, offset, barHeight } = this.#scrolling;
    const above = Math.max(0, bar + this.first * this.height - offset);
    const below = Math.max(0, barHeight - above - (this.end - this.first) * this.height);
    const holds = [held >= 0 && held < this.first, held >= this.end];
    [above, below].forEach((space, at) => {
      this.#spacers[at].firstChild.style.height = `${Math.max(0, space - (holds[at] ? this.height : 0))}px`;
      this.#spacers[at].hidden = space === 0;
    });
  }

  #blank(place) {
    const row = blankRow(place, this.grid.columns);
    this.dispatchEvent(new CustomEvent("rows", { detail: [row] }));
    return row;
  }

  #keep(row) {
    const place = this.place(row);
    this.#rows.set(place, row);
    if (row.dataset.key) this.#keys.set(row.dataset.key, place);
  }

  #drop(place) {
    this.#keys.delete(this.#rows.get(place)?.dataset.key);
    this.#rows.delete(place);
  }

  /* --- What is fetched --- */

  async #load() {
    clearTimeout(this.#timers.load);
    this.#timers.load = 0;
    const wanted = this.#missing();
    if (!wanted) return;
    if (this.#request) {
      if (this.#request.first <= wanted.first && wanted.first < this.#request.first + this.#request.count) return;
      this.#request.abort();
    }
    const request = Object.assign(new AbortController(), wanted);
    this.#request = request;
    try {
      const answer = await this.#source.ask(request);
      if (this.#request === request) this.#take(answer);
    } catch (error) {
      if (request.signal.aborted) return;
      this.#request = null;
      this.dispatchEvent(new CustomEvent("problem", { detail: error.message }));
      this.#timers.load = setTimeout(() => this.#load(), RETRY_MS);
      return;
    }
    this.#request = null;
    await this.#load();
  }

  /* The blocks nearest to the rows in sight that were not fetched. */
  #missing() {
    const lacks = (place) => !this.#rows.has(place) || this.#stale.has(place);
    const lacksSome = (block) => {
      for (let place = block * BLOCK; place < Math.min(this.total, (block + 1) * BLOCK); place++) if (lacks(place)) return true;
      return false;
    };
    let place = Math.max(this.first, this.top);
    const isInSight = (one) => one < this.end && lacks(one);
    while (place < this.end && !isInSight(place)) place++;
    if (place >= this.end) for (place = this.first; place < this.top && !lacks(place); place++);
    if (!lacks(place) || place >= this.total) return null;
    const from = Math.floor(place / BLOCK);
    let to = from + 1;
    while (to - from < MOST_BLOCKS && to * BLOCK < this.end + BLOCK && to * BLOCK < this.total && lacksSome(to)) to++;
    return { first: from * BLOCK, count: (to - from) * BLOCK };
  }

  #take({ first, count, total, html }) {
    const rows = parsedRows(html);
    this.dispatchEvent(new CustomEvent("rows", { detail: rows }));
    for (const row of rows) this.#arrived(row);
    for (let place = first; place < first + count; place++) this.#stale.delete(place);
    if (total !== this.total) this.#resize(total);
    this.#forget();
    const hadFocus = [...this.#blanks.values()].some((row) => row.contains(document.activeElement));
    this.#fill();
    if (hadFocus) this.grid.focusActive();
  }

  #arrived(row) {
    const old = this.#rows.get(this.place(row));
    if (old?.isConnected && old.dataset.key === row.dataset.key) updateRow(old, row);
    else {
      this.#drop(this.place(row));
      this.#keep(row);
    }
  }

  #resize(total) {
    this.total = total;
    for (const place of [...this.#rows.keys()]) if (place >= total) this.#drop(place);
    this.#scrolling.limit();
    this.end = Math.min(total, this.end);
    this.first = Math.min(this.first, this.end);
    this.dispatchEvent(new Event("total"));
  }

  #forget() {
    if (this.#rows.size <= KEPT_ROWS) return;
    const far = [...this.#rows.keys()].sort((one, other) => Math.abs(other - this.top) - Math.abs(one - this.top));
    for (const place of far.slice(0, this.#rows.size - KEPT_ROWS + BLOCK * 5)) if (!this.#rows.get(place).isConnected) this.#drop(place);
  }
}
