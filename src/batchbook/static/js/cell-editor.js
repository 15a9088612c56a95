/* The field of a cell while it is open. Which cell that is, cell-grid.js decides; what becomes of the text, save-queue.js.

   td[data-cell]   data-field     the field's name            data-edit-url   where the edit is posted
                   data-version   the row's version seen      data-text       what is stored, as the input shows it
                   data-label     the field in words          data-kind       text | integer | decimal | boolean | date | …
                   data-choices   JSON [[value, label], …]    and in it a link to the row's form, for those without JavaScript
                   data-suggestions  JSON [text, …] that would do instead of what is there, and data-issue, what is wrong with that

   Keys: Enter takes the text and goes down, Tab takes it and goes right (Shift the other way): at once, whatever becomes of it. Escape
   takes nothing, and gives up a text that was not saved. Arrow down goes to the buttons beside the cell.
   A click elsewhere takes a text that was changed. It empties a cell only if the text was deleted by the Delete key; otherwise what was
   there stays. Keys that belong to an input method, such as the Enter that ends a composition, are left to it.

   A cell that was not saved opens with what was typed and says why: Enter tries again, or the two values of a conflict are chosen from. */

import "./cell-popover.js";
import { seen } from "./row-versions.js";

const YES_NO = [["", "–"], ["yes", "Yes"], ["no", "No"]];

export class CellEditor {
  constructor(grid, cell) {
    Object.assign(this, { grid, cell, unsaved: grid.unsavedOf(cell), before: grid.textOf(cell), isDeleted: false });
    this.seen = this.unsaved?.seen ?? seen(cell.dataset.editUrl, Number(cell.dataset.version));
    this.link = cell.querySelector("a");
    this.field = this.#makeField();
    this.link.hidden = true;
    cell.append(this.field);
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
    if (text !== undefined) this.field.value = text;
    else this.field.select?.();
  }

  /* Closes, hands over what was typed, and goes to the next cell. `isMeant`: by a key, not by a look elsewhere. */
  take(step = null, isMeant = true) {
    const text = this.field.value;
    const isEmptied = !text.trim() && this.before && !isMeant && !this.isDeleted;
    const isChanged = this.changed;
    this.#close();
    if (isEmptied) this.grid.tell(`“${this.before}” is back: Delete, Enter or Tab empties a cell, a click elsewhere does not.`);
    else if (this.unsaved && text === this.cell.dataset.text) this.grid.queue.drop(this.unsaved);
    else if (isChanged || (this.unsaved && isMeant)) this.grid.put(this.cell, text, { seen: this.seen, before: this.unsaved ? undefined : this.before });
    if (step) this.grid.move(this.cell, step);
  }

  #close() {
    this.isClosed = true; // A field that is taken away loses the focus, which must not count as leaving it.
    this.grid.editor = null;
    this.popover?.remove();
    this.field.remove();
    this.link.hidden = false;
  }

  #makeField() {
    const { choices, kind, label } = this.cell.dataset;
    const options = choices ? [["", "–"], ...JSON.parse(choices)] : kind === "boolean" ? YES_NO : null;
    const field = document.createElement(options ? "select" : "input");
    if (options) field.append(...options.map(([value, word]) => new Option(word, value)));
    else {
      field.autocomplete = "off";
      field.inputMode = { integer: "numeric", decimal: "decimal" }[kind] ?? "text";
    }
    field.className = "cell-editor";
    field.setAttribute("aria-label", label);
    field.value = this.before;
    return field;
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return; // 229: some browsers end the composition first.
    if (event.key === "Escape") this.#cancel();
    else if (event.key === "Enter") this.take({ down: event.shiftKey ? -1 : 1 });
    else if (event.key === "Tab") this.take({ right: event.shiftKey ? -1 : 1 });
    else if (event.key === "ArrowDown" && this.popover?.hasButtons && this.field.tagName === "INPUT") this.popover.enter();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #cancel() {
    this.#close();
    if (this.unsaved) this.grid.giveUp(this.unsaved);
    this.link.focus();
  }

  /* A look into another window leaves the field open. */
  #left({ relatedTarget }) {
    if (this.isClosed || !document.hasFocus()) return;
    if (relatedTarget !== this.field && !this.popover?.contains(relatedTarget)) this.take(null, false);
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
    if (state === "conflict") this.popover.ask({ text: body.error, mine: body.mine, theirs: body.theirs });
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
    // What Ctrl+Z goes back to is what mine replaced.
    else this.grid.put(this.cell, text, { seen: this.unsaved.theirs, before: theirs });
    this.link.focus();
  }
}
