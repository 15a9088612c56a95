/* Parts of the page that the server renders anew, and rows that stand for those that are not in it.

   parsed(html)             the one element in what the server rendered
   parsedRows(html)         the rows in it
   replaceById(id, html)    puts it in place of the element with this id, if both are there; a link in it that has the focus keeps it
   blankRow(place, columns)   a row that is being loaded          spacer()   one as high as all those that are not in the page */

export function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

export function parsedRows(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return [...template.content.querySelectorAll("tr[data-row]")];
}

export function replaceById(id, html) {
  const old = document.getElementById(id);
  if (!old || !html) return;
  const at = [...old.querySelectorAll("a")].indexOf(document.activeElement);
  old.replaceWith(parsed(html));
  if (at >= 0) document.getElementById(id).querySelectorAll("a")[at]?.focus();
}

export function blankRow(place, columns) {
  const row = document.createElement("tr");
  row.dataset.row = "";
  row.setAttribute("aria-rowindex", place + 2);
  row.setAttribute("aria-busy", "true");
  columns.forEach(({ field, kind }, at) => {
    const cell = row.appendChild(document.createElement(at ? "td" : "th"));
    cell.className = `cell cell-${kind} cell-blank`;
    cell.dataset.field = field;
  });
  return row;
}

export function spacer() {
  const row = document.createElement("tr");
  row.className = "grid-space";
  row.setAttribute("aria-hidden", "true");
  row.append(document.createElement("td"));
  return row;
}
