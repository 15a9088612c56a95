/* Parts of the page that the server renders anew.

   parsed(html)             the one element in what the server rendered
   parsedRows(html)         the rows in it
   replaceById(id, html)    puts it in place of the element with this id, if both are there; a link in it that has the focus keeps it */

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
