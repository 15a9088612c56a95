/* Edits on their way to the server: one after the other, in the order in which they were made, while people type on.

   An edit   {key, url, field, text, before, version}: the row, where it is posted, what, the text on which it is based, and the version
             of the row. The queue adds .body, the last answer, .lost, whether it may be stored without one, and .state:
     waiting    not sent yet, or sent and not answered          refused    the server does not take it: .body.error says why
     saving     sent                                            conflict   somebody else was faster: .body has both values
     saved      stored                                          dropped    given up, or replaced by a later edit of its cell

   add(edit)          puts it at the end, in place of an edit of its cell that was not saved
   hold(edit, state, body)   keeps one that was sent by other ways: it is "refused" or in "conflict"
   drop(edit)         forgets one that is not under way
   resume()           goes on where it stopped
   last(cell)         the last edit of a cell ({url, field}) that is neither saved nor dropped
   pending, unsaved   those that wait or are being saved; those that are refused or in conflict
   stopped            why nothing is sent, a sentence; "" while all is well. It goes on by itself where that may help, such as when
                      somebody comes back who has signed in in another tab.
   signIn             the page to sign in on where that is why it stopped, else ""
   settled()          resolves when nothing is pending, or the queue has stopped

   Events: "answer" with the edit as detail when it was saved, refused or is in conflict; "change" after whatever changed. */

import { send } from "./edit-request.js";

const FIRST_DELAY_MS = 2_000;
const LONGEST_DELAY_MS = 30_000;

const isOf = (cell) => (edit) => edit.url === cell.url && edit.field === cell.field;
const isOpen = ({ state }) => state === "refused" || state === "conflict";

export class SaveQueue extends EventTarget {
  #edits = [];
  #running = false;
  #delay = FIRST_DELAY_MS;
  #timer = 0;
  stopped = "";
  signIn = "";

  constructor() {
    super();
    for (const name of ["online", "focus"]) addEventListener(name, () => this.stopped && this.resume());
    document.addEventListener("visibilitychange", () => document.hidden || !this.stopped || this.resume());
  }

  get pending() {
    return this.#edits.filter((edit) => !isOpen(edit));
  }

  get unsaved() {
    return this.#edits.filter(isOpen);
  }

  last(cell) {
    return this.#edits.findLast(isOf(cell));
  }

  add(edit) {
    for (const older of this.unsaved.filter(isOf(edit))) this.#remove(older, "dropped");
    edit.state = "waiting";
    this.#edits.push(edit);
    this.#changed();
    this.#run();
  }

  hold(edit, state, body) {
    for (const older of this.unsaved.filter(isOf(edit))) this.#remove(older, "dropped");
    this.#edits.push(Object.assign(edit, { state, body }));
    this.#changed();
  }

  drop(edit) {
    this.#remove(edit, "dropped");
    this.#changed();
  }

  resume() {
    clearTimeout(this.#timer);
    this.stopped = "";
    this.#changed();
    this.#run();
  }

  settled() {
    return new Promise((resolve) => {
      const look = () => {
        if (this.pending.length && !this.stopped) return;
        this.removeEventListener("change", look);
        resolve();
      };
      this.addEventListener("change", look);
      look();
    });
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    while (!this.stopped && this.pending.length) await this.#save(this.pending[0]);
    this.#running = false;
  }

  async #save(edit) {
    edit.state = "saving";
    this.#changed();
    const { outcome, body } = await send(edit);
    if (outcome === "stopped") this.#stop(edit, body);
    else this.#answered(edit, outcome, body);
    this.#changed();
  }

  #stop(edit, { error, later, lost, signIn }) {
    edit.state = "waiting";
    this.signIn = signIn ?? "";
    edit.lost ||= Boolean(lost);
    this.stopped = error;
    if (!later) return;
    this.#timer = setTimeout(() => this.resume(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
  }

  #answered(edit, outcome, body) {
    this.#delay = FIRST_DELAY_MS;
    edit.body = body;
    edit.state = outcome;
    const newer = this.#edits.slice(this.#edits.indexOf(edit) + 1).find(isOf(edit));
    if (outcome === "saved") this.#remove(edit, "saved");
    else if (newer) {
      newer.before = edit.before; // This one never was in the cell.
      this.#remove(edit, "dropped");
    }
    this.dispatchEvent(new CustomEvent("answer", { detail: edit }));
  }

  #remove(edit, state) {
    edit.state = state;
    this.#edits = this.#edits.filter((one) => one !== edit);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
