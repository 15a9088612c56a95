/* A table whose cells can be edited in their place, table[data-cell-grid]: moving between cells, opening them, undoing.

   Keys, on a cell that is closed:
     arrows          move
     Enter, F2       open it; so does a double click, or a click on the cell that has the focus
     any character   opens it with that character, also where it could be a shortcut of the page; in a list, goes to what begins so
     Delete          empties it at once; Backspace opens it empty
     Escape          gives up a text that was not saved
     Ctrl+Z          takes back the last edit made on this page: one that waits is not sent, one that is saved is reversed
     F8              from anywhere on the page: opens the next cell that was not saved
   On another link of a row, such as its number, where "j" leads:
     arrows          go to the same link of the next row, and to the row's first cell
     a figure        opens the row's cell in the column that had the focus last, else its first cell for a number, with that figure
   Where a move finds no further cell, the focus stays, and characters and Enter do nothing until another key or a click: what is typed
   on, line by line, must not replace what was typed last.

   Edits are saved in the background by one queue (save-queue.js), while people go on. Nothing that comes back moves the focus or opens
   anything: it changes how its cell looks (cell-state.js) and what the bar says (save-status.js). While anything is not saved, links and
   forms wait for it (leave-when-saved.js), and the browser asks before it leaves the page. */

import { CellEditor } from "./cell-editor.js";
import { flashRow, showEdit, updateRow } from "./cell-state.js";
import { leaveWhenSaved } from "./leave-when-saved.js";
import * as versions from "./row-versions.js";
import { SaveQueue } from "./save-queue.js";
import "./save-status.js";

const CHARACTER = /^\S$/u;
const FIGURE = /^[0-9]$/;
const ARROWS = { ArrowDown: { down: 1 }, ArrowUp: { down: -1 }, ArrowRight: { right: 1 }, ArrowLeft: { right: -1 } };

const keyOf = ({ dataset }) => ({ url: dataset.editUrl, field: dataset.field });

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

/* One table: the cell that is open, what is on its way, and what can be undone. */
class CellGrid {
  constructor(table) {
    Object.assign(this, { table, editor: null, end: null, undoable: [], marked: new Set(), queue: new SaveQueue() });
    this.status = document.createElement("save-status");
    table.parentElement.after(this.status);
    this.status.watch(this.queue);
    this.status.addEventListener("next", () => this.#openUnsaved());
    this.status.addEventListener("retry", () => this.table.querySelector("[data-save] a")?.focus());
    leaveWhenSaved(this.queue, (text) => this.tell(text));
    this.queue.addEventListener("answer", ({ detail }) => this.#answered(detail));
    this.queue.addEventListener("change", () => this.#showEdits());
    table.addEventListener("mousedown", (event) => (this.wasFocused = this.cellOf(event)?.contains(document.activeElement)));
    table.addEventListener("click", (event) => this.#click(event));
    table.addEventListener("keydown", (event) => this.#key(event));
    table.addEventListener("focusout", () => document.hasFocus() && (this.end = null));
    table.addEventListener("batchbook:edit", (event) => this.open(this.cellOf(event)));
    addEventListener("keydown", (event) => event.key === "F8" && this.#openUnsaved(event));
    addEventListener("beforeunload", (event) => this.editor?.changed && event.preventDefault());
  }

  cellOf(event) {
    return event.target.closest("[data-cell]");
  }

  /* The text that a cell holds as soon as everything is saved, or one that was not saved. */
  textOf(cell) {
    return this.queue.last(keyOf(cell))?.text ?? cell.dataset.text;
  }

  unsavedOf(cell) {
    return this.queue.unsaved.find((edit) => edit.cell === cell);
  }

  open(cell, text) {
    if (this.editor?.cell !== cell) {
      this.editor?.take(null, false);
      this.editor = new CellEditor(this, cell);
    }
    this.editor.begin(text);
  }

  /* Takes a text for a cell; `seen` is the version that it is based on. */
  put(cell, text, { seen, before, isUndo = false } = {}) {
    const waiting = this.queue.pending.findLast((edit) => edit.cell === cell);
    // In place of one that was not saved, it is based on what that one was: a conflict stays one until somebody chooses.
    const unsaved = this.unsavedOf(cell);
    const edit = { ...keyOf(cell), cell, text, seen, before: before ?? waiting?.text ?? unsaved?.before ?? cell.dataset.text };
    edit.seen ??= unsaved?.seen ?? versions.seen(edit.url, Number(cell.dataset.version));
    if (!isUndo) this.undoable.push(edit);
    this.tell("");
    this.queue.add(edit);
  }

  giveUp(edit) {
    this.queue.drop(edit);
    this.tell(`“${edit.text}” was discarded. The cell shows the saved value: ${edit.cell.dataset.text || "nothing"}.`);
  }

  /* Focuses the cell `down` rows below or `right` cells beside `from`; stays where there is none. */
  move(from, { down = 0, right = 0 }) {
    const all = [...this.table.querySelectorAll(down ? `[data-field="${CSS.escape(from.dataset.field)}"]` : "[data-cell]")];
    const next = all[all.indexOf(from) + down + right];
    (next ?? from).querySelector("a").focus();
    this.end = next ? null : from;
    if (!next) this.tell(`This is the ${down + right > 0 ? "last" : "first"} cell on this page. F2 edits it again.`);
  }

  tell(text) {
    this.status.tell(text);
  }

  #answered(edit) {
    const { body, url } = edit;
    if (!body.row_html) return;
    const [row, fresh] = [edit.cell.closest("tr"), parsed(body.row_html)];
    if ("theirs" in body) {
      versions.shown(url, body.version);
      edit.theirs = versions.seen(url);
    } else if (body.changed || (edit.lost && isAsTyped(row, fresh, edit))) versions.saved(url, edit.seen, body.version);
    else versions.shown(url, body.version);
    updateRow(row, fresh);
    if (!this.queue.pending.length) flashRow(row); // One by one they would cost more than the keys that are typed meanwhile.
    for (const peer of body.peers ?? []) this.#updatePeer(peer);
    replace("breakdown", body.counts_html);
    replace("problem-count", body.problems_html);
  }

  #updatePeer({ before, version, row_html: html }) {
    const fresh = parsed(html);
    const { editUrl } = fresh.querySelector("[data-cell]")?.dataset ?? {};
    const shown = editUrl && this.table.querySelector(`[data-edit-url="${CSS.escape(editUrl)}"]`);
    if (!shown) return;
    versions.seen(editUrl, Number(shown.dataset.version));
    versions.moved(editUrl, before, version);
    updateRow(shown.closest("tr"), fresh);
  }

  #showEdits() {
    const edits = new Map([...this.queue.unsaved, ...this.queue.pending].map((edit) => [edit.cell, edit]));
    for (const cell of this.marked) if (!edits.has(cell)) showEdit(cell);
    for (const [cell, edit] of edits) showEdit(cell, edit);
    this.marked = new Set(edits.keys());
  }

  #openUnsaved(event) {
    const cells = [...this.table.querySelectorAll("[data-save=refused], [data-save=conflict]")];
    if (!cells.length) return;
    event?.preventDefault();
    const from = document.activeElement.closest("[data-cell]") ?? this.visited;
    const isBehind = (cell) => from && from.compareDocumentPosition(cell) & Node.DOCUMENT_POSITION_FOLLOWING;
    this.visited = cells.find(isBehind) ?? cells[0];
    this.open(this.visited);
  }

  #undo() {
    const last = this.undoable.pop();
    if (!last) this.tell("There is nothing to undo on this page.");
    else if (last.state === "dropped") this.#undo();
    else {
      last.cell.querySelector("a").focus();
      // What was sent may be stored, even without an answer.
      if (last.state !== "saved" && last.state !== "saving" && !last.lost) this.queue.drop(last);
      else this.put(last.cell, last.before, { isUndo: true });
    }
  }

  #click(event) {
    const cell = this.cellOf(event);
    if (!cell || this.editor?.cell === cell || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    // A second click, a finger, or a screen reader's activation opens; a first click chooses the cell.
    if (this.wasFocused || event.detail === 0 || event.pointerType === "touch") this.open(cell);
    else cell.querySelector("a").focus();
  }

  #key(event) {
    const cell = this.cellOf(event);
    if (!cell) return this.#keyBesideCells(event);
    this.field = cell.dataset.field;
    if (this.editor?.field === event.target) return;
    const character = characterOf(event);
    if ((event.ctrlKey || event.metaKey) && event.key === "z") this.#undo();
    else if (this.end === cell && (character || event.key === "Enter")) this.#refuse(cell, event);
    else if (character) return this.#type(cell, character, event);
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key in ARROWS) this.move(cell, ARROWS[event.key]);
    else if (event.key === "Enter" || event.key === "F2") event.repeat || this.open(cell);
    else if (event.key === "Delete") this.textOf(cell) && this.put(cell, "");
    else if (event.key === "Backspace") this.open(cell, "");
    else if (event.key === "Escape" && this.unsavedOf(cell)) this.giveUp(this.unsavedOf(cell));
    else return;
    event.preventDefault();
  }

  #keyBesideCells(event) {
    const row = event.target.closest("[data-row]");
    const character = characterOf(event);
    if (!row || (!character && (event.ctrlKey || event.metaKey || event.altKey))) return;
    const { down = 0, right = 0 } = ARROWS[event.key] ?? {};
    if (down) (down > 0 ? row.nextElementSibling : row.previousElementSibling)?.querySelector("a, button")?.focus();
    else if (right > 0) row.querySelector("[data-cell] a")?.focus();
    else if (FIGURE.test(character) && this.#cellForFigures(row)) this.open(this.#cellForFigures(row), character);
    else return;
    event.preventDefault();
  }

  #cellForFigures(row) {
    const isNumber = ({ dataset }) => dataset.kind === "decimal" || dataset.kind === "integer";
    const cells = [...row.querySelectorAll("[data-cell]")].filter(({ dataset }) => !dataset.choices);
    return cells.find(({ dataset }) => dataset.field === this.field) ?? cells.find(isNumber) ?? cells[0];
  }

  #type(cell, character, event) {
    const isList = cell.dataset.choices || cell.dataset.kind === "boolean";
    this.open(cell, isList ? undefined : character);
    if (!isList) event.preventDefault(); // A list looks for the character itself.
  }

  #refuse(cell, { key }) {
    const typed = key === "Enter" ? "Enter" : `“${key}”`;
    this.tell(`${typed} was not entered: there is no further cell on this page. F2 edits ${cell.dataset.label} here again.`);
  }
}

/* What was typed, if anything. */
function characterOf(event) {
  const isShortcut = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
  return !isShortcut && CHARACTER.test(event.key) ? event.key : "";
}

/* Whether a row is as the page shows it, but for the cell of `edit`: then nobody else has changed it. */
function isAsTyped(row, fresh, edit) {
  const others = [...fresh.querySelectorAll("[data-cell]")].filter(({ dataset }) => dataset.field !== edit.field);
  const shown = ({ dataset }) => row.querySelector(`[data-field="${CSS.escape(dataset.field)}"]`)?.dataset.text;
  return others.every((cell) => cell.dataset.text === shown(cell));
}

/* Puts the server's element in place of the one with this id; a link in it that has the focus keeps it. */
function replace(id, html) {
  const old = document.getElementById(id);
  if (!old) return;
  const at = [...old.querySelectorAll("a")].indexOf(document.activeElement);
  old.replaceWith(parsed(html));
  if (at >= 0) document.getElementById(id).querySelectorAll("a")[at]?.focus();
}

document.querySelectorAll("table[data-cell-grid]").forEach((table) => new CellGrid(table));
