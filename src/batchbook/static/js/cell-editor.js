/* A cell while it is edited: its field, what is posted, and what becomes of it. Which cell that is, cell-grid.js decides.

   td[data-cell]   data-field     the field's name            data-edit-url   where the edit is posted
                   data-version   the row's version seen      data-text       what the input shows
                   data-label     the field in words          data-kind       text | integer | decimal | boolean | date | …
                   data-choices   JSON [[value, label], …]    and in it a link to the row's form, for those without JavaScript
                   data-suggestions  JSON [text, …] that would do instead of what is there, and data-issue, what is wrong with that

   Keys: Enter saves and goes down, Tab saves and goes right (Shift the other way), Escape cancels. Arrow down goes to what would do.

   Posted: field, value, version, form-encoded, with X-CSRF-Token and Accept: application/json, and with the page's query behind the
   address, so that the counts that come back know what the page shows. Answers, as JSON:
     200  {row_html, counts_html, problems_html, message}         the row and the counts are replaced
     409  {error, mine, theirs, version, row_html, counts_html, problems_html}   somebody was faster: mine or theirs
     any other, and a 409 without `theirs`: {error}               is shown at the cell
   Whatever goes wrong, what was typed stays in its field. */

import "./cell-popover.js";

const YES_NO = [["", "–"], ["yes", "Yes"], ["no", "No"]];

/* Posts one cell; resolves to {status, body}; status 0 when the server was not reached. */
async function post(cell, value, version) {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  try {
    const answer = await fetch(cell.dataset.editUrl + location.search, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRF-Token": token },
      body: new URLSearchParams({ field: cell.dataset.field, value, version }),
    });
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    const unread = { error: `The server answered ${answer.status}, which this page cannot read. What you typed is kept here: try again.` };
    return { status: isJson ? answer.status : -1, body: isJson ? await answer.json() : unread };
  } catch {
    return { status: 0, body: { error: "The server could not be reached. What you typed is kept here: press Enter to try again." } };
  }
}

/* One open cell: its field, what became of the last attempt to save it, and its popover. */
export class CellEditor {
  constructor(grid, cell) {
    Object.assign(this, { grid, cell, version: cell.dataset.version, popover: null, saving: false });
    this.link = cell.querySelector("a");
    this.field = this.#makeField();
    this.link.hidden = true;
    cell.append(this.field);
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("blur", (event) => this.#left(event));
    if (cell.dataset.suggestions) this.#offer(JSON.parse(cell.dataset.suggestions));
  }

  get changed() {
    return this.field.value !== this.cell.dataset.text;
  }

  begin(text) {
    this.field.focus();
    if (text !== undefined) this.field.value = text;
    else this.field.select?.();
  }

  close() {
    this.closed = true; // A field that is taken away loses the focus, which must not count as leaving it.
    this.popover?.remove();
    this.offer?.remove();
    this.grid.editors.delete(this.cell);
    this.field.remove();
    this.link.hidden = false;
  }

  async save(step, isUndo = false) {
    if (this.saving) return;
    if (!this.changed) {
      this.#leave(step);
      return;
    }
    this.saving = true;
    this.popover?.remove();
    this.offer?.remove();
    this.field.readOnly = true;
    this.cell.classList.add("is-saving");
    const { status, body } = await post(this.cell, this.field.value, this.version);
    this.cell.classList.remove("is-saving");
    this.field.readOnly = false;
    this.saving = false;
    if (status === 200) this.#saved(body, step, isUndo);
    else if (status === 409 && "theirs" in body) this.#conflict(body, step);
    else this.#failed(body);
  }

  #makeField() {
    const { choices, kind, text, label } = this.cell.dataset;
    const options = choices ? [["", "–"], ...JSON.parse(choices)] : kind === "boolean" ? YES_NO : null;
    const field = document.createElement(options ? "select" : "input");
    if (options) field.append(...options.map(([value, word]) => new Option(word, value)));
    else {
      field.autocomplete = "off";
      field.inputMode = { integer: "numeric", decimal: "decimal" }[kind] ?? "text";
    }
    field.className = "cell-editor";
    field.setAttribute("aria-label", label);
    field.value = text;
    return field;
  }

  #key(event) {
    if (event.key === "Escape") {
      this.close();
      this.link.focus();
    } else if (event.key === "Enter") this.save({ down: event.shiftKey ? -1 : 1 });
    else if (event.key === "Tab") this.save({ right: event.shiftKey ? -1 : 1 });
    else if (event.key === "ArrowDown" && this.offer?.isConnected && this.field.tagName === "INPUT") this.offer.enter();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /* A click elsewhere saves, a look into another window does not. A refused value waits until somebody returns to it. */
  #left(event) {
    if (this.closed || this.saving || !document.hasFocus()) return;
    if (this.popover?.contains(event.relatedTarget) || this.offer?.contains(event.relatedTarget)) return;
    if (!this.popover?.isConnected) this.save({});
  }

  /* What would do in the cell stands beside it; taking one fills the field, and nothing is saved by that. */
  #offer(texts) {
    this.offer = document.createElement("cell-popover");
    this.offer.beside(this.cell);
    this.offer.addEventListener("take", (event) => this.#fill(event.detail));
    this.offer.addEventListener("leave", () => this.field.focus());
    this.offer.addEventListener("focusout", (event) => event.relatedTarget !== this.field && this.#left(event));
    this.offer.offer({ text: this.cell.dataset.issue, texts });
  }

  #fill(text) {
    const option = [...(this.field.options ?? [])].find(({ value, label }) => [value, label.toLowerCase()].includes(text.toLowerCase()));
    this.field.value = option?.value ?? text;
    this.field.focus();
  }

  #leave(step) {
    const hadFocus = this.cell.contains(document.activeElement);
    this.close();
    if (hadFocus) this.grid.move(this.cell, step);
  }

  #saved(body, step, isUndo) {
    if (!isUndo) this.grid.remember(this.cell);
    const hadFocus = this.cell.contains(document.activeElement) || document.activeElement === document.body;
    this.close();
    const cell = this.grid.replaceRow(this.cell, body);
    if (hadFocus) this.grid.move(cell, step);
    this.grid.announce(body.message);
  }

  #failed(body) {
    this.popover = document.createElement("cell-popover");
    this.popover.id = "cell-problem";
    this.popover.beside(this.cell);
    this.popover.say(body.error);
    this.field.setAttribute("aria-invalid", "true");
    this.field.setAttribute("aria-describedby", this.popover.id);
    this.field.focus();
  }

  #conflict(body, step) {
    this.popover = document.createElement("cell-popover");
    this.popover.beside(this.cell);
    this.popover.addEventListener("choose", (event) => this.#chosen(event.detail, body, step));
    this.popover.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.popover.remove(); // Decide later: what was typed stays in the field.
      this.field.focus();
    });
    this.popover.ask({ text: body.error, mine: body.mine, theirs: body.theirs });
  }

  #chosen(side, body, step) {
    this.popover.remove();
    this.field.focus();
    if (side === "mine") {
      this.version = body.version;
      this.cell.dataset.text = body.theirs; // What Ctrl+Z goes back to is what mine replaced.
      this.save(step);
      return;
    }
    this.close();
    this.grid.move(this.grid.replaceRow(this.cell, body), {});
    this.grid.announce(`Kept what was saved: ${body.theirs || "empty"}.`);
  }
}
