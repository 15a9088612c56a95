/* Edits that were not saved when the page was reloaded or crashed: kept in this tab, and offered when it is back.

   new KeptEdits(grid)   grid: row-grid.js with its queue

   What save-queue.js has not saved is written to sessionStorage after each change, under the person, the signs of their numbers, and the batch: it outlives a reload
   and a crash that the browser recovers from, is in no other tab, and ends with the tab. Somebody else who signs in in the same tab is
   shown nothing of it.

   When the page opens and finds some, a notice above the grid says which cells they are, and offers to save or to discard them. Until
   somebody decides, they stay kept. Saved again, each is based on the text that it was typed over, as it was before: where somebody else
   has changed the cell meanwhile, it is a conflict. */

const PREFIX = "batchbook.unsaved";
const FIELDS = ["key", "url", "field", "text", "before", "version"];
/* How many cells the notice names. */
const NAMED = 10;

export class KeptEdits {
  constructor(grid) {
    this.grid = grid;
    this.place = [PREFIX, grid.dataset.user, Object.values(grid.signs).join(""), location.pathname].join(" ");
    this.offered = this.#read();
    if (this.offered.length) this.#offer();
    grid.queue.addEventListener("change", () => this.#write());
  }

  #read() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.place) ?? "[]");
      return kept.filter((edit) => typeof edit.text === "string" && isHere(edit.url));
    } catch {
      return [];
    }
  }

  #write() {
    const { pending, unsaved } = this.grid.queue;
    const edits = [...this.offered, ...unsaved, ...pending].map((edit) => Object.fromEntries(FIELDS.map((name) => [name, edit[name]])));
    try {
      if (edits.length) sessionStorage.setItem(this.place, JSON.stringify(edits));
      else sessionStorage.removeItem(this.place);
    } catch {
      // Storage is full or switched off: the browser still asks before it leaves the page.
    }
  }

  #offer() {
    const count = this.offered.length;
    const cells = count === 1 ? "1 cell that you typed was" : `${count} cells that you typed were`;
    this.notice = element("section", "notice notice-warning kept-edits");
    this.notice.setAttribute("aria-label", "Cells that were not saved");
    const body = element("div", "notice-body");
    const list = element("ul", "kept-list");
    list.append(...this.offered.slice(0, NAMED).map((edit) => element("li", "", this.#words(edit))));
    if (count > NAMED) list.append(element("li", "", `and ${count - NAMED} more`));
    const buttons = element("p", "buttons");
    buttons.append(button("Save them now", "primary", () => this.#save()), button("Discard them", "plain", () => this.#discard()));
    body.append(element("p", "", `${cells} not saved when this page was left.`), list, buttons);
    this.notice.append(element("span", "notice-sign", "!"), body);
    this.notice.firstChild.setAttribute("aria-hidden", "true");
    this.grid.before(this.notice);
    document.getElementById("announcer").textContent = `${cells} not saved when this page was left. You can save or discard them above the grid.`;
  }

  #words({ key, field, text }) {
    const label = this.grid.columns.find((column) => column.field === field)?.label ?? field;
    return `Row ${key}, ${label}: ${text || "(empty)"}`;
  }

  #save() {
    const edits = this.offered;
    this.#close();
    for (const edit of edits) this.grid.queue.add({ ...edit });
  }

  #discard() {
    this.#close();
    this.#write();
    this.grid.tell("What was not saved was discarded. The cells show the saved values.");
  }

  #close() {
    this.offered = [];
    this.notice.remove();
    this.grid.focusActive();
  }
}

/* Edits are sent to this application only, whatever the storage holds. */
function isHere(url) {
  return typeof url === "string" && new URL(url, location.href).origin === location.origin && url.startsWith("/");
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function button(label, kind, pressed) {
  const made = element("button", `button button-${kind} button-small`, label);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}
