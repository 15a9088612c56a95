/* The address of a grid filtered for the rows that are the same as one cell, beside the filters that it has.

   sameAsUrl(kind, field, text, here)   kind, field: data-kind and data-field of the column; text: the text of the cell for editing, "" for
                                        an empty one ("yes" or "no" of a yes/no, an ISO day of a date or moment); here: the present address.
                                        null where no filter can hold the text. */

const LONGEST = 200;
const DAYS = ["date", "datetime"];

function condition(kind, text) {
  if (text === "") return ["empty", ""];
  if (kind === "boolean") return [/^(yes|true|1)$/i.test(text) ? "is_true" : "is_false", ""];
  if (DAYS.includes(kind)) return ["on", text.slice(0, 10)];
  return ["equal", text];
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
