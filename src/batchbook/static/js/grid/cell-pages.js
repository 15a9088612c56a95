/* The pages to which a key or the menu leads from the active cell of a grid. They wait for what is not saved, like every link.

   openReplace(grid)    the page that finds and replaces, with the filters of the grid and the column of the cell
   openHistory(grid)    the changes of the cell          hasHistory(grid)   whether there is such a page for it
   openComments(grid)   the comments on the row of the cell, with the form for another one     hasComments(grid)   whether there are such pages
   sameAs(grid)         the function that shows only rows with the same in this column; null where no filter can hold it
   sameAsUrl(kind, field, text, here)   the address of the grid with that filter beside those that it has. kind, field: data-kind and data-field
                        of the column; text: that of the cell for editing, "" for an empty one ("yes" or "no" of a yes/no, an ISO day of a
                        date or moment); here: the present address
   Reads of the <row-grid>
     data-replace-url          where texts are replaced
     data-comments-url         the comments on a row, with {key} and {field} for the cell
     data-cell-history-url     the changes of one cell, with {key} and {field} for it */

import { textOf } from "./columns.js";
import { canonical } from "./numbers.js";

/* The most characters of a text that a filter holds. */
const LONGEST = 200;
const DAYS = ["date", "datetime"];

export function openReplace(grid) {
  if (!grid.dataset.replaceUrl) return grid.tell("Texts can't be replaced here.");
  const { query } = grid.rows;
  query.delete("keys");
  const column = grid.columns[grid.selection.focus.column];
  if (column.editable) query.set("column", column.field);
  return follow(grid, `${grid.dataset.replaceUrl}?${query}`);
}

export function hasHistory(grid) {
  const hasOne = grid.columns[grid.selection.focus.column].editable || grid.active?.classList.contains("cell-differs");
  return Boolean(grid.dataset.cellHistoryUrl && hasOne && grid.active?.closest("tr").dataset.key);
}

export function openHistory(grid) {
  const { label } = grid.columns[grid.selection.focus.column];
  if (!hasHistory(grid)) return grid.tell(`No changes are kept of ${label} here.`);
  const { key, field } = grid.addressOf(grid.active);
  const url = grid.dataset.cellHistoryUrl.replace("{key}", encodeURIComponent(key)).replace("{field}", encodeURIComponent(field));
  return follow(grid, url);
}

export function hasComments(grid) {
  return Boolean(grid.dataset.commentsUrl && grid.active?.closest("tr").dataset.key);
}

export function openComments(grid) {
  const { key } = grid.active.closest("tr").dataset;
  const { field } = grid.columns[grid.selection.focus.column];
  return follow(grid, grid.dataset.commentsUrl.replace("{key}", encodeURIComponent(key)).replace("{field}", encodeURIComponent(field ?? "")));
}

/* What is stored in the cell counts: what was typed and is not saved is in no row yet. */
export function sameAs(grid) {
  const { active } = grid;
  const { kind, field } = grid.columns[grid.selection.focus.column];
  if (!active?.closest("tr").dataset.key || !field) return null;
  const text = textOf(active).trim();
  const isNumber = kind === "decimal" || kind === "integer";
  const url = sameAsUrl(kind, field, isNumber ? (canonical(text, grid.signs) ?? text) : text, addressOf(grid));
  return url && (() => follow(grid, url));
}

/* The present address. One whose filters were typed in the person's format takes no numbers in another one. */
function addressOf({ rows }) {
  if (!new URLSearchParams(location.search).has("number_format")) return location.href;
  const { query } = rows;
  query.delete("keys");
  return `${location.origin}${location.pathname}?${query}`;
}

export function sameAsUrl(kind, field, text, here = location.href) {
  if (text.length > LONGEST || text !== text.trim() || /[\r\n]/.test(text)) return null;
  const url = new URL(here);
  const [verb, value] = condition(kind, text);
  const name = `f.${field}.${verb}`;
  if (!url.searchParams.getAll(name).includes(value)) url.searchParams.append(name, value);
  url.searchParams.delete("page");
  url.searchParams.delete("view");
  url.hash = "";
  return url.href;
}

function condition(kind, text) {
  if (text === "") return ["empty", ""];
  if (kind === "boolean") return [/^(yes|true|1)$/i.test(text) ? "is_true" : "is_false", ""];
  if (DAYS.includes(kind)) return ["on", text.slice(0, 10)];
  return ["equal", text];
}

function follow(grid, url) {
  const link = document.createElement("a");
  link.href = url;
  grid.append(link);
  link.click();
  link.remove();
}
