/* What a cell shows while the text that was typed into it is not stored: that text, with a sign and words for what becomes of it.

   showEdit(cell, edit)        shows an edit of save-queue.js; without one, what is stored again
   updateRow(row, fresh)       puts what the server's <tr> `fresh` says into `row`, and nothing else: cells stay the elements that they
                               are, so that neither the focus nor an open field nor a text that is not stored is lost
   flashRow(row)               draws the eye to a row that was saved

   td[data-save]   waiting | saving | refused | conflict; none for what is stored */

const STATES = {
  waiting: { sign: "…", words: "waiting to be saved" },
  saving: { sign: "…", words: "being saved" },
  refused: { sign: "✕", words: "not saved" },
  conflict: { sign: "≠", words: "not saved, because the row was changed meanwhile" },
};

/* By link: the content and the title that it has when nothing waits. */
const stored = new WeakMap();

export function showEdit(cell, edit) {
  const link = cell.querySelector("a");
  if (!edit) showStored(cell, link);
  else if (cell.dataset.save !== edit.state || stored.get(link)?.edit !== edit) showUnsaved(cell, link, edit);
}

function showStored(cell, link) {
  const { nodes, title } = stored.get(link);
  stored.delete(link);
  delete cell.dataset.save;
  link.replaceChildren(...nodes);
  link.title = title;
}

function showUnsaved(cell, link, edit) {
  const kept = stored.get(link) ?? { nodes: [...link.childNodes], title: link.title };
  stored.set(link, { ...kept, edit });
  const { sign, words } = STATES[edit.state];
  cell.dataset.save = edit.state;
  link.title = edit.body?.error ?? "";
  link.replaceChildren(
    span("cell-unsaved", labelOf(cell, edit.text) || "–"),
    span("cell-flag", sign, { "aria-hidden": "true" }),
    span("visually-hidden", `, ${words}${link.title && `. ${link.title}`}, edit`),
  );
}

export function updateRow(row, fresh) {
  const hasFocus = row.contains(document.activeElement) && document.activeElement;
  const isAlike = row.cells.length === fresh.cells.length;
  [...fresh.cells].forEach((cell, at) => {
    const old = "cell" in cell.dataset ? cellOf(row, cell.dataset.field) : isAlike ? row.cells[at] : null;
    if (!old) return;
    if ("cell" in cell.dataset) updateCell(old, cell);
    else if (old.outerHTML !== cell.outerHTML) old.replaceWith(cell);
  });
  if (hasFocus && !hasFocus.isConnected) row.querySelector("a")?.focus();
  row.className = fresh.className;
}

export function flashRow(row) {
  row.classList.remove("row-saved");
  void row.offsetWidth; // Begins the animation anew.
  row.classList.add("row-saved");
}

function cellOf(row, field) {
  return row.querySelector(`[data-field="${CSS.escape(field)}"]`);
}

function updateCell(cell, fresh) {
  const { save } = cell.dataset;
  for (const name of cell.getAttributeNames()) if (!fresh.hasAttribute(name)) cell.removeAttribute(name);
  for (const { name, value } of fresh.attributes) cell.setAttribute(name, value);
  if (save) cell.dataset.save = save;
  const [link, newer] = [cell.querySelector("a"), fresh.querySelector("a")];
  const content = { nodes: [...newer.childNodes], title: newer.title };
  if (stored.has(link)) Object.assign(stored.get(link), content);
  else if (link.innerHTML !== newer.innerHTML) link.replaceChildren(...content.nodes);
  if (!save) link.title = content.title;
}

function labelOf(cell, text) {
  const choices = cell.dataset.choices ? JSON.parse(cell.dataset.choices) : [];
  return choices.find(([value]) => value === text)?.[1] ?? text;
}

function span(className, text, attributes = {}) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
