/* <grid-foot>: the line below a grid: which row one is in, and count, sum and average of what is selected.

   [data-result-count]   the number of rows above the grid, with the words for one and for several in data-one and data-many

   foot.watch(grid)   grid: row-grid.js. Of rows that are not loaded, the server adds up: data-summary-url of the <row-grid>; without it
                      only their number is told.
   Sums are exact: they are of decimals as they are written. Numbers are written as the person writes them (numbers.js). */

import { textOf } from "./columns.js";
import { canonical, grouped } from "./numbers.js";
import { call } from "./session.js";

const PAUSE_MS = 250;
const MOST_HERE = 20_000;

class GridFoot extends HTMLElement {
  watch(grid) {
    this.grid = grid;
    this.className = "grid-foot";
    this.place = this.appendChild(document.createElement("span"));
    this.figures = this.appendChild(document.createElement("span"));
    this.figures.setAttribute("role", "status");
    const later = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#show(), PAUSE_MS);
    };
    grid.selection.addEventListener("change", later);
    grid.queue.addEventListener("change", later);
    grid.rows.addEventListener("total", () => {
      this.#tellTotal();
      later();
    });
    this.#show();
  }

  async #show() {
    const { selection, rows } = this.grid;
    const { row } = selection.focus;
    this.place.textContent = rows.isWindowed ? `Row ${this.#figure(Math.max(1, row + 1))} of ${this.#figure(rows.total)}` : "";
    const figures = selection.isSingle ? "" : await this.#figures(selection.ranges);
    if (this.figures.textContent !== figures) this.figures.textContent = figures;
    this.hidden = !this.place.textContent && !figures;
  }

  #tellTotal() {
    const count = document.querySelector("[data-result-count]");
    if (!count?.dataset.one) return;
    const { total } = this.grid.rows;
    const number = Object.assign(document.createElement("b"), { textContent: this.#figure(total) });
    count.replaceChildren(number, ` ${total === 1 ? count.dataset.one : count.dataset.many}`);
  }

  async #figures(ranges) {
    const [range] = ranges;
    const size = (range.bottom - range.top + 1) * (range.right - range.left + 1);
    const isHere = ranges.length > 1 || (size <= MOST_HERE && this.#rows(range).every((row) => row?.dataset.key));
    if (isHere) return words(ranges.flatMap((one) => this.#texts(one)), this.grid.signs);
    if (!this.grid.dataset.summaryUrl) return `${this.#figure(size)} cells`;
    this.asked = range;
    const query = this.grid.rows.query;
    query.set("first", range.top);
    query.set("count", range.bottom - range.top + 1);
    query.set("columns", this.grid.shown.filter((at) => range.left <= at && at <= range.right).map((at) => this.grid.columns[at].field).join(","));
    const answer = await call(`${this.grid.dataset.summaryUrl}?${query}`).catch(() => null);
    if (this.asked !== range || !answer) return `${this.#figure(size)} cells`;
    return ofSummary(answer, size, this.grid.signs);
  }

  #figure(number) {
    return grouped(String(number), this.grid.signs);
  }

  #rows({ top, bottom }) {
    return Array.from({ length: bottom - top + 1 }, (_, n) => this.grid.rows.row(top + n));
  }

  #texts({ top, bottom, left, right }) {
    const { columns, shown } = this.grid;
    const places = shown.filter((at) => left <= at && at <= right);
    const rows = this.#rows({ top, bottom }).filter((row) => row?.dataset.key);
    return rows.flatMap((row) => places.map((at) => ({ text: textOf(row.cells[at]), isNumber: ["integer", "decimal"].includes(columns[at].kind) })));
  }
}

function words(cells, signs) {
  const figure = (number) => grouped(String(number), signs);
  const filled = cells.filter(({ text }) => text !== "");
  const numbers = filled.map(({ text, isNumber }) => (isNumber ? canonical(text, signs) : null)).filter((text) => text !== null);
  const parts = [`${figure(cells.length)} cells`, `Count ${figure(filled.length)}`];
  if (numbers.length) {
    const scale = Math.max(...numbers.map((text) => text.split(".")[1]?.length ?? 0));
    const sum = numbers.reduce((total, text) => total + scaled(text, scale), 0n);
    const [total, average] = [decimal(sum, scale), averageOf(sum, scale, numbers.length)];
    parts.push(`Sum ${grouped(total, signs)}`, `Average ${grouped(average, signs)}`);
  }
  return parts.join(" · ");
}

/* Of the server: {columns: {FIELD: {count, sum, average}}}. Sums of different columns are told only for one. */
function ofSummary({ columns }, size, signs) {
  const figure = (number) => grouped(String(number), signs);
  const all = Object.values(columns ?? {});
  const count = all.reduce((total, one) => total + Number(one.count ?? 0), 0);
  const summed = all.filter(({ sum }) => sum !== null && sum !== undefined);
  const parts = [`${figure(size)} cells`, `Count ${figure(count)}`];
  if (summed.length === 1) parts.push(`Sum ${summed[0].sum}`, `Average ${summed[0].average}`);
  return parts.join(" · ");
}

function scaled(text, scale) {
  const [whole, behind = ""] = text.replace("-", "").split(".");
  const value = BigInt(whole + behind.padEnd(scale, "0"));
  return text.startsWith("-") ? -value : value;
}

function decimal(value, scale) {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return `${value < 0n ? "-" : ""}${whole}${scale ? `.${digits.slice(-scale)}` : ""}`;
}

/* With two digits more than the numbers have, rounded. */
function averageOf(sum, scale, count) {
  const [value, by] = [sum * 100n, BigInt(count)];
  const half = value < 0n ? -by / 2n : by / 2n;
  return decimal((value + half) / by, scale + 2);
}

customElements.define("grid-foot", GridFoot);
