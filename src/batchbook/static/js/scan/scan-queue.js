/* Scans on their way to the server: in their order, those that wait together, each stored once, also while the server is away for a while.

   new ScanQueue(url, store)   url: where a scan is posted; store: scan-store.js
   add(text)       takes a scan                        drop(scan)   forgets one that was never sent; returns whether it could
   dismiss(scan)   forgets one that was refused
   pending, unsaved   those to be sent, and those that were refused: with `settled()` what leave-when-saved.js asks of a queue
   stopped         why nothing is sent, a sentence; "" while all is well        since   when that began, in ms
   signIn          the page to sign in on where that is why
   resume()        tries again now; it does so by itself, too, every few seconds

   Only one tab sends at a time, by a lock of the browser; when it is closed, another tab that has the batch open goes on with what is
   left. Where the browser has no locks, several may send the same scan: the server stores it once by its key.

   Events: "change" after whatever changed; "answers" with [{scan, answer}] when some were stored or
   refused, in all tabs; see scan-request.js. */

import { MOST, send } from "./scan-request.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 3_000;
/* The server knows keys for fifteen days. What was sent long ago without an answer may be stored, and is not sent again. */
const LONGEST_MS = 14 * 24 * 3_600_000;
const TOO_OLD = "This was sent more than two weeks ago, and the answer was lost. Look whether it was entered, and scan it again if not.";

export class ScanQueue extends EventTarget {
  #isSending = false;
  #delay = FIRST_DELAY_MS;
  #timer = 0;
  #channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("batchbook.scan") : null;
  stopped = "";
  signIn = "";
  since = 0;

  constructor(url, store) {
    super();
    this.url = url;
    this.store = store;
    store.addEventListener("change", () => this.#changed());
    this.#channel?.addEventListener("message", ({ data }) => data.place === store.prefix && this.#answered(data));
    for (const name of ["online", "focus"]) addEventListener(name, () => this.stopped && this.resume());
    document.addEventListener("visibilitychange", () => document.hidden || this.resume());
    this.#run();
  }

  get pending() {
    return this.store.pending;
  }

  get unsaved() {
    return this.store.refused;
  }

  add(text) {
    const scan = this.store.add(text);
    if (!this.stopped) this.#run();
    return scan;
  }

  drop(scan) {
    const kept = this.pending.find(({ key }) => key === scan.key);
    if (!kept || kept.tried) return false;
    this.store.remove(kept);
    return true;
  }

  dismiss(scan) {
    this.store.remove(scan);
  }

  resume() {
    clearTimeout(this.#timer);
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
    if (this.#isSending || !this.pending.length) return;
    this.#isSending = true;
    clearTimeout(this.#timer);
    await alone(this.store.prefix, () => this.#sendAll());
    this.#isSending = false;
    if (this.stopped) this.#timer = setTimeout(() => this.resume(), this.#delay);
    else if (this.pending.length) this.#run(); // One came just now.
  }

  async #sendAll() {
    const now = Date.now();
    const isOld = ({ tried }) => tried && now - tried > LONGEST_MS;
    this.#close(this.pending.filter(isOld).map((scan) => ({ scan, answer: { error: TOO_OLD } })));
    for (let scans = this.pending.slice(0, MOST); scans.length; scans = this.pending.slice(0, MOST)) {
      for (const scan of scans) if (!scan.tried) this.store.update({ ...scan, tried: Date.now() });
      const { outcome, answers, error, signIn } = await send(this.url, scans);
      if (outcome === "stopped") return this.#stop(error, signIn);
      this.#close(scans.map((scan, at) => ({ scan, answer: outcome === "done" ? answers[at] : { error } })));
    }
  }

  #stop(error, signIn) {
    this.#delay = this.stopped ? Math.min(this.#delay * 2, LONGEST_DELAY_MS) : FIRST_DELAY_MS;
    this.since ||= Date.now();
    Object.assign(this, { stopped: error, signIn });
    this.#changed();
  }

  #close(answered) {
    if (!answered.length) return;
    Object.assign(this, { stopped: "", signIn: "", since: 0 });
    for (const { scan, answer } of answered) {
      if (answer.error) this.store.update({ ...scan, error: answer.error });
      else this.store.remove(scan);
    }
    const message = { place: this.store.prefix, answered };
    this.#channel?.postMessage(message);
    this.#answered(message);
  }

  #answered({ answered }) {
    this.dispatchEvent(new CustomEvent("answers", { detail: answered }));
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/* Runs `work` while no other tab runs it under this name. Without locks, it just runs. */
async function alone(name, work) {
  if (navigator.locks) await navigator.locks.request(name, work);
  else await work();
}
