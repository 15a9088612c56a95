/* A table whose cells can be edited in their place, table[data-cell-grid]: moving between cells, opening them, undoing.

   Keys: arrows move; Enter, F2, a double click or a figure in a column of figures open the cell; Ctrl+Z takes back the last edit made
   on this page. While an edit is unsaved the browser asks before it leaves the page. A cell is described in cell-editor.js. */

import { CellEditor } from "./cell-editor.js";

const FIGURE = /^[0-9.,-]$/;
const ARROWS = { ArrowDown: { down: 1 }, ArrowUp: { down: -1 }, ArrowRight: { right: 1 }, ArrowLeft: { right: -1 } };

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

/* One table: which of its cells are open, and what can be undone. */
class CellGrid {
  constructor(table) {
    Object.assign(this, { table, editors: new Map(), undoable: [] });
    table.addEventListener("mousedown", (event) => (this.wasFocused = this.cellOf(event)?.contains(document.activeElement)));
    table.addEventListener("click", (event) => this.#click(event));
    table.addEventListener("keydown", (event) => this.#key(event));
    table.addEventListener("batchbook:edit", (event) => this.open(this.cellOf(event)));
    addEventListener("beforeunload", (event) => [...this.editors.values()].some((one) => one.changed) && event.preventDefault());
  }

  cellOf(event) {
    return event.target.closest("[data-cell]");
  }

  open(cell, text) {
    if (!this.editors.has(cell)) this.editors.set(cell, new CellEditor(this, cell));
    const editor = this.editors.get(cell);
    editor.begin(text);
    return editor;
  }

  find({ editUrl, field }) {
    return [...this.table.querySelectorAll("[data-cell]")].find((c) => c.dataset.editUrl === editUrl && c.dataset.field === field);
  }

  /* Focuses the cell `down` rows below or `right` cells beside `from`; stays where there is none. */
  move(from, { down = 0, right = 0 }) {
    const all = [...this.table.querySelectorAll(down ? `[data-field="${CSS.escape(from.dataset.field)}"]` : "[data-cell]")];
    const next = all[all.indexOf(from) + down + right] ?? from;
    (this.editors.get(next)?.field ?? next.querySelector("a")).focus();
  }

  remember(cell) {
    const { editUrl, field, text, label } = cell.dataset;
    this.undoable.push({ editUrl, field, text, label });
  }

  announce(text) {
    document.getElementById("announcer").textContent = text;
  }

  /* Puts the server's row and counts in place of the old ones; open fields of the row move over with what was typed. */
  replaceRow(cell, { row_html: row, counts_html: counts, problems_html: problems }) {
    const old = cell.closest("tr");
    const fresh = parsed(row);
    old.replaceWith(fresh);
    for (const [other, editor] of [...this.editors]) {
      if (!old.contains(other)) continue;
      const text = editor.field.value;
      editor.close();
      const moved = this.find(other.dataset);
      if (moved) this.open(moved, text);
    }
    fresh.classList.add("row-saved");
    document.getElementById("breakdown")?.replaceWith(parsed(counts));
    document.getElementById("problem-count")?.replaceWith(parsed(problems));
    return this.find(cell.dataset) ?? fresh.querySelector("[data-cell]") ?? cell;
  }

  async #undo() {
    const last = this.undoable.pop();
    const cell = last && this.find(last);
    if (!cell) {
      this.announce("There is nothing to undo on this page.");
      return;
    }
    await this.open(cell, last.text).save({}, true);
  }

  #click(event) {
    const cell = this.cellOf(event);
    if (!cell || this.editors.has(cell) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    // A second click, a finger, or a screen reader's activation opens; a first click chooses the cell.
    if (this.wasFocused || event.detail === 0 || event.pointerType === "touch") this.open(cell);
    else cell.querySelector("a").focus();
  }

  #key(event) {
    const cell = this.cellOf(event);
    if (!cell || this.editors.get(cell)?.field === event.target) return;
    const withCtrl = event.ctrlKey || event.metaKey;
    const isFigure = FIGURE.test(event.key) && ["integer", "decimal"].includes(cell.dataset.kind);
    if (withCtrl && event.key === "z") this.#undo();
    else if (withCtrl || event.altKey) return;
    else if (event.key in ARROWS) this.move(cell, ARROWS[event.key]);
    else if (event.key === "Enter" || event.key === "F2") this.open(cell);
    else if (isFigure) this.open(cell, event.key);
    else return;
    event.preventDefault();
  }
}

document.querySelectorAll("table[data-cell-grid]").forEach((table) => new CellGrid(table));
