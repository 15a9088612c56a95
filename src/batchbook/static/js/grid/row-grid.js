/* <row-grid>: a spreadsheet on a table that the server rendered, row-grid > .grid-scroll > table.grid.

   row-grid   data-cell-url   where an edit of one cell is posted, with {key} for its row; without it nothing can be edited
              data-total      the number of all rows, of which the page has some
              data-windows-url, data-query   where further rows are fetched (row-window.js), and the parameters of the view
              data-decimal-sign, data-group-sign   how the person writes numbers (numbers.js)
              data-keys       the token of the keys of the view in its order, where they are kept
   The rows and cells are described in templates/macros/rows.jinja2, the headings in columns.js. Without JavaScript the table has links
   to the rows' forms; with it one cell takes part in the order of Tab, and arrows move from there (WAI-ARIA's pattern of a grid).

   Parts: keyboard.js, key-events.js and commands.js (keys), cell-actions.js, pointer.js, selection.js, row-window.js (which rows are in the page), column-layout.js,
   cell-editor.js (the open cell), typing-field.js (the field of a closed cell), saving.js (edits on their way), blocks.js (clipboard and filling), finding.js, grid-foot.js, grid-menu.js, cell-pages.js (where keys and the menu lead),
   aria.js (roles), kept-edits.js (what was not saved before a reload), follow-changes.js and presence.js (what others do). Each says which further attributes of <row-grid> it reads; what lacks is not possible.

              data-layout-url                where the columns are remembered

   Events it hears: "batchbook:edit" on a cell or row, which opens it; "batchbook:focus" on a row, which chooses its first cell. */

import { Blocks } from "./blocks.js";
import { CellEditor } from "./cell-editor.js";
import { ColumnLayout } from "./column-layout.js";
import { useColumnPointer } from "./column-pointer.js";
import { flashRow } from "./cell-state.js";
import { readColumns, textOf } from "./columns.js";
import { Finding } from "./finding.js";
import "./grid-foot.js";
import { useKeys } from "./key-events.js";
import "./grid-menu.js";
import { FillHandle } from "./fill-handle.js";
import { FollowChanges } from "./follow-changes.js";
import { KeptEdits } from "./kept-edits.js";
import { signsOf } from "./numbers.js";
import { usePointer } from "./pointer.js";
import { Presence } from "./presence.js";
import { RowWindow } from "./row-window.js";
import { Saving } from "./saving.js";
import { Selection } from "./selection.js";
import { call } from "./session.js";
import { useTypingField } from "./typing-field.js";
import { upgradeRows, upgradeTable } from "./aria.js";

class RowGrid extends HTMLElement {
  connectedCallback() {
    this.table = this.querySelector("table.grid");
    if (!this.table || this.rows) return;
    Object.assign(this, { columns: readColumns(this.table), signs: signsOf(this), editor: null, isAtEnd: false, painted: new Set() });
    this.selection = new Selection();
    this.rows = new RowWindow(this);
    this.saving = new Saving(this);
    this.queue = this.saving.queue;
    this.blocks = new Blocks(this);
    this.finding = new Finding(this);
    this.#upgrade();
    this.#listen();
    useKeys(this);
    usePointer(this);
    useColumnPointer(this);
    if (this.blocks.isPossible) this.fillHandle = new FillHandle(this);
    this.foot = document.createElement("grid-foot");
    this.append(this.foot);
    this.foot.watch(this);
    if (this.isEditable) new KeptEdits(this);
    if (!("changesUrl" in this.dataset && "theseUrl" in this.dataset)) return;
    new Presence(this);
    this.follower = new FollowChanges(this);
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
    if (extend || down !== -1) next.row = Math.max(next.row, Math.min(row, this.rows.start)); // Only a single step leads to the headings.
    this.goTo(next, { extend });
    const { focus } = this.selection;
    if (focus.row === row && focus.column === column) this.#stay(down + right > 0);
  }

  /* From an edited cell to the next one. */
  step({ down = 0, right = 0, tab = 0 }) {
    if (tab) this.tabTo(tab, true) || this.#stay(tab > 0);
    else if (this.selection.focus.row + down < this.rows.start) this.#stay(false);
    else if (down || right) this.moveBy(down, right);
    else this.focusActive();
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
    if (!useTypingField(this, active, this.columns[this.selection.focus.column])) {
      active.tabIndex = 0;
      active.focus({ preventScroll: true });
    }
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

  /* `field`: one in the cell that an input method writes into. */
  open(cell, text, field) {
    if (!this.isEditable || !("cell" in cell.dataset)) return;
    if (this.editor?.cell !== cell) {
      this.editor?.take(null, false);
      if (cell !== this.active) this.selection.moveTo(this.placeOf(cell)); // Else Ctrl+Enter fills what is selected.
      this.#takeTabStop(cell);
      this.editor = new CellEditor(this, cell, this.columnOf(cell), field);
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

  put(cell, text, options) {
    this.saving.put(cell, text, options);
  }

  giveUp(edit) {
    this.saving.giveUp(edit);
  }

  /* Shows the rows as they are on the server now. */
  async refresh() {
    await this.rows.reload();
  }

  updateRows(html) {
    this.saving.update(html);
  }

  /* Brings a row into sight, wherever the focus is, and draws the eye to it. */
  showRow(key) {
    const { rows } = this;
    const found = rows.placeOfKey(key);
    // Where nothing is hidden and the order is that of the numbers, a row that is not loaded has the place of its number.
    const isPlain = rows.isWindowed && rows.total === this.follower?.total && !rows.query.has("sort");
    const place = found < 0 && isPlain ? Number(key) - 1 : found;
    if (place < 0 || place >= rows.stop) return;
    rows.reveal(place);
    const flash = () => flashRow(rows.find(key) ?? document.createElement("tr"));
    if (rows.find(key)) flash();
    else rows.addEventListener("shown", flash, { once: true });
  }

  /* --- Columns --- */

  moveColumn(from, to) {
    const [moved] = this.columns.splice(from, 1);
    this.columns.splice(to, 0, moved);
    for (const row of [this.table.tHead.rows[0], ...this.rows.all]) {
      const cell = row.cells[from];
      row.cells[to][to > from ? "after" : "before"](cell);
      [...row.cells].forEach((one, at) => one.setAttribute("aria-colindex", at + 1));
    }
    this.layout.changed();
    this.goTo({ row: this.selection.focus.row, column: to });
  }

  #remember() {
    if (this.dataset.layoutUrl) call(this.dataset.layoutUrl, { columns: this.layout.toJson() }).catch((error) => this.tell(error.message));
  }

  openMenu(at) {
    const box = this.active?.getBoundingClientRect();
    document.createElement("grid-menu").open(this, at ?? { x: box?.left ?? 0, y: box?.bottom ?? 0 });
  }

  announce(text) {
    document.getElementById("announcer").textContent = text;
  }

  tell(text) {
    this.saving.status.tell(text);
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
    upgradeTable(table, columns, this.isEditable);
    upgradeRows([...table.tBodies[0].rows], this.isEditable);
    this.selection.addEventListener("change", () => this.#paint());
    this.#reach();
    this.selection.moveTo({ row: this.rows.first, column: 0 });
    this.#takeTabStop(this.active);
    this.toggleAttribute("data-ready", true);
    this.toggleAttribute("data-windowed", this.rows.isWindowed);
    this.layout = new ColumnLayout(this);
    this.rows.addEventListener("rows", ({ detail }) => upgradeRows(detail, this.isEditable));
    this.rows.addEventListener("shown", () => this.#shown());
    this.rows.addEventListener("total", () => this.#reach());
    this.rows.addEventListener("problem", ({ detail }) => this.tell(detail));
    this.layout.addEventListener("change", () => this.#remember());
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
    this.saving.showEdits();
    if (!this.tabStop?.isConnected && this.active) this.#takeTabStop(this.active);
  }

  #takeTabStop(cell) {
    if (!cell) return;
    this.tabStop?.setAttribute("tabindex", "-1");
    this.tabStop = cell;
    cell.tabIndex = 0;
  }

  #listen() {
    const { table } = this;
    table.addEventListener("focusin", ({ target }) => this.#focused(target));
    table.addEventListener("focusout", () => document.hasFocus() && (this.isAtEnd = false));
    table.addEventListener("batchbook:edit", ({ target }) => this.open(target.closest("[data-cell]") ?? this.#firstCell(target.closest("tr"))));
    table.addEventListener("batchbook:focus", ({ target }) => this.goTo({ row: this.rows.place(target.closest("tr")), column: this.shown[0] }));
  }

  /* A cell that got the focus by itself, such as from a screen reader, is the active one. */
  #focused(target) {
    if (target === this.table.tBodies[0]) this.focusActive(); // From the link that skips to the rows.
    if (!target.matches(".grid [data-row] > .cell, .grid .head")) return;
    if (target !== this.active) {
      this.selection.moveTo(this.placeOf(target));
      this.#takeTabStop(target);
    }
    useTypingField(this, target, this.columnOf(target));
  }

  #firstCell(row) {
    return row?.querySelector("[data-cell]");
  }

}

customElements.define("row-grid", RowGrid);
