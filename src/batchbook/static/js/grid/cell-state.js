/* What a cell shows while the text that was typed into it is not stored: that text, with a sign and words for what becomes of it.

   showEdit(cell, column, edit)  shows an edit of save-queue.js; without one, what is stored again
   updateRow(row, fresh)       puts what the server's <tr> `fresh` says into `row`, and nothing else: cells stay the elements that they
                               are, so that neither the focus nor an open field nor a text that is not stored is lost
   markInvalid(cell)           tells by aria-invalid whether what is stored in it is an error
   flashRow(row)               draws the eye to a row that was saved

   td[data-save]   waiting | saving | refused | conflict; none for what is stored */

import { textOf, wordsOf } from "./columns.js";

const STATES = {
  waiting: { sign: "…", words: "waiting to be saved" },
  saving: { sign: "…", words: "being saved" },
  refused: { sign: "✕", words: "not saved" },
  conflict: { sign: "≠", words: "in conflict with what somebody else saved meanwhile: open the cell to choose" },
};

/* Attributes of cells that the page sets, not the server. */
const OWN = new Set(["tabindex", "role", "aria-colindex", "aria-selected", "aria-readonly", "data-save", "data-editing", "aria-description", "aria-labelledby"]);

/* By link: the content and the title that it has when nothing waits. */
const stored = new WeakMap();

export function showEdit(cell, column, edit) {
  const link = cell.querySelector("a");
  if (!edit) showStored(cell, link);
  else if (cell.dataset.save !== edit.state || stored.get(link)?.edit !== edit) showUnsaved(cell, column, edit);
}

function showStored(cell, link) {
  const { nodes, title } = stored.get(link);
  stored.delete(link);
  delete cell.dataset.save;
  markInvalid(cell);
  link.replaceChildren(...nodes);
  link.title = title;
}

function showUnsaved(cell, column, edit) {
  const link = cell.querySelector("a");
  if (!stored.has(link)) cell.dataset.text = textOf(cell); // What is shown from now on is another one.
  const kept = stored.get(link) ?? { nodes: [...link.childNodes], title: link.title };
  stored.set(link, { ...kept, edit });
  const { sign, words } = STATES[edit.state];
  cell.dataset.save = edit.state;
  cell.toggleAttribute("aria-invalid", false);
  if (edit.state === "refused" || edit.state === "conflict") cell.setAttribute("aria-invalid", "true");
  link.title = edit.body?.error ?? "";
  link.replaceChildren(
    span("cell-unsaved", wordsOf(column, edit.text) || "–"),
    span("cell-flag", sign, { "aria-hidden": "true" }),
    span("visually-hidden", `, ${words}${link.title && `. ${link.title}`}`),
  );
}

export function updateRow(row, fresh) {
  [...fresh.cells].forEach((cell) => {
    const old = row.querySelector(`[data-field="${CSS.escape(cell.dataset.field)}"]`);
    if (old) updateCell(old, cell);
  });
  row.className = fresh.className;
  row.dataset.version = fresh.dataset.version;
}

export function flashRow(row) {
  row.classList.remove("row-saved");
  void row.offsetWidth; // Begins the animation anew.
  row.classList.add("row-saved");
}

function updateCell(cell, fresh) {
  const text = textOf(fresh);
  const isTold = "text" in cell.dataset; // Of an open cell the visible text is another one.
  for (const name of cell.getAttributeNames()) if (!fresh.hasAttribute(name) && !OWN.has(name)) cell.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (!OWN.has(name)) cell.setAttribute(name, value);
  const [link, newer] = [cell.querySelector("a"), fresh.querySelector("a")];
  if (stored.has(link) && newer) {
    Object.assign(stored.get(link), { nodes: [...newer.childNodes], title: newer.title });
  } else if (link && newer && "cell" in cell.dataset) {
    if (link.innerHTML !== newer.innerHTML) link.replaceChildren(...newer.childNodes);
    link.title = newer.title;
  } else if (cell.innerHTML !== fresh.innerHTML) cell.replaceChildren(...fresh.childNodes);
  if (isTold || stored.has(link)) cell.dataset.text = text;
  if (!cell.dataset.save) markInvalid(cell);
}

export function markInvalid(cell) {
  if (cell.dataset.severity === "error") cell.setAttribute("aria-invalid", "true");
  else cell.removeAttribute("aria-invalid");
}

function span(className, text, attributes = {}) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
