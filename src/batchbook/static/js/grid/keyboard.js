/* The keys of a grid: one table, which the grid obeys and the list of keys shows.

   KEYS             [{chord, command, words, extends, shown}]: "Ctrl+ArrowDown", the name of a command of commands.js, its meaning in
                    words, whether Shift with it extends the selection, and how the key is written for people where that differs.
                    Ctrl is Cmd on a Mac.
   commandOf(event) {command, extend} for a key on a closed cell, or null
   characterOf(event)  what was typed, if anything
   isOfInputMethod(event)   whether an input method has the key, such as the Enter that ends a composition
   shownKey(command)   the first key of a command, as people read it
   keyList()        [[keys, words]] for the list, entries of the same words together */

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const key = (chord, command, words, { extend = false, shown = chord } = {}) => ({ chord, command, words, extends: extend, shown });
const moves = { extend: true };

export const KEYS = [
  key("ArrowLeft", "left", "Move between cells", { ...moves, shown: "←" }),
  key("ArrowUp", "up", "Move between cells", { ...moves, shown: "↑" }),
  key("ArrowRight", "right", "Move between cells", { ...moves, shown: "→" }),
  key("ArrowDown", "down", "Move between cells", { ...moves, shown: "↓" }),
  key("Ctrl+ArrowLeft", "leftEdge", "To the edge of the filled cells", { ...moves, shown: "Ctrl+←" }),
  key("Ctrl+ArrowUp", "upEdge", "To the edge of the filled cells", { ...moves, shown: "Ctrl+↑" }),
  key("Ctrl+ArrowRight", "rightEdge", "To the edge of the filled cells", { ...moves, shown: "Ctrl+→" }),
  key("Ctrl+ArrowDown", "downEdge", "To the edge of the filled cells", { ...moves, shown: "Ctrl+↓" }),
  key("Tab", "next", "Next or previous cell that can be edited; leaves the grid at the end of a row"),
  key("Shift+Tab", "previous", "Next or previous cell that can be edited; leaves the grid at the end of a row"),
  key("Home", "rowStart", "First or last cell of the row", moves),
  key("End", "rowEnd", "First or last cell of the row", moves),
  key("Ctrl+Home", "gridStart", "First or last cell of the grid", moves),
  key("Ctrl+End", "gridEnd", "First or last cell of the grid", moves),
  key("PageUp", "pageUp", "A screen up or down", moves),
  key("PageDown", "pageDown", "A screen up or down", moves),
  key("Enter", "enter", "Edit the cell, or follow its link; while editing: save and go down"),
  key("Shift+Enter", "enterUp", "While editing: save and go up"),
  key("F2", "edit", "Edit the cell; or just type, which replaces its text"),
  key("Backspace", "editEmpty", "Edit the cell from an empty text"),
  key("Alt+Enter", "newLine", "A new line in a text"),
  key("Delete", "clear", "Empty the selected cells"),
  key("Escape", "cancel", "Cancel; give up a text that was not saved; select one cell only", { shown: "Esc" }),
  key("Ctrl+A", "selectAll", "Select everything"),
  key("Ctrl+Space", "selectColumn", "Select the columns of the selection"),
  key("Shift+Space", "selectRow", "Select the rows of the selection"),
  key("Ctrl+C", "copy", "Copy"),
  key("Ctrl+X", "cut", "Cut"),
  key("Ctrl+V", "paste", "Paste"),
  key("Ctrl+D", "fillDown", "Fill down, from the first row of the selection"),
  key("Ctrl+R", "fillRight", "Fill right, from the first column of the selection"),
  key("Ctrl+Enter", "fillAll", "Fill the selection with the text of the cell, also while editing"),
  key("Ctrl+;", "today", "Today’s date"),
  key("Ctrl+Z", "undo", "Undo"),
  key("Ctrl+Y", "redo", "Redo"),
  key("Ctrl+Shift+Z", "redo", "Redo"),
  key("Ctrl+F", "find", "Find"),
  key("Ctrl+G", "findNext", "Find the next, with Shift the one before", moves),
  key("Ctrl+H", "replace", "Replace"),
  key("Shift+F2", "history", "Changes of the cell"),
  key("Ctrl+Shift+H", "history", "Changes of the cell"),
  key("F8", "nextProblem", "Next cell that was not saved, else the next with a problem"),
  key("Shift+F10", "menu", "Menu of the cell and its column"),
  key("ContextMenu", "menu", "Menu of the cell and its column", { shown: "Menu\u00a0key" }),
  key("Ctrl+/", "keys", "This list"),
];

const byChord = new Map(KEYS.map((one) => [one.chord, one]));
const NAMES = { " ": "Space" };

export function commandOf(event) {
  if (event.altKey && event.key !== "Enter") return null;
  const isCtrl = isMac ? event.metaKey : event.ctrlKey;
  if (isMac ? event.ctrlKey : event.metaKey) return null;
  const name = NAMES[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);
  const chord = `${event.altKey ? "Alt+" : ""}${isCtrl ? "Ctrl+" : ""}${name}`;
  const shifted = event.shiftKey && byChord.get(`${chord.slice(0, chord.length - name.length)}Shift+${name}`);
  if (shifted) return { command: shifted.command, extend: false };
  const found = byChord.get(chord);
  if (!found || (event.shiftKey && !found.extends && /^[A-Z]|^..+/.test(name))) return null; // Some keyboards need Shift for a sign.
  return { command: found.command, extend: event.shiftKey && found.extends };
}

export function characterOf(event) {
  const isShortcut = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
  return !isShortcut && /^\S$/u.test(event.key) ? event.key : "";
}

export function isOfInputMethod(event) {
  return event.isComposing || event.keyCode === 229; // 229: some browsers end the composition first.
}

const forPeople = (shown) => (isMac ? shown.replace("Ctrl", "Cmd") : shown);

export function shownKey(command) {
  return forPeople(KEYS.find((one) => one.command === command)?.shown ?? "");
}

export function keyList() {
  const lines = new Map();
  for (const { shown, words } of KEYS) lines.set(words, [...(lines.get(words) ?? []), forPeople(shown)]);
  lines.set("Extends the selection, with all keys that move", ["Shift"]);
  return [...lines].map(([words, keys]) => [keys.join(", "), words]);
}
