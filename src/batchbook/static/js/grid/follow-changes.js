/* Changes by others to the rows of a grid, shown within two seconds: by polling, without a connection that is held open.

   new FollowChanges(grid)   grid: row-grid.js. Reads of the <row-grid>
     data-changes-url   where the server tells what changed since an earlier answer (batches/pages/rows/together_pages.py)
     data-these-url     where it renders rows by their keys, ?key=…&key=…
     data-since         the version of the answer that the page shows when it is rendered
     data-state         the state of the batch at that time, in words
     data-count         the number of all rows at that time, whatever the page shows of them

   A page that is looked at asks every two seconds; one that is hidden, has not been used for five minutes, or got no answer every ten.
   Whoever is signed out, or may not see the batch any more, is not asked for again before somebody comes back to the window.

   Rows that were loaded and have changed are rendered anew, but neither lose the focus, nor an open field, nor a text that is not saved. Older
   answers do not overwrite newer rows.

   Events on the <row-grid>, in this order:
     "rows-changed"      {keys, version, total}: the keys of the rows that changed; null where all may have. After the event, rows are
                         brought up to date, unless it was prevented: whoever loads the rows anew prevents it
     "cells-edited"      {editing}: [{key, field, user}], the cells that others have open now; after each answer */

import { fieldsOf } from "./columns.js";
import { replaceById } from "./page-parts.js";
import { numberFormat } from "./session.js";

const OFTEN_MS = 2_000;
const SELDOM_MS = 10_000;
const IDLE_MS = 300_000;
const PATIENCE_MS = 20_000;
/* How many rows are rendered by one answer. */
const AT_ONCE = 100;

export class FollowChanges {
  #timer = 0;
  #isAsking = false;
  #isOut = false;
  #failed = false;
  #usedAt = Date.now();

  constructor(grid) {
    this.grid = grid;
    this.since = grid.dataset.since;
    this.state = grid.dataset.state;
    this.total = "count" in grid.dataset ? Number(grid.dataset.count) : undefined;
    for (const name of ["pointermove", "keydown", "wheel"]) addEventListener(name, () => this.#used(), { passive: true, capture: true });
    addEventListener("focus", () => this.#comeBack());
    addEventListener("online", () => this.#comeBack());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#wait() : this.#comeBack()));
    this.#wait();
  }

  get #delay() {
    const isSeldom = document.hidden || this.#failed || Date.now() - this.#usedAt > IDLE_MS;
    return isSeldom ? SELDOM_MS : OFTEN_MS;
  }

  #used() {
    const wasIdle = Date.now() - this.#usedAt > IDLE_MS;
    this.#usedAt = Date.now();
    if (wasIdle) this.#comeBack();
  }

  #comeBack() {
    this.#usedAt = Date.now();
    this.#isOut = false;
    this.ask();
  }

  #wait() {
    clearTimeout(this.#timer);
    if (!this.#isOut) this.#timer = setTimeout(() => this.ask(), this.#delay);
  }

  /* Asks now, unless an answer is awaited. */
  async ask() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    clearTimeout(this.#timer);
    const answer = await this.#get(this.grid.dataset.changesUrl, [...new URLSearchParams(location.search), ["since", this.since]]);
    if (answer && this.grid.isConnected) await this.#show(answer);
    this.#isAsking = false;
    if (this.grid.isConnected) this.#wait();
  }

  async #get(url, query) {
    try {
      const answer = await fetch(`${url}?${new URLSearchParams(query)}`, {
        headers: { Accept: "application/json", ...numberFormat() },
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      this.#isOut = [401, 403, 404].includes(answer.status);
      this.#failed = !answer.ok;
      return answer.ok ? await answer.json() : null;
    } catch {
      this.#failed = true;
      return null;
    }
  }

  async #show({ version, keys, total, state, editing, ...html }) {
    if (version !== this.since) {
      const event = new CustomEvent("rows-changed", { detail: { keys, version, total }, cancelable: true });
      if (this.grid.dispatchEvent(event) && !(await this.#update(keys, total))) return; // The same is asked for again.
      this.since = version;
      replaceById("breakdown", html.counts_html);
      replaceById("problem-count", html.problems_html);
      replaceById("quick-filters", html.quick_html);
    }
    this.total = total;
    this.#tellState(state);
    this.grid.dispatchEvent(new CustomEvent("cells-edited", { detail: { editing } }));
  }

  /* Shows the rows among `keys` anew, or all; returns whether that was possible. */
  async #update(keys, total) {
    const { rows } = this.grid;
    const isOther = this.total !== undefined && total !== this.total;
    if (rows.isWindowed && (!keys || isOther)) return rows.reload().then(() => true, () => false);
    if (isOther) this.grid.tell("Rows were added. Reload the page to see them.");
    const loaded = keys ? keys.map((key) => rows.find(key)).filter(Boolean) : rows.all;
    return this.#fetch(loaded.map(({ dataset }) => dataset.key).filter(Boolean));
  }

  async #fetch(keys) {
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const part = keys.slice(at, at + AT_ONCE).map((key) => ["key", key]);
      const columns = ["columns", fieldsOf(this.grid.columns)];
      const answer = await this.#get(this.grid.dataset.theseUrl, [...new URLSearchParams(location.search), ...part, columns]);
      if (!answer) return false;
      this.grid.updateRows(answer.html);
    }
    return true;
  }

  /* What can be done with the batch is another matter now: the page as a whole is out of date. */
  #tellState(state) {
    if (state !== this.state) this.grid.tell(`This batch is ${state} now. Reload the page to go on with it.`);
    this.state = state;
  }
}
