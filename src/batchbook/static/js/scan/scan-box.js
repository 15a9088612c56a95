/* <scan-box>: the box into which codes are scanned or typed, on a form that the server rendered and that works by itself.

   scan-box > form    where a scan is posted; its field and its button

   Each scan goes into a queue (scan-queue.js, kept by scan-store.js), so the next one need not wait for the answer, and the field keeps
   the focus. What a scan did is told by the list beside the field (scan-log.js), by colour, by a sound (scan-sounds.js), and, once nobody
   scans for a moment, to those who listen. The rows that changed are shown in the grid.

   scan-box[data-outcome]   success | warning | error: what became of the last scan

   Enter, or Tab where a scanner ends its codes by it, enters what is in the field. Ctrl+Z (⌘ on a Mac) in an empty field takes the last
   scan back: it undoes that operation, as the button does. A figure that is typed where no field is goes into this one. */

import { leaveWhenSaved } from "../grid/leave-when-saved.js";
import { call, tokenOf } from "../grid/session.js";
import { ScanLog } from "./scan-log.js";
import { ScanQueue } from "./scan-queue.js";
import { play, setSounds, soundsAreOn } from "./scan-sounds.js";
import { ScanStore } from "./scan-store.js";
import { ShownRows } from "./shown-rows.js";

/* Characters that follow each other faster come from a scanner. */
const SCANNER_MS = 60;
const QUIET_MS = 400;
/* Waiting scans are told when they have waited that long. */
const CALM_MS = 1_000;
const LONG_MS = 60_000;
const LATEST = "latest";

class ScanBox extends HTMLElement {
  #done = [];
  #said = [];
  #timers = {};
  #typedAt = 0;

  connectedCallback() {
    this.form = this.querySelector("form");
    this.field = this.querySelector("input[name=text]");
    if (!this.field || this.queue) return;
    const { action } = this.form;
    this.queue = new ScanQueue(action, new ScanStore(`${tokenOf(document)?.dataset.user ?? ""} ${new URL(action).pathname}`));
    this.rows = new ShownRows(this);
    this.#build();
    this.#done = this.queue.store.done;
    for (const answer of this.#done) this.log.told(moodOf(answer), answer.message, pathOf(answer.url));
    this.#listen();
    leaveWhenSaved(this.queue, (text) => text && this.#say(text));
    this.#show();
    if (document.activeElement === document.body && !location.hash && matchMedia("(pointer: fine)").matches) this.field.focus();
  }

  /* --- Entering --- */

  #enter() {
    const text = this.field.value.trim();
    this.field.value = "";
    this.field.focus();
    if (text) this.queue.add(text);
  }

  #answered(answered) {
    const moods = new Set();
    for (const { scan, answer } of answered) {
      const mood = moodOf(answer);
      moods.add(mood);
      if (answer.error) this.#say(`“${scan.text}” was not entered. ${answer.error}`);
      else this.#entered(answer, mood);
    }
    // Of several that waited together, the worst is heard and seen.
    const worst = ["error", "warning", "success"].find((mood) => moods.has(mood));
    this.#mark(worst);
    play(worst);
  }

  #entered(answer, mood) {
    this.#done.push(answer);
    this.queue.store.keep(this.#done);
    this.log.told(mood, answer.message, pathOf(answer.url));
    this.#say(answer.message, LATEST);
    this.rows.changed(answer.sequence);
  }

  /* --- Taking back --- */

  async #takeBack() {
    this.field.focus();
    const waiting = this.queue.pending.findLast(({ tried }) => !tried);
    if (waiting && this.queue.drop(waiting)) {
      this.#tellBack(`“${waiting.text}” was taken back before it was sent.`);
      return;
    }
    await this.queue.settled();
    if (this.queue.stopped) this.#say("The last scan is on its way. It can be taken back once the server has answered.");
    else if (this.#done.length) await this.#undo(this.#done.at(-1));
    else this.#say("There is no scan on this page to be taken back. “Undo” above the rows takes back earlier ones.");
  }

  async #undo(last) {
    try {
      const { message } = await call(pathOf(last.undo_url), {});
      this.#done = this.#done.filter((one) => one !== last);
      this.queue.store.keep(this.#done);
      this.#tellBack(message);
      this.rows.changed(last.sequence);
    } catch (error) {
      this.#mark("error");
      play("error");
      this.log.told("error", error.message);
      this.#say(error.message);
    }
    this.#show();
  }

  #tellBack(message) {
    this.#mark("");
    this.log.told("back", message);
    this.#say(message);
  }

  /* --- What is shown and said --- */

  #mark(outcome) {
    delete this.dataset.outcome;
    if (!outcome) return;
    void this.offsetWidth; // Begins the animation anew.
    this.dataset.outcome = outcome;
  }

  /* Those who listen would hear of nothing else if each scan were told at once: of those that went well, only the last one is. */
  #say(text, kind = "") {
    if (kind) this.#said = this.#said.filter((one) => one.kind !== kind);
    this.#said.push({ text, kind });
    clearTimeout(this.#timers.say);
    this.#timers.say = setTimeout(() => {
      document.getElementById("announcer").textContent = this.#said.map((one) => one.text).join(" ");
      this.#said = [];
    }, QUIET_MS);
  }

  #show() {
    const { pending, unsaved, stopped, signIn, store } = this.queue;
    this.log.showRefused(unsaved, (scan) => {
      this.queue.dismiss(scan);
      this.field.focus();
    });
    this.back.disabled = !pending.length && !this.#done.length;
    const isLate = pending.length > 0 && Date.now() - pending[0].at > CALM_MS;
    this.state.hidden = !isLate && !(stopped && pending.length);
    this.state.classList.toggle("scan-stopped", Boolean(stopped));
    this.state.firstChild.textContent = this.state.hidden ? "" : this.#waiting(pending.length, stopped, store.isKept);
    this.state.lastChild.hidden = !signIn;
    this.state.lastChild.href = signIn || "#";
    this.#tellOutage(stopped && pending.length ? stopped : "");
    clearTimeout(this.#timers.show);
    if (pending.length) this.#timers.show = setTimeout(() => this.#show(), CALM_MS);
  }

  #waiting(count, stopped, isKept) {
    const scans = count === 1 ? "1 scan" : `${count} scans`;
    if (!stopped) return `${scans} on the way…`;
    const minutes = Math.floor((Date.now() - this.queue.since) / LONG_MS);
    const long = minutes ? ` It has been so for ${minutes === 1 ? "a minute" : `${minutes} minutes`}.` : "";
    const where = isKept ? "in this browser" : "on this page";
    return `${stopped}${long} Go on: ${scans} ${count === 1 ? "is" : "are"} kept ${where} and sent as soon as possible.`;
  }

  #tellOutage(stopped) {
    if (stopped && stopped !== this.outage) this.#say(this.state.firstChild.textContent);
    else if (!stopped && this.outage) this.#say("All scans were sent.");
    this.outage = stopped;
  }

  /* --- Becoming a box --- */

  #build() {
    for (const [name, value] of Object.entries({ autocapitalize: "none", spellcheck: "false", enterkeyhint: "enter" })) this.field.setAttribute(name, value);
    this.back = button("Take back", "button button-plain button-small", () => this.#takeBack());
    const key = Object.assign(document.createElement("kbd"), { textContent: navigator.platform.startsWith("Mac") ? "⌘Z" : "Ctrl+Z" });
    this.back.append(" ", key);
    this.sound = button("Sound", "button button-quiet button-small scan-sound", () => {
      setSounds(!soundsAreOn());
      this.#showSound();
      play("success");
      this.field.focus();
    });
    this.#showSound();
    const tools = document.createElement("div");
    tools.className = "scan-tools";
    tools.append(this.back, this.sound);
    this.state = document.createElement("p");
    this.state.className = "scan-state";
    this.state.append(document.createElement("span"), Object.assign(document.createElement("a"), { className: "button button-plain button-small", target: "_blank", textContent: "Sign in" }));
    const list = Object.assign(document.createElement("ol"), { className: "scan-log" });
    list.setAttribute("aria-label", "Last scans");
    this.log = new ScanLog(list);
    this.append(tools, this.state, list);
    this.toggleAttribute("data-ready", true);
  }

  #showSound() {
    this.sound.setAttribute("aria-pressed", String(soundsAreOn()));
  }

  #listen() {
    this.queue.addEventListener("answers", ({ detail }) => this.#answered(detail));
    this.queue.addEventListener("change", () => this.#show());
    this.form.querySelector("button").addEventListener("click", (event) => {
      event.preventDefault();
      this.#enter();
    });
    this.field.addEventListener("keydown", (event) => this.#pressed(event));
    this.field.addEventListener("input", () => (this.#typedAt = performance.now()));
    addEventListener("beforeunload", (event) => this.queue.pending.length && event.preventDefault());
    document.addEventListener("keydown", ({ key, target, ctrlKey, altKey, metaKey }) => {
      if (target.matches("body, main") && /^[0-9]$/.test(key) && !(ctrlKey || altKey || metaKey)) this.field.focus();
    });
  }

  #pressed(event) {
    const { key, isComposing, ctrlKey, metaKey, altKey, shiftKey } = event;
    const isScanned = key === "Tab" && !shiftKey && this.field.value && performance.now() - this.#typedAt < SCANNER_MS;
    const isBack = (ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === "z" && !this.field.value;
    if (isComposing || !(key === "Enter" || isScanned || isBack)) return;
    event.preventDefault();
    if (isBack) this.#takeBack();
    else this.#enter();
  }
}

function moodOf({ error, severity }) {
  if (error) return "error";
  return ["warning", "error"].includes(severity) ? "warning" : "success";
}

/* An address of this application only, whatever the storage holds. */
function pathOf(url) {
  return typeof url === "string" && /^\/(?!\/)/.test(url) ? url : "";
}

function button(label, className, pressed) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = label;
  element.addEventListener("click", pressed);
  return element;
}

customElements.define("scan-box", ScanBox);
