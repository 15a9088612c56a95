/* Presence in the cells of a grid: the reader's own open cell is told to the server, and the cells that others edit bear their names.

   new Presence(grid)   grid: row-grid.js. Reads of the <row-grid>
     data-presence-url   where the open cell is told, key and field; without it, only others are shown

   An open cell is told when it is opened, at most once a second, and again every five seconds as long as somebody is there: what was told
   expires after fifteen. That nobody is there is told when no cell is open, and when the page is left.

   Of the event "cells-edited" (follow-changes.js) it makes
     td[data-editing]   the name of who has the cell open, which the stylesheet shows; aria-description says it to those who do not see it
   It is announced once when somebody begins to edit, and told when both are in the same cell. */

const TELL_MS = 1_000;
const AGAIN_MS = 5_000;
const IDLE_MS = 300_000;

export class Presence {
  #told = "";
  #toldAt = 0;
  #timer = 0;
  #usedAt = Date.now();
  #marked = new Set();
  #names = new Set();

  constructor(grid) {
    this.grid = grid;
    this.editing = [];
    grid.addEventListener("cells-edited", ({ detail }) => this.#showOthers(detail.editing));
    if (!("presenceUrl" in grid.dataset)) return;
    grid.addEventListener("focusin", () => this.#look());
    grid.addEventListener("focusout", () => setTimeout(() => this.#look()));
    grid.addEventListener("keydown", () => (this.#usedAt = Date.now()), { capture: true });
    addEventListener("pagehide", () => this.#told && this.#tell(null));
    setInterval(() => this.#look(true), AGAIN_MS);
  }

  /* --- One's own cell --- */

  /* Tells the open cell, if it is another one than before; or again, by the clock. */
  #look(isByClock = false) {
    const cell = this.grid.editor?.address ?? null;
    if (cell && JSON.stringify([cell.key, cell.field]) !== this.#told) this.#warn(cell);
    const isSame = (cell ? JSON.stringify([cell.key, cell.field]) : "") === this.#told;
    if (isSame && !(isByClock && cell && Date.now() - this.#usedAt < IDLE_MS)) return;
    clearTimeout(this.#timer);
    const wait = this.#toldAt + TELL_MS - Date.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#look(isByClock), wait);
    else this.#tell(cell, isSame);
  }

  #tell(cell, isByItself = false) {
    this.#told = cell ? JSON.stringify([cell.key, cell.field]) : "";
    this.#toldAt = Date.now();
    const headers = { Accept: "application/json", "X-CSRF-Token": document.querySelector("meta[name=csrf-token]")?.content ?? "" };
    if (isByItself) headers["X-By-Itself"] = "1";
    const body = new URLSearchParams(cell ? { key: cell.key, field: cell.field } : {});
    // Nobody waits for the answer, and where it fails the next one may do.
    fetch(this.grid.dataset.presenceUrl, { method: "POST", headers, body, keepalive: true }).catch(() => null);
  }

  #warn({ key, field }) {
    const other = this.editing.find((one) => String(one.key) === String(key) && one.field === field);
    if (other) this.grid.tell(`${other.user} is editing this cell too. Whoever saves last is asked which text counts.`);
  }

  /* --- Others' cells --- */

  #showOthers(editing) {
    this.editing = editing;
    const now = new Map(editing.map((one) => [this.grid.cellOf({ ...one, key: String(one.key) }), one]));
    now.delete(null);
    for (const cell of this.#marked) if (!now.has(cell)) unmark(cell);
    for (const [cell, { user }] of now) mark(cell, user);
    this.#marked = new Set(now.keys());
    this.#announce(editing);
  }

  #announce(editing) {
    const names = new Set(editing.map(({ user }) => user));
    const begun = editing.filter(({ user }) => !this.#names.has(user));
    this.#names = names;
    if (!begun.length) return;
    const words = begun.map(({ user, key, field }) => `${user} is editing ${this.#labelOf(field)} in row ${key}.`);
    document.getElementById("announcer").textContent = words.join(" ");
  }

  #labelOf(field) {
    return this.grid.columns.find((column) => column.field === field)?.label ?? "a cell";
  }
}

function mark(cell, user) {
  cell.dataset.editing = user;
  cell.setAttribute("aria-description", `${user} is editing this cell`);
}

function unmark(cell) {
  delete cell.dataset.editing;
  cell.removeAttribute("aria-description");
}
