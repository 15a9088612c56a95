/* Blocks of cells: the selection is copied, cut, emptied, filled or pasted over, as one operation of the server.

   new Blocks(grid)   hears "copy", "cut" and "paste" on the grid. Reads of the <row-grid>
     data-cells-url   where a block of texts is posted (batches/pages/rows/cells_endpoint.py); without it, only copying is possible
     data-texts-url   where the texts of rows that are not loaded are asked for
   clear(), fillDown(), fillRight(), fillAll(text), paste(texts), extend(range)

   Edits that wait in the queue are sent before. Cells that the page shows are sent with the texts that it shows, so that nobody else's
   change is overwritten: such a cell is in conflict, like one that was typed in. A text that is refused stays in its cell, marked. */

import { parseClipboard, toClipboard } from "./clipboard.js";
import { copyOf, textOf } from "./columns.js";
import { series } from "./fill-series.js";
import { callExplained } from "./reason-dialog.js";
import { call } from "./session.js";

const MOST_SEEN = 5_000;
const MOST_COPIED = 50_000;

export class Blocks {
  constructor(grid) {
    this.grid = grid;
    this.ready = null;
    for (const name of ["copy", "cut", "paste"]) document.addEventListener(name, (event) => this.#clipboard(name, event));
  }

  get isPossible() {
    return "cellsUrl" in this.grid.dataset;
  }

  /* --- What is selected --- */

  #columns({ left, right }) {
    return this.grid.shown.filter((at) => left <= at && at <= right);
  }

  #editable(range) {
    return this.#columns(range).filter((at) => this.grid.columns[at].editable);
  }

  #rows({ top, bottom }) {
    return Array.from({ length: bottom - top + 1 }, (_, n) => this.grid.rows.row(top + n));
  }

  #isLoaded(range) {
    return range.bottom - range.top < MOST_SEEN && this.#rows(range).every((row) => row?.dataset.key);
  }

  /* The texts of a range, row by row; of rows that are not loaded from the server. */
  async #texts(range, columns, textIn) {
    if (this.#isLoaded(range)) return this.#rows(range).map((row) => columns.map((at) => textIn(this.grid.columns[at], row.cells[at])));
    const { textsUrl } = this.grid.dataset;
    const count = range.bottom - range.top + 1;
    if (!textsUrl || count * columns.length > MOST_COPIED) throw new Error("This is more than can be copied at once. Select less, or export the rows.");
    const texts = [];
    while (texts.length < count) {
      const query = this.grid.rows.query;
      query.set("first", range.top + texts.length);
      query.set("count", Math.min(500, count - texts.length));
      query.set("columns", columns.map((at) => this.grid.columns[at].field).join(","));
      const answer = await call(`${textsUrl}?${query}`);
      if (!answer.texts?.length) break;
      texts.push(...answer.texts);
    }
    return texts;
  }

  /* --- The clipboard --- */

  #clipboard(name, event) {
    const { grid } = this;
    if (grid.editor || !grid.table.contains(document.activeElement) || !event.clipboardData) return;
    event.preventDefault();
    if (name === "paste") {
      const { clipboardData } = event;
      this.paste(parseClipboard({ text: clipboardData.getData("text/plain"), html: clipboardData.getData("text/html") }, grid.signs));
    } else this.#copy(event.clipboardData, name === "cut");
  }

  #copy(clipboard, isCut) {
    const { grid } = this;
    if (grid.selection.ranges.length > 1) return grid.tell("Only one range can be copied at a time. Nothing was copied.");
    const { range } = grid.selection;
    const columns = this.#columns(range);
    const texts = this.ready ?? (this.#isLoaded(range) ? this.#rows(range).map((row) => columns.map((at) => copyOf(grid.columns[at], row.cells[at]))) : null);
    if (!texts) return this.#fetchAndCopy(range, columns);
    const { text, html } = toClipboard(texts, columns.map((at) => grid.columns[at].kind), grid.signs);
    clipboard.setData("text/plain", text);
    clipboard.setData("text/html", html);
    grid.tell(`${cells(texts.length * columns.length)} ${isCut ? "cut" : "copied"}.`);
    if (isCut) this.#send(range, this.#editable(range), [[""]], "cut");
  }

  async #fetchAndCopy(range, columns) {
    this.grid.tell("Loading the selected rows…");
    await this.#trying(async () => {
      this.ready = await this.#texts(range, columns, copyOf);
      const isCopied = document.execCommand("copy"); // Copying must happen within an event that the browser begins.
      if (!isCopied) this.grid.tell("The rows are loaded. Copy once more.");
      this.ready = null;
    });
  }

  async paste(texts) {
    const { grid } = this;
    const { range } = grid.selection;
    if (!texts.length || !texts[0].length) return;
    if (!this.isPossible) return grid.tell("Cells can't be changed here. Nothing was pasted.");
    const [height, width] = [texts.length, texts[0].length];
    const places = grid.shown.filter((at) => at >= range.left);
    const [rows, columns] = [range.bottom - range.top + 1, this.#columns(range).length];
    const isRepeated = rows % height === 0 && columns % width === 0;
    const target = places.slice(0, isRepeated ? columns : width);
    const bottom = range.top + (isRepeated ? rows : height) - 1;
    const beyond = Math.max(0, bottom - grid.rows.stop + 1);
    const cut = texts.map((row) => row.slice(0, target.length));
    if (height === 1 && width === 1 && grid.selection.isSingle && grid.active && "cell" in grid.active.dataset) return grid.put(grid.active, texts[0][0]);
    const isAdding = beyond > 0 && grid.rows.stop === grid.rows.total && confirm(`The block reaches ${beyond} ${beyond === 1 ? "row" : "rows"} beyond the last one. Add ${beyond === 1 ? "it" : "them"}?`);
    const block = { top: range.top, left: target[0], bottom: Math.min(bottom, grid.rows.stop - 1), right: target.at(-1) };
    if (target.length < width) grid.tell(`${cells((width - target.length) * height)} beyond the last column were left out.`);
    grid.selection.select(block);
    const kept = isRepeated || isAdding ? cut : cut.slice(0, block.bottom - block.top + 1);
    await this.#send(block, target, kept, "paste", isAdding ? beyond : 0);
  }

  /* --- Filling --- */

  async clear() {
    for (const range of this.grid.selection.ranges) await this.#send(range, this.#editable(range), [[""]], "clear");
  }

  fillAll(text) {
    return this.#each((range) => this.#send(range, this.#editable(range), [[text]], "fill"));
  }

  /* The first row of the selection in all of it; of one row alone, the row above. */
  fillDown() {
    return this.#each(async (range) => {
      const from = range.top === range.bottom ? range.top - 1 : range.top;
      const columns = this.#editable(range);
      if (from < this.grid.rows.start || !columns.length) return;
      const texts = await this.#texts({ ...range, top: from, bottom: from }, columns, (_, cell) => textOf(cell));
      await this.#send({ ...range, top: from + 1 }, columns, texts, "fill");
    });
  }

  fillRight() {
    return this.#each(async (range) => {
      const shown = this.grid.shown;
      const from = range.left === range.right ? shown[shown.indexOf(range.left) - 1] : range.left;
      const columns = this.#editable(range).filter((at) => at !== from);
      if (from === undefined || !columns.length) return;
      const texts = await this.#texts(range, [from], (_, cell) => textOf(cell));
      await this.#send(range, columns, texts, "fill");
    });
  }

  /* The fill handle was drawn from `range` to `target`, which contains it: copies, or goes on with a series. */
  async extend(range, target, isSeries) {
    await this.#trying(async () => {
      const down = target.bottom - range.bottom || target.top - range.top;
      if (!down) return this.#extendRight(range, target);
      const columns = this.#editable(range);
      const texts = await this.#texts(range, columns, (_, cell) => textOf(cell));
      const count = Math.abs(down);
      const lines = columns.map((at, place) => {
        const values = texts.map((row) => row[place]);
        const next = isSeries ? series(values, down, this.grid.columns[at].kind, this.grid.signs) : repeated(values, down);
        return down < 0 ? [...next].reverse() : next;
      });
      const filled = Array.from({ length: count }, (_, n) => lines.map((line) => line[n]));
      const to = down > 0 ? { ...range, top: range.bottom + 1, bottom: target.bottom } : { ...range, top: target.top, bottom: range.top - 1 };
      if (columns.length) await this.#send(to, columns, filled, "fill");
      this.grid.selection.select(target);
    });
  }

  async #extendRight(range, target) {
    const isRight = target.right > range.right;
    const to = isRight ? { ...range, left: range.right + 1, right: target.right } : { ...range, left: target.left, right: range.left - 1 };
    const texts = await this.#texts(range, [isRight ? range.right : range.left], (_, cell) => textOf(cell));
    if (this.#editable(to).length) await this.#send(to, this.#editable(to), texts, "fill");
    this.grid.selection.select(target);
  }

  #each(fill) {
    return this.#trying(async () => {
      for (const range of this.grid.selection.ranges) await fill(range);
    });
  }

  async #trying(act) {
    try {
      await act();
    } catch (error) {
      this.grid.tell(error.message);
    }
  }

  /* --- Sending --- */

  async #send(range, columns, texts, kind, add = 0) {
    const { grid } = this;
    if (!this.isPossible) return grid.tell("Cells can't be changed here. Nothing was changed.");
    if (!columns.length) return grid.tell("None of the selected columns can be edited. Nothing was changed.");
    grid.tell(grid.queue.pending.length ? "Waiting until everything is saved…" : "Saving…");
    await grid.queue.settled();
    if (grid.queue.stopped) return grid.tell("Earlier edits are not saved yet, so nothing was changed.");
    await this.#trying(async () => {
      const fields = columns.map((at) => grid.columns[at].field);
      const answer = await callExplained(grid, grid.dataset.cellsUrl, { rows: this.#address(range), columns: fields, texts, kind, add, seen: this.#seen(range, columns) });
      this.#hold(range, columns, texts, answer);
      await grid.refresh();
      grid.tell(answer.message);
    });
  }

  #address(range) {
    const { rows } = this.grid;
    if (this.#isLoaded(range)) return { keys: this.#rows(range).map(({ dataset }) => Number(dataset.key)) };
    const query = rows.query;
    const token = query.get("keys") ?? "";
    query.delete("keys");
    return { query: String(query), token, first: range.top, count: range.bottom - range.top + 1 };
  }

  #seen(range, columns) {
    if ((range.bottom - range.top + 1) * columns.length > MOST_SEEN) return {};
    const seen = {};
    for (const row of this.#rows(range)) {
      if (!row?.dataset.key) continue;
      const texts = columns.filter((at) => "cell" in row.cells[at].dataset).map((at) => [this.grid.columns[at].field, textOf(row.cells[at])]);
      seen[row.dataset.key] = Object.fromEntries(texts);
    }
    return seen;
  }

  /* What was refused, and what somebody else changed meanwhile, stays in the cells. */
  #hold(range, columns, texts, { refusals = [], conflicts = [] }) {
    const { grid } = this;
    const textAt = (key, field) => {
      const row = grid.rows.find(key);
      const line = texts[(grid.rows.place(row) - range.top) % texts.length];
      return line[columns.findIndex((at) => grid.columns[at].field === field) % line.length];
    };
    for (const { key, field, error } of refusals) {
      const cell = grid.cellOf({ key, field });
      if (cell && "cell" in cell.dataset) grid.queue.hold({ ...grid.addressOf(cell), text: textAt(key, field), before: textOf(cell) }, "refused", { error });
    }
    for (const { key, field, mine, theirs, before } of conflicts) {
      const cell = grid.cellOf({ key, field });
      const error = "This cell was changed by somebody else meanwhile. Both values are shown: choose one.";
      if (cell) grid.queue.hold({ ...grid.addressOf(cell), text: mine, before: before ?? "" }, "conflict", { error, mine, theirs });
    }
  }
}

function repeated(values, count) {
  const ordered = count < 0 ? [...values].reverse() : values;
  return Array.from({ length: Math.abs(count) }, (_, n) => ordered[n % ordered.length]);
}

function cells(count) {
  return `${count.toLocaleString("en")} ${count === 1 ? "cell" : "cells"}`;
}
