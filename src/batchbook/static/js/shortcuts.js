/* Keys for those who like keys.

   /      the search of the list ([data-shortcut="search"]), else its filter
   f      the filter (the summary [data-shortcut="filter"] opens and its last row is focused)
   g h    home ([data-shortcut="home"])
   j k    the next and the previous row of the table [data-rows]
   e      edits: the first cell that can be edited in the row that has the focus; on a page without such rows, the page's Edit button
   ?      lists them, and turns single keys off for those whom they disturb (kept in this browser: batchbook.keys = "off")

   Nothing happens while one types, which in a cell begins with the first character (grid/row-grid.js), or with Ctrl, Alt or Meta held. */

import { keyList } from "./grid/keyboard.js";

const STORE = "batchbook.keys";
const SEQUENCE_MS = 1200;
const KEYS = [
  ["/", "Search the list"],
  ["f", "Filter"],
  ["j", "Next row"],
  ["k", "Previous row"],
  ["e", "Edit"],
  ["g h", "Home"],
  ["Ctrl Shift F", "Full window, on the page of a batch"],
  ["?", "This list"],
];

let pending = { key: "", at: 0 };
let dialog = null;

const keysAreOff = () => localStorage.getItem(STORE) === "off";

function isTyping(target) {
  return target.closest?.("input, select, textarea, [contenteditable], dialog") !== null;
}

function rows() {
  return [...document.querySelectorAll("[data-rows] [data-row]")];
}

function focusable(row) {
  return row.querySelector("a[href], button");
}

function moveRow(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement.closest("[data-row]"));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  if (next.closest("row-grid")) next.dispatchEvent(new CustomEvent("batchbook:focus", { bubbles: true }));
  else focusable(next)?.focus();
}

function edit() {
  const row = document.activeElement.closest("[data-row]");
  const cell = document.activeElement.closest("[data-cell]") ?? row?.querySelector("[data-cell]");
  if (cell) cell.dispatchEvent(new CustomEvent("batchbook:edit", { bubbles: true }));
  else if (!row && !document.querySelector("row-grid[data-cell-url]")) document.querySelector(".page-actions a[href$='/edit']")?.click();
}

function openFilter() {
  const summary = document.querySelector("[data-shortcut=filter]");
  if (!summary) return;
  summary.parentElement.open = true;
  summary.parentElement.querySelector("[data-filter-rows] > :last-child [data-filter-column]")?.focus();
}

function search() {
  const box = document.querySelector("[data-shortcut=search]");
  if (!box) openFilter();
  box?.focus();
  box?.select();
}

function list(pairs) {
  const dl = document.createElement("dl");
  for (const [keys, meaning] of pairs) {
    const dt = document.createElement("dt");
    for (const key of keys.split(" ")) {
      const kbd = document.createElement("kbd");
      kbd.textContent = key.replace(",", "");
      dt.append(kbd, " ");
    }
    const dd = document.createElement("dd");
    dd.textContent = meaning;
    dl.append(dt, dd);
  }
  return dl;
}

function heading(level, text) {
  const element = document.createElement(level);
  element.textContent = text;
  return element;
}

function offSwitch() {
  const label = document.createElement("label");
  label.className = "check";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = !keysAreOff();
  box.addEventListener("change", () => localStorage.setItem(STORE, box.checked ? "on" : "off"));
  label.append(box, "Use single-key shortcuts in this browser");
  return label;
}

function help() {
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.className = "shortcuts";
    const title = heading("h2", "Keyboard shortcuts");
    Object.assign(title, { id: "shortcuts-title", tabIndex: -1, autofocus: true });
    dialog.setAttribute("aria-labelledby", title.id);
    const close = document.createElement("form");
    close.method = "dialog";
    const button = document.createElement("button");
    button.className = "button button-plain";
    button.textContent = "Close";
    close.append(button);
    dialog.append(title, list(KEYS), heading("h3", "In a row grid"), list(keyList()), offSwitch(), close);
    document.body.append(dialog);
  }
  dialog.showModal();
}

const ACTIONS = {
  "/": search,
  f: openFilter,
  j: () => moveRow(1),
  k: () => moveRow(-1),
  e: edit,
  "g h": () => document.querySelector("[data-shortcut=home]")?.click(),
};

document.addEventListener("batchbook:keys", help);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || isTyping(event.target)) return;
  if (event.key === "?") {
    help(); // Always there, or the switch could not be found again.
    return;
  }
  if (keysAreOff()) return;
  const sequence = event.timeStamp - pending.at < SEQUENCE_MS ? `${pending.key} ${event.key}` : "";
  const action = ACTIONS[sequence] ?? ACTIONS[event.key];
  pending = { key: event.key, at: event.timeStamp };
  if (!action) return;
  event.preventDefault();
  action();
});
