/* <cell-popover>: a small card beside a cell, for what went wrong there.

   popover.say(text)                       a message; stays until removed
   popover.ask({text, mine, theirs})       the two values of a conflict and the choice between them;
                                           dispatches "choose" with detail "mine" | "theirs"
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
    if (!this.isConnected) document.body.append(this);
    this.#place();
  }

  say(text) {
    this.setAttribute("role", "alert");
    this.classList.add("cell-popover-error");
    this.replaceChildren(paragraph(text));
  }

  ask({ text, mine, theirs }) {
    this.setAttribute("role", "alertdialog");
    this.setAttribute("aria-label", "Two versions of this cell");
    const values = document.createElement("dl");
    values.append(...pair("You wrote", mine), ...pair("Saved now", theirs));
    const buttons = document.createElement("div");
    buttons.className = "buttons";
    buttons.append(this.#choice("mine", "Use mine", "primary"), this.#choice("theirs", "Keep theirs", "plain"));
    this.replaceChildren(paragraph(text), values, buttons);
    this.#place();
    buttons.firstElementChild.focus();
  }

  #choice(detail, label, kind) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `button button-small button-${kind}`;
    button.textContent = label;
    button.addEventListener("click", () => this.dispatchEvent(new CustomEvent("choose", { detail })));
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
