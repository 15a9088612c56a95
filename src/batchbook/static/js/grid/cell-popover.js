/* <cell-popover>: a small card beside a cell. It never takes the focus by itself.

   popover.say(text)                       a message; stays until removed
   popover.ask({text, mine, theirs, before})   the values of a conflict, what both replaced, and the choice between them;
                                           dispatches "choose" with detail "mine" | "theirs"
   popover.offer({text, texts})            what is wrong and texts that would do instead, a button each; dispatches "take" with the
                                           text as detail
   popover.hasButtons, popover.enter()     whether there is something to press; goes to the first button. Arrows go on from there;
                                           Escape, and going up from the first, dispatch "leave"
   popover.beside(element)                 where it stands; follows scrolling and resizing while it is in the page

   It is placed by the CSSOM, which a strict Content-Security-Policy allows. */

const GAP = 6;

class CellPopover extends HTMLElement {
  connectedCallback() {
    this.className = "cell-popover";
    this.place = () => this.#place();
    addEventListener("scroll", this.place, { capture: true, passive: true });
    addEventListener("resize", this.place);
  }

  disconnectedCallback() {
    removeEventListener("scroll", this.place, { capture: true });
    removeEventListener("resize", this.place);
  }

  beside(element) {
    this.anchor = element;
    if (!this.isConnected) (document.getElementById("main") ?? document.body).append(this);
    this.#place();
  }

  say(text) {
    this.setAttribute("role", "alert");
    this.classList.add("cell-popover-error");
    this.replaceChildren(paragraph(text));
    this.#place();
  }

  ask({ text, mine, theirs, before }) {
    const values = document.createElement("dl");
    values.append(...pair("You wrote", mine), ...pair("Saved now", theirs), ...pair("Before", before));
    const buttons = [this.#button("Use mine", "primary", "choose", "mine"), this.#button("Keep theirs", "plain", "choose", "theirs")];
    this.#group("Two versions of this cell", [paragraph(text), values], buttons);
  }

  offer({ text, texts }) {
    const buttons = texts.map((one) => this.#button(one, "plain", "take", one));
    this.#group("Suggestions for this cell", [paragraph(text)], buttons);
  }

  get hasButtons() {
    return this.querySelector("button") !== null;
  }

  enter() {
    this.querySelector("button").focus();
  }

  #group(label, content, buttons) {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", label);
    const line = document.createElement("div");
    line.className = "buttons";
    line.append(...buttons);
    this.replaceChildren(...content, line);
    // A press takes the focus from nobody: the field would be left before the click arrives.
    this.addEventListener("mousedown", (event) => event.preventDefault());
    this.addEventListener("keydown", (event) => this.#step(event));
    this.#place();
  }

  #step(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const buttons = [...this.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (event.key === "Escape" || (step === -1 && !next)) this.dispatchEvent(new CustomEvent("leave"));
    else if (step) next?.focus();
    else return;
    event.preventDefault();
  }

  #button(label, kind, name, detail) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `button button-small button-${kind}`;
    button.textContent = label;
    button.addEventListener("click", () => this.dispatchEvent(new CustomEvent(name, { detail })));
    return button;
  }

  #place() {
    if (!this.anchor?.isConnected) return;
    const cell = this.anchor.getBoundingClientRect();
    const own = this.getBoundingClientRect();
    const below = cell.bottom + GAP + own.height <= innerHeight;
    const left = Math.min(cell.left, document.documentElement.clientWidth - own.width - GAP);
    this.style.left = `${Math.max(GAP, left)}px`;
    this.style.top = `${below ? cell.bottom + GAP : Math.max(GAP, cell.top - GAP - own.height)}px`;
  }
}

function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

function pair(label, value) {
  const dt = document.createElement("dt");
  const dd = document.createElement("dd");
  dt.textContent = label;
  dd.textContent = value === "" || value == null ? "(empty)" : value;
  return [dt, dd];
}

customElements.define("cell-popover", CellPopover);
