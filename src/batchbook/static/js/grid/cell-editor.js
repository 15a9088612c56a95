/* The field of a cell while it is open. Which cell that is, row-grid.js decides; what becomes of the text, save-queue.js.

   new CellEditor(grid, cell, column, field)   puts the field into the cell, or takes one that is there, with what is being composed in it
   begin(text)      gives it the focus, with a text that was typed, or with all of its own selected
   take(step)       closes, and hands over what was typed
   rebase(from, to) the stored text on which the edit is based has become another one by an edit of one's own

   Of td[data-cell] it reads data-issue, what is wrong, and data-suggestions, JSON [text, …] that would do instead.

   Keys: Enter takes the text and goes down, Tab takes it and goes right (Shift the other way): at once, whatever becomes of it. Escape
   takes nothing, and gives up a text that was not saved. Ctrl+Enter fills the selection. Alt+Enter begins a new line in a text. Arrow down goes to the buttons beside
   the cell. Where the cell names a record, records are offered (reference-list.js), and keys are the list's first. Beside a date is
   a calendar (date-calendar.js), which Alt+Arrow down opens. In a field that was opened by typing, arrows take the text and go on; F2 turns that on and off.
   A click elsewhere takes a text that was changed. It empties a cell only if the text was deleted by the Delete key; otherwise what was
   there stays. Keys that belong to an input method, such as the Enter that ends a composition, are left to it.

   A cell that was not saved opens with what was typed and says why: Enter tries again, or the two values of a conflict are chosen from. */

import "./cell-popover.js";
import { textOf } from "./columns.js";
import { DateCalendar } from "./date-calendar.js";
import { isOfInputMethod } from "./keyboard.js";
import { ReferenceList } from "./reference-list.js";

const ARROWS = { ArrowDown: { down: 1 }, ArrowUp: { down: -1 }, ArrowRight: { right: 1 }, ArrowLeft: { right: -1 } };

export class CellEditor {
  constructor(grid, cell, column, field) {
    cell.dataset.text = textOf(cell); // With a field in it, its visible text is another one.
    Object.assign(this, { grid, cell, column, address: grid.addressOf(cell), isDeleted: false, isTyped: false, isTaken: Boolean(field) });
    this.unsaved = grid.unsavedOf(cell);
    this.before = grid.textOf(cell);
    this.base = this.before;
    this.link = cell.querySelector("a");
    this.field = field ? this.#dress(field) : this.#makeField();
    this.link.hidden = true;
    if (!field) cell.append(this.field);
    if (column.reference && "lookupUrl" in grid.dataset) this.list = new ReferenceList(grid, column, this.field, () => this.take({ down: 1 }));
    if (column.kind === "date") this.#addCalendar();
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("input", ({ inputType }) => (this.isDeleted = inputType === "deleteContentForward"));
    this.field.addEventListener("blur", (event) => this.#left(event));
    this.#explain();
  }

  get changed() {
    return this.field.value !== this.before;
  }

  begin(text) {
    this.field.focus();
    this.isTyped = text !== undefined || this.isTaken;
    if (text !== undefined) this.field.value = text;
    else if (!this.isTaken) this.field.select?.();
    this.isTaken = false;
    if (this.isTyped && this.field.value) this.list?.search();
  }

  rebase(from, to) {
    if (this.base === from) this.base = to;
  }

  /* Closes, hands over what was typed, and goes to the next cell. `isMeant`: by a key, not by a look elsewhere. */
  take(step = null, isMeant = true) {
    const text = this.field.value;
    const isEmptied = !text.trim() && this.before && !isMeant && !this.isDeleted;
    const isChanged = this.changed;
    this.#close();
    if (isEmptied) this.grid.tell(`“${this.before}” is back: Delete, Enter or Tab empties a cell, a click elsewhere does not.`);
    else if (this.unsaved && text === textOf(this.cell)) this.grid.queue.drop(this.unsaved);
    else if (isChanged || (this.unsaved?.state === "refused" && isMeant)) this.grid.put(this.cell, text, { base: this.base });
    if (step) this.grid.step(step);
  }

  #addCalendar() {
    this.calendar = new DateCalendar(this.field, this.column.label);
    this.calendar.addEventListener("leave", ({ detail }) => this.#left(detail));
  }

  #close() {
    this.isClosed = true; // A field that is taken away loses the focus, which must not count as leaving it.
    this.grid.editor = null;
    this.popover?.remove();
    this.list?.close();
    this.calendar?.remove();
    this.field.remove();
    this.link.hidden = false;
  }

  #makeField() {
    const { choices, kind } = this.column;
    const isLong = kind === "text" && this.before.includes("\n");
    const field = document.createElement(choices ? "select" : isLong ? "textarea" : "input");
    if (choices) field.append(...[["", "–"], ...choices].map(([value, word]) => new Option(word, value)));
    field.value = this.before;
    return this.#dress(field);
  }

  #dress(field) {
    const { choices, kind, label } = this.column;
    field.className = "cell-editor";
    field.setAttribute("aria-label", label);
    if (!choices) Object.assign(field, { autocomplete: "off", inputMode: { integer: "numeric", decimal: "decimal" }[kind] ?? "text" });
    return field;
  }

  #key(event) {
    if (isOfInputMethod(event) || !(this.list?.key(event) || this.#obey(event))) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /* Whether the editor had the key. */
  #obey(event) {
    if (event.key === "Escape") this.#cancel();
    else if (event.key === "Enter" && event.altKey) this.newLine();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#fillAll();
    else if (event.key === "Enter") this.take({ down: event.shiftKey ? -1 : 1 });
    else if (event.key === "Tab") this.take({ tab: event.shiftKey ? -1 : 1 });
    else if (event.key === "F2") this.isTyped = !this.isTyped;
    else if (event.key === "ArrowDown" && event.altKey && this.calendar) this.calendar.open();
    else if (event.key === "ArrowDown" && this.popover?.hasButtons && this.field.tagName === "INPUT") this.popover.enter();
    else if (event.key in ARROWS && this.isTyped && !event.shiftKey && !event.ctrlKey && !event.metaKey) this.take(ARROWS[event.key]);
    else return false;
    return true;
  }

  /* A line more, in a text; the field becomes one of several lines. */
  newLine() {
    if (this.column.kind !== "text") return;
    this.list?.close(); // No record has several lines.
    this.list = null;
    if (this.field.tagName === "INPUT") {
      const { value, selectionStart, selectionEnd, className } = this.field;
      const lines = document.createElement("textarea");
      Object.assign(lines, { value, className, autocomplete: "off" });
      lines.setAttribute("aria-label", this.column.label);
      for (const name of ["aria-describedby", "aria-invalid"]) if (this.field.hasAttribute(name)) lines.setAttribute(name, this.field.getAttribute(name));
      this.isClosed = true;
      this.field.replaceWith(lines);
      this.isClosed = false;
      this.field = lines;
      lines.addEventListener("keydown", (event) => this.#key(event));
      lines.addEventListener("input", ({ inputType }) => (this.isDeleted = inputType === "deleteContentForward"));
      lines.addEventListener("blur", (event) => this.#left(event));
      lines.focus();
      lines.setSelectionRange(selectionStart, selectionEnd);
    }
    this.field.setRangeText("\n", this.field.selectionStart, this.field.selectionEnd, "end");
    this.isTyped = false;
  }

  #fillAll() {
    if (this.grid.selection.isSingle) return this.take({});
    const text = this.field.value;
    this.#close();
    this.grid.focusActive();
    return this.grid.blocks.fillAll(text);
  }

  #cancel() {
    this.#close();
    if (this.unsaved) this.grid.giveUp(this.unsaved);
    this.grid.focusActive();
  }

  /* A look into another window leaves the field open. */
  #left({ relatedTarget }) {
    if (this.isClosed || !document.hasFocus()) return;
    if (relatedTarget !== this.field && !this.popover?.contains(relatedTarget) && !this.calendar?.has(relatedTarget)) this.take(null, false);
  }

  /* Beside the cell: why it was not saved, or what would do in it. The focus stays in the field. */
  #explain() {
    const { suggestions, issue } = this.cell.dataset;
    const { state, body } = this.unsaved ?? {};
    if (!state && !suggestions) return;
    this.popover = document.createElement("cell-popover");
    this.popover.id = "cell-popover";
    this.popover.beside(this.cell);
    this.popover.addEventListener("leave", () => this.field.focus());
    this.popover.addEventListener("focusout", (event) => this.#left(event));
    this.popover.addEventListener("take", (event) => this.#fill(event.detail));
    this.popover.addEventListener("choose", (event) => this.#choose(event.detail, body));
    if (state === "conflict") this.popover.ask({ text: body.error, mine: body.mine, theirs: body.theirs, before: this.unsaved.before });
    else if (state) this.popover.say(body.error);
    else this.popover.offer({ text: issue, texts: JSON.parse(suggestions) });
    this.field.setAttribute("aria-describedby", this.popover.id);
    if (state) this.field.setAttribute("aria-invalid", "true");
  }

  /* What would do in the cell is put into the field, and nothing is saved by that. */
  #fill(text) {
    const option = [...(this.field.options ?? [])].find(({ value, label }) => [value, label.toLowerCase()].includes(text.toLowerCase()));
    this.field.value = option?.value ?? text;
    this.field.focus();
  }

  #choose(side, { theirs }) {
    const text = this.field.value;
    this.#close();
    if (side === "theirs") this.grid.giveUp(this.unsaved);
    // It is based on theirs now, which it replaces knowingly.
    else this.grid.put(this.cell, text, { base: theirs, isChosen: true });
    this.grid.focusActive();
  }
}
