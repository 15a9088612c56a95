/* The field that has the focus in place of its cell while that is closed, so that an input method can begin with the first key.

   useTypingField(grid, cell, column)   puts the field into a closed cell that can be edited, and gives it the focus; returns whether it did:
                                        a list finds its choices by itself, and what cannot be edited has nothing to type into
   isTypedInto(cell)                    whether the field is in this cell

   An input method (for Chinese, Japanese, Korean, or accents typed one after the other) works only in a field that has the focus before
   the first key is pressed, and loses what it composes when the focus goes elsewhere. The field is not seen. When something is composed
   in it, or comes without a key, such as dictated text or a sign from a list, the cell is opened around it: the field becomes the cell's
   editor, where it is. Keys that are none of an input method are the grid's, as in cells without it.

   Leaving the cell takes the field away. Its name is the column and what the cell shows; the cell around it is named by what it shows
   alone. On a touch screen it calls no keyboard: that comes with the editor. */

import { refuse } from "./key-events.js";

const NAME = "cell-typing";
const SHOWN = "cell-typing-shown";

export function useTypingField(grid, cell, column) {
  if (!grid.isEditable || !("cell" in cell.dataset) || column.choices || grid.editor) return false;
  const field = cell.querySelector(`.${NAME}`) ?? makeField(grid, cell, column);
  field.focus({ preventScroll: true });
  return true;
}

export function isTypedInto(cell) {
  return document.activeElement?.className === NAME && cell.contains(document.activeElement);
}

function makeField(grid, cell, column) {
  const field = document.createElement("input");
  Object.assign(field, { id: NAME, className: NAME, autocomplete: "off", spellcheck: false, tabIndex: 0 });
  const link = cell.querySelector("a");
  link.id = SHOWN;
  field.setAttribute("aria-label", column.label);
  field.setAttribute("aria-labelledby", `${NAME} ${SHOWN}`);
  cell.setAttribute("aria-labelledby", SHOWN);
  if (matchMedia("(pointer: coarse)").matches) field.inputMode = "none";
  const hearing = new AbortController();
  const hear = (name, listener) => field.addEventListener(name, listener, { signal: hearing.signal });

  const release = () => {
    hearing.abort();
    field.removeAttribute("id");
    field.removeAttribute("aria-labelledby");
    link.removeAttribute("id");
    cell.removeAttribute("aria-labelledby");
    cell.tabIndex = grid.tabStop === cell ? 0 : -1;
  };
  const open = () => {
    release();
    grid.open(cell, undefined, field);
  };
  hear("compositionstart", () => grid.isAtEnd || open());
  const take = () => {
    const text = field.value.trim();
    if (text && !grid.isAtEnd) return open();
    if (text) refuse(grid, text);
    field.value = "";
  };
  hear("compositionend", take); // One at the end of the grid: every other one has opened the cell.
  hear("input", ({ isComposing }) => isComposing || take());
  hear("blur", () => {
    if (!document.hasFocus()) return; // A look into another window.
    release();
    field.remove();
  });

  cell.tabIndex = -1; // The field is where Tab leads.
  cell.append(field);
  return field;
}
