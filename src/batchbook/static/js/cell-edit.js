/* Editing a cell in its place, in table[data-cell-grid].

   td[data-cell]   data-field     the field's name            data-edit-url   where the edit is posted
                   data-version   the row's version seen      data-text       what the input shows
                   data-label     the field in words          data-kind       text | integer | decimal | boolean | date | …
                   data-choices   JSON [[value, label], …]    and in it a link to the row's form, for those without JavaScript

   Keys: arrows move; Enter, F2, a double click or a figure in a column of figures begin; then Enter saves and goes down, Tab saves
   and goes right (Shift the other way), Escape cancels. Ctrl+Z takes back the last edit made on this page.

   Posted: field, value, version, form-encoded, with X-CSRF-Token and Accept: application/json. Answers, as JSON:
     200  {row_html, counts_html?, message?}                 the row and the element with the id of counts_html's root are replaced
     409  {error, mine, theirs, version, row_html?}          somebody was faster: mine or theirs
     any other, and a 409 without `theirs`: {error}          is shown at the cell
   Whatever goes wrong, what was typed stays in its field. While an edit is unsaved the browser asks before it leaves the page. */

const FIGURE = /^[0-9.,-]$/;
const YES_NO = [["", "–"], ["yes", "Yes"], ["no", "No"]];

function announce(text) {
  const place = document.getElementById("announcer");
  if (place) place.textContent = text;
}

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

/* Posts one cell; resolves to {status, body}; status 0 when the server was not reached. */
async function post(cell, value, version) {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  try {
    const answer = await fetch(cell.dataset.editUrl, {
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
class CellEditor {
  constructor(grid, cell) {
    Object.assign(this, { grid, cell, version: cell.dataset.version, popover: null, saving: false });
    this.link = cell.querySelector("a");
    this.field = this.#makeField();
    this.link.hidden = true;
    cell.append(this.field);
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("blur", (event) => this.#left(event));
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
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /* A click elsewhere saves, a look into another window does not. A refused value waits until somebody returns to it. */
  #left(event) {
    if (this.closed || this.saving || !document.hasFocus() || this.popover?.contains(event.relatedTarget)) return;
    if (!this.popover?.isConnected) this.save({});
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
    const cell = this.grid.replaceRow(this.cell, body.row_html);
    if (body.counts_html) replaceCounts(body.counts_html);
    if (hadFocus) this.grid.move(cell, step);
    announce(body.message ?? `${this.cell.dataset.label} saved.`);
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
    this.popover.ask({ text: body.error, mine: body.mine ?? this.field.value, theirs: body.theirs });
  }

  #chosen(side, body, step) {
    this.popover.remove();
    this.field.focus();
    if (side === "mine") {
      this.version = body.version;
      this.cell.dataset.text = body.theirs ?? ""; // What Ctrl+Z goes back to is what mine replaced.
      this.save(step);
      return;
    }
    this.close();
    const cell = body.row_html ? this.grid.replaceRow(this.cell, body.row_html) : this.#showTheirs(body);
    this.grid.move(cell, {});
    announce(`Kept what was saved: ${body.theirs || "empty"}.`);
  }

  #showTheirs(body) {
    for (const cell of this.cell.parentElement.querySelectorAll("[data-cell]")) cell.dataset.version = body.version;
    this.cell.dataset.text = body.theirs ?? "";
    this.link.textContent = body.theirs || "–";
    return this.cell;
  }
}

function replaceCounts(html) {
  const fresh = parsed(html);
  const old = fresh?.id && document.getElementById(fresh.id);
  if (old) old.replaceWith(fresh);
}

/* The table: which cell has the focus, which are open, what can be undone. */
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

  /* Puts the server's row in the old one's place; open fields of that row move over with what was typed. */
  replaceRow(cell, html) {
    const old = cell.closest("tr");
    const fresh = html && parsed(html);
    if (!fresh) return cell;
    old.replaceWith(fresh);
    for (const [other, editor] of [...this.editors]) {
      if (!old.contains(other)) continue;
      const text = editor.field.value;
      editor.close();
      const moved = this.find(other.dataset);
      if (moved) this.open(moved, text);
    }
    fresh.classList.add("row-saved");
    return this.find(cell.dataset) ?? fresh.querySelector("[data-cell]") ?? cell;
  }

  async #undo() {
    const last = this.undoable.pop();
    const cell = last && this.find(last);
    if (!cell) {
      announce("There is nothing to undo on this page.");
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
    const arrow = { ArrowDown: { down: 1 }, ArrowUp: { down: -1 }, ArrowRight: { right: 1 }, ArrowLeft: { right: -1 } }[event.key];
    const withCtrl = event.ctrlKey || event.metaKey;
    const isFigure = FIGURE.test(event.key) && ["integer", "decimal"].includes(cell.dataset.kind);
    if (withCtrl && event.key === "z") this.#undo();
    else if (withCtrl || event.altKey) return;
    else if (arrow) this.move(cell, arrow);
    else if (event.key === "Enter" || event.key === "F2") this.open(cell);
    else if (isFigure) this.open(cell, event.key);
    else return;
    event.preventDefault();
  }
}

document.querySelectorAll("table[data-cell-grid]").forEach((table) => new CellGrid(table));
