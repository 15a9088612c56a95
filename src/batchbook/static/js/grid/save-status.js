/* <save-status>: a bar at the foot of the window that says what is not saved yet, as long as there is something to say.

   bar.watch(queue)     the save-queue.js that it tells of; it asks the browser to keep the page while anything is not saved
   bar.tell(text)       a sentence about the last key or click, until the next tell; read to those who do not see it
   Events: "next" when somebody wants to go to the next cell that was not saved, "retry" before the queue is resumed */

const isConflict = ({ state }) => state === "conflict";

class SaveStatus extends HTMLElement {
  connectedCallback() {
    this.className = "save-status";
    this.hidden = true;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Unsaved cells");
    this.note = this.#line();
    this.pending = this.#line("save-status-pending");
    this.stopped = this.#line("save-status-problem", "!", "Try again", () => this.#retry());
    this.signIn = this.stopped.insertBefore(signInLink(), this.stopped.lastChild);
    this.unsaved = this.#line("save-status-problem", "✕", "Go to the next", () => this.dispatchEvent(new Event("next")), "F8");
  }

  watch(queue) {
    this.queue = queue;
    this.said = { stopped: "", unsaved: 0, saved: 0, message: "" };
    queue.addEventListener("answer", ({ detail }) => this.#count(detail));
    queue.addEventListener("change", () => this.#show());
    addEventListener("beforeunload", (event) => (queue.pending.length || queue.unsaved.length) && event.preventDefault());
  }

  tell(text) {
    this.#say(this.note, text);
    if (text) announce(text);
  }

  #retry() {
    this.dispatchEvent(new Event("retry"));
    this.queue.resume();
  }

  #count({ state, body, lost }) {
    this.said.stopped = "";
    if (state !== "saved") return;
    this.said.saved += 1;
    this.said.message = lost ? "1 cell saved." : body.message; // Sent twice, it changed nothing the second time.
  }

  #show() {
    const { pending, unsaved, stopped, signIn } = this.queue;
    this.signIn.hidden = !signIn;
    this.signIn.href = signIn;
    this.#say(this.pending, pending.length && !stopped ? `Saving ${cells(pending.length)}…` : "");
    this.#say(this.stopped, stopped && `${stopped} ${cells(pending.length, "is", "are")} not saved yet.`);
    this.#say(this.unsaved, unsaved.length ? notSaved(unsaved) : "");
    this.#announce(stopped, unsaved);
  }

  /* Not each cell: who types fast would hear of nothing else. */
  #announce(stopped, unsaved) {
    if (stopped && stopped !== this.said.stopped) {
      announce(this.stopped.textNode.textContent);
      this.said.stopped = stopped; // What is tried again and again is told once.
    }
    if (this.queue.pending.length) return;
    const { saved, message } = this.said;
    const news = [saved > 1 ? `${cells(saved)} saved.` : message];
    if (unsaved.length > this.said.unsaved) news.push(`${notSaved(unsaved)} F8 goes to the next one.${choice(unsaved)}`);
    if (news.join("")) announce(news.join(" ").trim());
    Object.assign(this.said, { unsaved: unsaved.length, saved: 0, message: "" });
  }

  #say(line, text) {
    if (line.textNode.textContent !== text) line.textNode.textContent = text;
    line.hidden = !text;
    this.hidden = [...this.children].every((one) => one.hidden);
  }

  #line(className = "", sign = "", label = "", pressed = null, key = "") {
    const line = document.createElement("p");
    line.className = `save-status-line ${className}`;
    line.hidden = true;
    line.textNode = document.createElement("span");
    if (sign) line.append(marked("span", "cell-flag", sign));
    line.append(line.textNode);
    if (pressed) line.append(button(label, pressed, key));
    this.append(line);
    return line;
  }
}

function cells(count, one = "", many = "") {
  return `${count} ${count === 1 ? "cell" : "cells"} ${count === 1 ? one : many}`.trim();
}

function notSaved(edits) {
  const conflicts = edits.filter(isConflict).length;
  const which = conflicts === edits.length ? "" : `, ${conflicts} of them`;
  const why = conflicts ? `${which} because of a conflict: somebody else changed the same cell meanwhile` : "";
  return `${cells(edits.length, "was", "were")} not saved${why}.`;
}

function choice(edits) {
  return edits.some(isConflict) ? " In a cell with a conflict, arrow down leads to the choice between your value and theirs." : "";
}

function announce(text) {
  document.getElementById("announcer").textContent = text;
}

function marked(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  element.setAttribute("aria-hidden", "true");
  return element;
}

function signInLink() {
  const element = document.createElement("a");
  element.className = "button button-plain button-small";
  element.target = "_blank";
  element.textContent = "Sign in";
  element.hidden = true;
  return element;
}

function button(label, pressed, key) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button button-plain button-small";
  element.append(label);
  if (key) element.append(" ", marked("kbd", "", key));
  element.addEventListener("click", pressed);
  return element;
}

customElements.define("save-status", SaveStatus);
