/* Records that a cell may name, offered below its field while somebody types: a combobox with a list (WAI-ARIA).

   new ReferenceList(grid, column, field, take)   column: one with data-reference; field: the editor's; take(): stores what is in the field
   search()      asks for records that begin with the field's text, a moment after the last key; done at every input
   key(event)    whether the list had the key. Arrow down and up go through it, Alt+Arrow down opens it, Escape closes it. Enter and Tab put
                 the chosen record into the field, and are the editor's otherwise, which stores it
   close()
   Reads of the <row-grid>
     data-lookup-url   where they are asked for (batches/pages/rows/lookup_endpoint.py): [{text, label}]

   The focus stays in the field. Where nothing can be asked for, nothing is offered, and any text may be typed. */

const PAUSE_MS = 120;
const ID = "reference-list";

export class ReferenceList {
  #request = null;
  #timer = 0;
  #at = -1;

  constructor(grid, column, field, take) {
    Object.assign(this, { grid, column, field, take });
    this.list = document.createElement("ul");
    Object.assign(this.list, { id: ID, className: "reference-list" });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", column.label);
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // Takes the focus from nobody.
    this.list.addEventListener("click", ({ target }) => this.#click(target.closest("li")));
    this.place = () => this.#place();
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-haspopup", "listbox");
    field.setAttribute("aria-expanded", "false");
    field.addEventListener("input", () => this.search());
  }

  get isOpen() {
    return this.list.isConnected;
  }

  search() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), PAUSE_MS);
  }

  key({ key, altKey, shiftKey }) {
    if (key === "ArrowDown" && altKey && !this.isOpen) this.#ask();
    else if (!this.isOpen || shiftKey) return false;
    else if (key === "ArrowDown") this.#choose(this.#at + 1);
    else if (key === "ArrowUp") this.#choose(this.#at - 1);
    else if (key === "Escape") this.close();
    else {
      if (key === "Enter" || key === "Tab") this.#fill();
      return false;
    }
    return true;
  }

  close() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.list.remove();
    removeEventListener("scroll", this.place, { capture: true });
    removeEventListener("resize", this.place);
    this.field.setAttribute("aria-expanded", "false");
    for (const name of ["aria-controls", "aria-activedescendant"]) this.field.removeAttribute(name);
  }

  async #ask() {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    const query = new URLSearchParams({ field: this.column.field, q: this.field.value });
    try {
      const answer = await fetch(`${this.grid.dataset.lookupUrl}?${query}`, { headers: { Accept: "application/json" }, signal: request.signal });
      const found = answer.ok ? await answer.json() : [];
      if (!request.signal.aborted) this.#show(found);
    } catch {
      if (!request.signal.aborted) this.close();
    }
  }

  #show(found) {
    if (!found.length || !this.field.isConnected) return this.close();
    this.#at = -1;
    this.list.replaceChildren(...found.map(option));
    this.field.removeAttribute("aria-activedescendant");
    if (!this.isOpen) {
      (document.getElementById("main") ?? document.body).append(this.list);
      addEventListener("scroll", this.place, { capture: true, passive: true });
      addEventListener("resize", this.place);
      this.field.setAttribute("aria-expanded", "true");
      this.field.setAttribute("aria-controls", ID);
    }
    this.#place();
    return this.grid.announce(found.length === 1 ? "1 suggestion." : `${found.length} suggestions.`);
  }

  /* Before the first and behind the last one is what was typed. */
  #choose(at) {
    const options = [...this.list.children];
    options[this.#at]?.setAttribute("aria-selected", "false");
    this.#at = at < -1 ? options.length - 1 : at >= options.length ? -1 : at;
    const chosen = options[this.#at];
    if (!chosen) return this.field.removeAttribute("aria-activedescendant");
    chosen.setAttribute("aria-selected", "true");
    chosen.scrollIntoView({ block: "nearest" });
    return this.field.setAttribute("aria-activedescendant", chosen.id);
  }

  #fill() {
    const chosen = this.list.children[this.#at];
    if (chosen) this.field.value = chosen.dataset.text;
    this.close();
  }

  #click(chosen) {
    if (!chosen) return;
    this.#at = [...this.list.children].indexOf(chosen);
    this.#fill();
    this.take();
  }

  #place() {
    const { left, top, bottom } = this.field.getBoundingClientRect();
    const { offsetWidth, offsetHeight, style } = this.list;
    style.left = `${Math.max(4, Math.min(left, document.documentElement.clientWidth - offsetWidth - 4))}px`;
    style.top = `${bottom + 2 + offsetHeight <= innerHeight ? bottom + 2 : Math.max(4, top - 2 - offsetHeight)}px`;
  }
}

function option({ text, label }, at) {
  const item = document.createElement("li");
  item.id = `${ID}-${at}`;
  item.dataset.text = text;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  const words = document.createElement("span");
  words.textContent = label === text ? "" : label;
  item.append(text, " ", words);
  return item;
}
