/* Finding in a grid, also in rows that are not loaded.

   new Finding(grid)   reads of the <row-grid>  data-find-url: where the server looks for the next row
   open()              shows the bar, with what was looked for last
   next(step)          the next cell that contains it, from the focus on; step -1: the one before
   problem()           the next cell with a problem, wherever it is; resolves to whether there is one
   edge(row, column, step)   the place of the row at the edge of the filled cells of a column

   In the bar, Enter goes on, Shift+Enter back, Escape returns to the grid. */

import { textOf } from "./columns.js";
import { call } from "./session.js";

export class Finding {
  text = "";

  constructor(grid) {
    this.grid = grid;
  }

  open() {
    if (!this.bar) this.#build();
    this.bar.hidden = false;
    this.input.value = this.text;
    this.input.focus();
    this.input.select();
  }

  async next(step = 1) {
    if (!this.text) return this.open();
    const wanted = this.text.toLowerCase();
    const found = await this.#look(step, (cell) => cell.textContent.toLowerCase().includes(wanted), { text: this.text });
    if (found) this.#show(found, `“${this.text}” found in row ${found.row + 1}.`);
    else this.#say(`“${this.text}” was not found.`);
  }

  async problem() {
    const found = await this.#look(1, (cell) => "severity" in cell.dataset, { problem: 1 });
    if (!found) return false;
    this.#show(found);
    this.grid.tell(this.grid.active?.dataset.issue ?? "This row has a problem.");
    return true;
  }

  async edge(row, column, step) {
    const { rows, columns, dataset } = this.grid;
    const isFilled = (at) => textOf(rows.row(at).cells[column]) !== "";
    const isLoaded = (at) => Boolean(rows.row(at)?.dataset.key);
    const last = step > 0 ? rows.stop - 1 : rows.start;
    let at = row;
    if (!isLoaded(at)) return last;
    const wasFilled = at !== last && isFilled(at) && isLoaded(at + step) && isFilled(at + step);
    while (at !== last && isLoaded(at + step) && wasFilled === isFilled(at + step)) at += step;
    if (at === last || isLoaded(at + step)) return wasFilled || at === last ? at : at + step;
    if (!dataset.findUrl) return at;
    const found = await this.#ask({ edge: columns[column].field, from: row, direction: step > 0 ? "down" : "up" });
    return found?.position ?? last;
  }

  /* The next place, behind the focus in its row, then below, then from the other end. */
  async #look(step, fits, query) {
    const { grid } = this;
    const { row, column } = grid.selection.focus;
    const inRow = (at, from) => {
      const cells = grid.rows.row(at)?.cells;
      const places = step > 0 ? grid.shown.filter((one) => one > from) : grid.shown.filter((one) => one < from).reverse();
      return cells ? places.find((one) => fits(cells[one])) : undefined;
    };
    const beside = row >= 0 ? inRow(row, column) : undefined;
    if (beside !== undefined) return { row, column: beside };
    const outside = step > 0 ? -1 : grid.columns.length;
    if (!grid.dataset.findUrl) return this.#lookHere(step, row, (at) => inRow(at, outside));
    const direction = step > 0 ? "down" : "up";
    const { start, stop } = grid.rows;
    const from = row + step;
    const ahead = from >= start && from < stop ? await this.#ask({ ...query, from, direction }) : null;
    const found = ahead ?? (await this.#ask({ ...query, from: step > 0 ? start : stop - 1, direction }));
    if (!found) return null;
    const field = grid.columns.findIndex((one) => one.field === found.field && !one.head.hidden);
    return { row: found.position, column: field < 0 ? column : field };
  }

  #lookHere(step, row, columnIn) {
    const { start, stop } = this.grid.rows;
    const size = stop - start;
    for (let n = 1; n <= size; n++) {
      const at = start + ((((row - start + n * step) % size) + size) % size);
      const column = columnIn(at);
      if (column !== undefined) return { row: at, column };
    }
    return null;
  }

  async #ask(parts) {
    const { grid } = this;
    const query = grid.rows.query;
    for (const [name, value] of Object.entries(parts)) query.set(name, value);
    if (parts.text) query.set("columns", grid.shown.map((at) => grid.columns[at].field).join(","));
    const answer = await call(`${grid.dataset.findUrl}?${query}`);
    return answer && "position" in answer ? answer : null;
  }

  /* The bar keeps the focus while one looks on. */
  #show(place, words = "") {
    const isInBar = this.bar?.contains(document.activeElement);
    this.grid.goTo(place);
    if (isInBar) this.input.focus();
    if (words) this.#say(words);
  }

  #say(text) {
    if (this.said && !this.bar.hidden) this.said.textContent = text;
    this.grid.announce(text);
  }

  #build() {
    this.bar = document.createElement("form");
    this.bar.className = "find-bar";
    this.bar.setAttribute("role", "search");
    this.bar.dataset.unwatched = "";
    this.input = document.createElement("input");
    this.input.type = "search";
    this.input.setAttribute("aria-label", "Find in the grid");
    this.input.autocomplete = "off";
    this.said = document.createElement("span");
    this.said.className = "find-said";
    this.bar.append(this.input, button("Previous", () => this.#go(-1)), button("Next", () => this.#go(1)), button("Close", () => this.#close()), this.said);
    this.bar.addEventListener("submit", (event) => event.preventDefault());
    this.bar.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
      else if (event.key === "Enter" && event.target === this.input) this.#go(event.shiftKey ? -1 : 1);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.grid.prepend(this.bar);
  }

  #go(step) {
    this.text = this.input.value;
    this.next(step).catch((error) => this.#say(error.message));
  }

  #close() {
    this.bar.hidden = true;
    this.grid.focusActive();
  }
}

function button(label, pressed) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button button-plain button-small";
  element.textContent = label;
  element.addEventListener("click", pressed);
  return element;
}
