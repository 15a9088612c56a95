/* <row-grid>: a spreadsheet on a table that the server rendered, row-grid > .grid-scroll > table.grid.

   row-grid   data-cell-url   where an edit of one cell is posted, with {key} for its row; without it nothing can be edited
              data-total      the number of all rows, of which the page has some
              data-windows-url, data-query   where further rows are fetched (row-window.js), and the parameters of the view
   The rows and cells are described in templates/macros/rows.jinja2, the headings in columns.js. Without JavaScript the table has links
   to the rows' forms; with it one cell takes part in the order of Tab, and arrows move from there (WAI-ARIA's pattern of a grid).

   Parts: keyboard.js and commands.js (keys), pointer.js, selection.js, row-window.js (which rows are in the page), cell-editor.js (the
   open cell), column-layout.js, cell-state.js (what cells show), save-queue.js (edits on their way), save-status.js (what the bar says).

   Edits are saved in the background by one queue, while people go on. Nothing that comes back moves the focus or opens anything. While
   anything is not saved, links and forms wait for it (leave-when-saved.js), and the browser asks before it leaves the page.

   Events it hears: "batchbook:edit" on a cell or row, which opens it; "batchbook:focus" on a row, which chooses its first cell. */

import { CellEditor } from "./cell-editor.js";
import { flashRow, markInvalid, showEdit, updateRow } from "./cell-state.js";
import { ColumnLayout } from "./column-layout.js";
import { readColumns, textOf } from "./columns.js";
import { COMMANDS } from "./commands.js";
import { characterOf, commandOf } from "./keyboard.js";
import { leaveWhenSaved } from "./leave-when-saved.js";
import { parsed, replaceById } from "./page-parts.js";
import { usePointer } from "./pointer.js";
import { RowWindow } from "./row-window.js";
import { SaveQueue } from "./save-queue.js";
import "./save-status.js";
import { Selection } from "./selection.js";

const FIGURE = /^[0-9]$/;

class RowGrid extends HTMLElement {
  connectedCallback() {
    this.table = this.querySelector("table.grid");
    if (!this.table || this.rows) return;
    Object.assign(this, { columns: readColumns(this.table), editor: null, isAtEnd: false, painted: new Set(), marked: new Set(), undoable: [] });
    this.selection = new Selection();
    this.rows = new RowWindow(this);
    this.queue = new SaveQueue();
    this.status = document.createElement("save-status");
    this.after(this.status);
    this.status.watch(this.queue);
    this.#upgrade();
    this.#listen();
    usePointer(this);
  }

  /* --- Cells and their places --- */

  get isEditable() {
    return "cellUrl" in this.dataset;
  }

  /* The places of the columns that are shown. */
  get shown() {
    return this.columns.flatMap(({ head }, at) => (head.hidden ? [] : [at]));
  }

  get rowsInSight() {
    return Math.max(1, Math.floor(Math.min(this.table.parentElement.clientHeight, innerHeight) / this.rows.rowHeight) - 2);
  }

  cell({ row, column }) {
    return row < 0 ? this.columns[column].head : (this.rows.row(row)?.cells[column] ?? null);
  }

  get active() {
    return this.cell(this.selection.focus);
  }

  placeOf(cell) {
    const row = cell.closest("tr");
    return { row: cell.closest("thead") ? -1 : this.rows.place(row), column: cell.cellIndex };
  }

  columnOf(cell) {
    return this.columns[cell.cellIndex];
  }

  addressOf(cell) {
    const { key, version } = cell.closest("tr").dataset;
    return { key, version, field: cell.dataset.field, url: this.dataset.cellUrl?.replace("{key}", encodeURIComponent(key)) };
  }

  cellOf({ key, field }) {
    return this.rows.find(key)?.querySelector(`[data-field="${CSS.escape(field)}"]`) ?? null;
  }

  /* --- Moving --- */

  goTo(place, { extend = false, add = false } = {}) {
    this.isAtEnd = false;
    if (extend) this.selection.extendTo(place);
    else if (add) this.selection.add(place);
    else this.selection.moveTo(place);
    this.rows.reveal(this.selection.focus.row);
    this.focusActive();
  }

  moveBy(down, right, extend = false) {
    const { row, column } = this.selection.focus;
    const { shown } = this;
    const next = { row: row + down, column: shown[Math.max(0, Math.min(shown.length - 1, shown.indexOf(column) + right))] };
    if (extend || down >= 0) next.row = Math.max(next.row, this.rows.start);
    this.goTo(next, { extend });
    const { focus } = this.selection;
    if (focus.row === row && focus.column === column) this.#stay(down + right > 0);
  }

  /* From an edited cell to the next one. */
  step({ down = 0, right = 0, tab = 0 }) {
    if (tab) this.tabTo(tab, true) || this.#stay(tab > 0);
    else if (this.selection.focus.row + down < this.rows.start) this.#stay(false);
    else this.moveBy(down, right);
  }

  /* The next cell of the row that can be edited; past its end, of the next row if `wraps`. */
  tabTo(step, wraps = false) {
    const { row, column } = this.selection.focus;
    if (row < 0) return false;
    const places = this.shown.filter((at) => this.columns[at].editable);
    const inRow = step > 0 ? places.find((at) => at > column) : places.findLast((at) => at < column);
    if (inRow !== undefined) this.goTo({ row, column: inRow });
    else if (wraps && places.length && row + step >= this.rows.start && row + step < this.rows.stop) this.goTo({ row: row + step, column: places.at(step > 0 ? 0 : -1) });
    else if (wraps) this.focusActive();
    else return false;
    return inRow !== undefined || this.selection.focus.row !== row;
  }

  focusActive() {
    const { active } = this;
    if (!active) return;
    if (this.tabStop !== active) this.tabStop?.setAttribute("tabindex", "-1");
    this.tabStop = active;
    active.tabIndex = 0;
    active.focus({ preventScroll: true });
    active.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #stay(isLast) {
    this.isAtEnd = true;
    this.focusActive();
    this.tell(`This is the ${isLast ? "last" : "first"} cell of the grid. F2 edits it again.`);
  }

  /* --- Editing --- */

  /* The text that a cell holds as soon as everything is saved, or one that was not saved. */
  textOf(cell) {
    return this.queue.last(this.addressOf(cell))?.text ?? textOf(cell);
  }

  unsavedOf(cell) {
    const { url, field } = this.addressOf(cell);
    return this.queue.unsaved.find((edit) => edit.url === url && edit.field === field);
  }

  open(cell, text) {
    if (!this.isEditable || !("cell" in cell.dataset)) return;
    if (this.editor?.cell !== cell) {
      this.editor?.take(null, false);
      this.selection.moveTo(this.placeOf(cell));
      this.#takeTabStop(cell);
      this.editor = new CellEditor(this, cell, this.columnOf(cell));
      this.editedField = cell.dataset.field;
    }
    this.editor.begin(text);
  }

  openActive(text) {
    const { active } = this;
    if (active && "cell" in active.dataset) this.open(active, text);
    else if (active && this.isEditable) this.tell(`${this.columns[this.selection.focus.column].label} can't be edited here.`);
  }

  enter() {
    const { active } = this;
    if (active && "cell" in active.dataset) this.open(active);
    else active?.querySelector("a[href], button")?.click();
  }

  /* Takes a text for a cell. `base` is the stored text on which it is based; `isChosen` says that it replaces that one knowingly. */
  put(cell, text, { base, isChosen = false, isUndo = false } = {}) {
    const address = this.addressOf(cell);
    const waiting = this.queue.pending.findLast((edit) => edit.url === address.url && edit.field === address.field);
    // In place of one that was not saved, it is based on what that one was: a conflict stays one until somebody chooses.
    const before = isChosen ? base : (waiting?.text ?? this.unsavedOf(cell)?.before ?? base ?? textOf(cell));
    const edit = { ...address, text, before };
    if (!isUndo) this.undoable.push(edit);
    this.tell("");
    this.queue.add(edit);
  }

  giveUp(edit) {
    this.queue.drop(edit);
    const cell = this.cellOf(edit);
    this.tell(`“${edit.text}” was discarded. The cell shows the saved value${cell ? `: ${textOf(cell) || "nothing"}` : ""}.`);
  }

  clear() {
    const cells = [...this.painted].filter((cell) => "cell" in cell.dataset && this.textOf(cell));
    for (const cell of cells) this.put(cell, "");
  }

  cancel() {
    const unsaved = this.active && "cell" in this.active.dataset && this.unsavedOf(this.active);
    if (unsaved) this.giveUp(unsaved);
    else if (!this.selection.isSingle) this.selection.moveTo(this.selection.focus);
    else return false;
    return true;
  }

  undo() {
    const last = this.undoable.pop();
    if (!last) this.tell("There is nothing to undo on this page.");
    else if (last.state === "dropped") this.undo();
    else {
      const cell = this.cellOf(last);
      if (!cell) return;
      this.goTo(this.placeOf(cell));
      // What was sent may be stored, even without an answer.
      if (last.state !== "saved" && last.state !== "saving" && !last.lost) this.queue.drop(last);
      else this.put(cell, last.before, { isUndo: true });
    }
  }

  openUnsaved() {
    const cells = [...this.table.querySelectorAll("[data-save=refused], [data-save=conflict]")];
    if (!cells.length) return false;
    const from = document.activeElement.closest("[data-cell]") ?? this.visited;
    const isBehind = (cell) => from && from.compareDocumentPosition(cell) & Node.DOCUMENT_POSITION_FOLLOWING;
    this.visited = cells.find(isBehind) ?? cells[0];
    this.open(this.visited);
    return true;
  }

  tell(text) {
    this.status.tell(text);
  }

  /* --- What comes back --- */

  #answered(edit) {
    const { body } = edit;
    if (!body.row_html) return;
    const row = this.rows.find(edit.key);
    const fresh = this.#fresh(body.row_html);
    this.#rebase(edit, fresh);
    if (row) {
      updateRow(row, fresh);
      if (!this.queue.pending.length) flashRow(row); // One by one they would cost more than the keys that are typed meanwhile.
    }
    for (const peer of body.peers ?? []) this.#update(this.#fresh(peer.row_html));
    replaceById("breakdown", body.counts_html);
    replaceById("problem-count", body.problems_html);
  }

  /* What the server made of a text, such as 2.50 of 2.5, is what the next edit of the cell is based on. */
  #rebase(edit, fresh) {
    if (edit.state !== "saved") return;
    const stored = textOf(fresh.querySelector(`[data-field="${CSS.escape(edit.field)}"]`));
    for (const next of this.queue.pending) if (next !== edit && next.url === edit.url && next.field === edit.field && next.before === edit.text) next.before = stored;
    const { address } = this.editor ?? {};
    if (address?.url === edit.url && address.field === edit.field) this.editor.rebase(edit.text, stored);
  }

  #update(fresh) {
    const row = this.rows.find(fresh.dataset.key);
    if (row) updateRow(row, fresh);
  }

  #fresh(html) {
    const row = parsed(html);
    this.#withoutLinks(row);
    return row;
  }

  #showEdits() {
    const edits = new Map([...this.queue.unsaved, ...this.queue.pending].map((edit) => [this.cellOf(edit), edit]));
    edits.delete(null);
    for (const cell of this.marked) if (!edits.has(cell) && cell.dataset.save) showEdit(cell);
    for (const [cell, edit] of edits) showEdit(cell, this.columnOf(cell), edit);
    this.marked = new Set(edits.keys());
  }

  #paint() {
    const now = new Set();
    for (const { top, left, bottom, right } of this.selection.ranges)
      for (let row = Math.max(top, this.rows.first); row <= Math.min(bottom, this.rows.end - 1); row++)
        for (let column = left; column <= right; column++) now.add(this.cell({ row, column }));
    now.delete(null);
    for (const cell of this.painted) if (!now.has(cell)) cell.removeAttribute("aria-selected");
    for (const cell of now) if (!this.painted.has(cell)) cell.setAttribute("aria-selected", "true");
    this.painted = now;
  }

  /* --- Becoming a grid --- */

  #upgrade() {
    const { table, columns } = this;
    const scroll = table.parentElement;
    for (const name of ["tabindex", "role", "aria-labelledby"]) scroll.removeAttribute(name);
    table.setAttribute("role", "grid");
    table.setAttribute("aria-multiselectable", "true");
    table.setAttribute("aria-colcount", columns.length);
    if (!this.isEditable) table.setAttribute("aria-readonly", "true");
    const heads = table.tHead.rows[0];
    heads.setAttribute("role", "row");
    heads.setAttribute("aria-rowindex", 1);
    columns.forEach(({ head }, at) => {
      this.#makeCell(head, at, "columnheader");
      for (const link of head.querySelectorAll("a, button")) link.tabIndex = -1;
    });
    this.upgradeRows([...table.tBodies[0].rows]);
    this.#reach();
    this.selection.moveTo({ row: this.rows.first, column: 0 });
    this.#takeTabStop(this.active);
    this.toggleAttribute("data-ready", true);
    this.toggleAttribute("data-windowed", this.rows.isWindowed);
    this.layout = new ColumnLayout(this);
    this.rows.addEventListener("rows", ({ detail }) => this.upgradeRows(detail));
    this.rows.addEventListener("shown", () => this.#shown());
    this.rows.addEventListener("total", () => this.#reach());
    this.rows.addEventListener("problem", ({ detail }) => this.tell(detail));
    this.rows.show();
  }

  #reach() {
    const { rows, table, columns } = this;
    table.setAttribute("aria-rowcount", rows.total + 1);
    this.selection.reach(rows.start, rows.stop, columns.length);
  }

  /* Rows came into the page: they show what is selected, and what waits to be saved in them. */
  #shown() {
    this.#paint();
    this.#showEdits();
    if (!this.tabStop?.isConnected && this.active) this.#takeTabStop(this.active);
  }

  upgradeRows(rows) {
    for (const row of rows) {
      row.setAttribute("role", "row");
      this.#withoutLinks(row);
      [...row.cells].forEach((cell, at) => {
        this.#makeCell(cell, at, cell.tagName === "TH" ? "rowheader" : "gridcell");
        if (this.isEditable && !("cell" in cell.dataset)) cell.setAttribute("aria-readonly", "true");
        markInvalid(cell);
      });
    }
  }

  #makeCell(cell, at, role) {
    cell.setAttribute("role", role);
    cell.setAttribute("aria-colindex", at + 1);
    cell.setAttribute("tabindex", "-1");
  }

  /* The way without JavaScript is none here: Enter opens the cell. Other links are reached by Enter. */
  #withoutLinks(row) {
    for (const link of row.querySelectorAll("a")) {
      if (link.className === "cell-link" && this.isEditable) link.removeAttribute("href");
      else link.tabIndex = -1;
    }
  }

  #takeTabStop(cell) {
    if (!cell) return;
    this.tabStop?.setAttribute("tabindex", "-1");
    this.tabStop = cell;
    cell.tabIndex = 0;
  }

  #listen() {
    const { table, queue } = this;
    this.status.addEventListener("next", () => this.openUnsaved());
    this.status.addEventListener("retry", () => this.table.querySelector("[data-save]") && this.focusActive());
    leaveWhenSaved(queue, (text) => this.tell(text));
    queue.addEventListener("answer", ({ detail }) => this.#answered(detail));
    queue.addEventListener("change", () => this.#showEdits());
    this.selection.addEventListener("change", () => this.#paint());
    table.addEventListener("keydown", (event) => this.#key(event));
    table.addEventListener("focusin", ({ target }) => this.#focused(target));
    table.addEventListener("focusout", () => document.hasFocus() && (this.isAtEnd = false));
    table.addEventListener("batchbook:edit", ({ target }) => this.open(target.closest("[data-cell]") ?? this.#firstCell(target.closest("tr"))));
    table.addEventListener("batchbook:focus", ({ target }) => this.goTo({ row: this.rows.place(target.closest("tr")), column: this.shown[0] }));
    addEventListener("keydown", (event) => event.key === "F8" && !event.defaultPrevented && this.openUnsaved() && event.preventDefault());
    addEventListener("beforeunload", (event) => this.editor?.changed && event.preventDefault());
  }

  /* A cell that got the focus by itself, such as from a screen reader, is the active one. */
  #focused(target) {
    if (target === this.table.tBodies[0]) this.focusActive(); // From the link that skips to the rows.
    if (!target.matches(".grid [data-row] > .cell, .grid .head") || target === this.active) return;
    this.selection.moveTo(this.placeOf(target));
    this.#takeTabStop(target);
  }

  #firstCell(row) {
    return row?.querySelector("[data-cell]");
  }

  #key(event) {
    if (this.editor?.field === event.target || event.defaultPrevented) return;
    const cell = event.target.closest(".cell, .head");
    if (!cell) return;
    if ("cell" in cell.dataset) this.editedField = cell.dataset.field;
    const character = characterOf(event);
    const found = commandOf(event);
    if (this.isAtEnd && (character || event.key === "Enter")) this.#refuse(event);
    else if (found) {
      this.isAtEnd = false;
      if (COMMANDS[found.command](this, { ...found, event }) === false) return;
    } else if (!character || !this.#type(cell, character, event)) return;
    else return;
    event.preventDefault();
  }

  /* A character opens the cell with it; a figure on a cell that cannot be edited, one of the row that can. */
  #type(cell, character, event) {
    const target = "cell" in cell.dataset ? cell : FIGURE.test(character) && this.#cellForFigures(cell.closest("tr"));
    if (!target) return false;
    const isList = this.columnOf(target).choices;
    this.open(target, isList ? undefined : character);
    if (!isList) event.preventDefault(); // A list looks for the character itself.
    return true;
  }

  #cellForFigures(row) {
    const cells = [...row.querySelectorAll("[data-cell]")].filter((cell) => !this.columnOf(cell).choices);
    const isNumber = (cell) => ["decimal", "integer"].includes(this.columnOf(cell).kind);
    return cells.find(({ dataset }) => dataset.field === this.editedField) ?? cells.find(isNumber) ?? cells[0];
  }

  #refuse({ key }) {
    const typed = key === "Enter" ? "Enter" : `“${key}”`;
    this.tell(`${typed} was not entered: there is no further cell. F2 edits ${this.columns[this.selection.focus.column].label} here again.`);
  }
}

customElements.define("row-grid", RowGrid);
