/* <grid-menu>: the menu of a cell or a column, by right click or Shift+F10.

   menu.open(grid, at)   at: {x, y} in the window; items are those of the grid's commands and of the column in focus
   Arrows, Home, End and first letters move in it, Enter chooses, Escape and Tab close it, and so does a click elsewhere. */

import { hasComments, hasHistory, openComments, sameAs } from "./cell-pages.js";
import { runCommand } from "./commands.js";
import { shownKey } from "./keyboard.js";

const STEP_PX = 24;

class GridMenu extends HTMLElement {
  open(grid, { x, y }) {
    this.grid = grid;
    this.className = "grid-menu";
    this.setAttribute("role", "menu");
    this.setAttribute("aria-label", "Actions for the selected cells");
    this.replaceChildren(...this.#items().map((item) => this.#item(item)));
    if (!this.isConnected) (document.getElementById("main") ?? document.body).append(this);
    this.style.left = `${Math.max(4, Math.min(x, innerWidth - this.offsetWidth - 4))}px`;
    this.style.top = `${Math.max(4, Math.min(y, innerHeight - this.offsetHeight - 4))}px`;
    this.addEventListener("keydown", (event) => this.#key(event));
    this.outside = (event) => this.contains(event.target) || this.close(false);
    addEventListener("pointerdown", this.outside, { capture: true });
    this.#focus(0);
  }

  close(isBack = true) {
    removeEventListener("pointerdown", this.outside, { capture: true });
    this.remove();
    if (isBack) this.grid.focusActive();
  }

  #items() {
    const { grid } = this;
    const { column: at, row } = grid.selection.focus;
    const { layout } = grid;
    const column = grid.columns[at];
    const command = (name, label) => ({ label, key: shownKey(name), run: () => runCommand(grid, name) });
    const ofCells = [];
    if (row >= 0) ofCells.push({ label: "Copy", key: shownKey("copy"), run: () => document.execCommand("copy") });
    if (row >= 0 && grid.blocks.isPossible) {
      ofCells.push(command("clear", "Empty"), command("fillDown", "Fill down"), command("fillRight", "Fill right"), command("undo", "Undo"), command("redo", "Redo"));
    }
    const link = row >= 0 && grid.active?.closest("tr").querySelector("th a[href]");
    if (link) ofCells.push({ label: "Open the row’s page", run: () => link.click() });
    const same = row >= 0 && sameAs(grid);
    if (same) ofCells.push({ label: "Same as this cell", run: same });
    if (row >= 0 && hasHistory(grid)) ofCells.push(command("history", "History of this cell"));
    if (row >= 0 && hasComments(grid)) ofCells.push({ label: "Comments…", run: () => openComments(grid) });
    if (row >= 0) ofCells.push(command("find", "Find…"), command("nextProblem", "Next problem"));
    const place = grid.shown.indexOf(at);
    const ofColumn = [
      { label: "Wider", stays: true, run: () => this.#width(at, layout.width(at) + STEP_PX) },
      { label: "Narrower", stays: true, run: () => this.#width(at, layout.width(at) - STEP_PX) },
      { label: "Fit to its texts", run: () => layout.fit(at) },
      place > 0 && { label: "Move left", run: () => grid.moveColumn(at, grid.shown[place - 1]) },
      place < grid.shown.length - 1 && { label: "Move right", run: () => grid.moveColumn(at, grid.shown[place + 1]) },
      grid.shown.length > 1 && { label: "Hide", run: () => layout.hide(at, true) },
      { label: layout.frozen === place + 1 ? "Freeze no columns" : "Freeze up to here", run: () => layout.freeze(layout.frozen === place + 1 ? 0 : place + 1) },
    ].filter(Boolean);
    const hidden = grid.columns.flatMap(({ head, label }, one) => (head.hidden ? [{ label: `Show ${label}`, run: () => layout.hide(one, false) }] : []));
    return [...ofCells, { heading: `Column ${column.label}` }, ...ofColumn, ...hidden];
  }

  #width(at, px) {
    this.grid.layout.setWidth(at, px);
    this.grid.layout.changed();
  }

  #item({ heading, label, key, run, stays = false }) {
    if (heading) {
      const line = document.createElement("p");
      line.className = "grid-menu-heading";
      line.setAttribute("role", "presentation");
      line.textContent = heading;
      return line;
    }
    const item = document.createElement("button");
    item.type = "button";
    item.tabIndex = -1;
    item.setAttribute("role", "menuitem");
    item.append(label);
    if (key) {
      const kbd = item.appendChild(document.createElement("kbd"));
      kbd.textContent = key;
      kbd.setAttribute("aria-hidden", "true");
    }
    item.addEventListener("click", () => {
      if (!stays) this.close();
      run();
    });
    return item;
  }

  get #buttons() {
    return [...this.querySelectorAll("button")];
  }

  #focus(at) {
    const buttons = this.#buttons;
    buttons[(at + buttons.length) % buttons.length]?.focus();
  }

  #key(event) {
    const buttons = this.#buttons;
    const at = buttons.indexOf(document.activeElement);
    const { key } = event;
    if (key === "ArrowDown") this.#focus(at + 1);
    else if (key === "ArrowUp") this.#focus(at - 1);
    else if (key === "Home") this.#focus(0);
    else if (key === "End") this.#focus(-1);
    else if (key === "Escape" || key === "Tab") this.close();
    else if (/^\S$/u.test(key)) this.#focus([...buttons.keys()].map((n) => (at + 1 + n) % buttons.length).find((n) => buttons[n].textContent.toLowerCase().startsWith(key.toLowerCase())) ?? at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

customElements.define("grid-menu", GridMenu);
