/* The page of a batch around its grid: panels beside it and the full window. Both work without scripts; this adds keys and links.

   details[data-panel=NAME]       a panel; of several with one `name`, the browser keeps one open
   a[data-open-panel=NAME]        opens that panel where it is, instead of loading the page with it
   #full-window                   a checkbox: the stylesheet hides everything but the grid while it is checked
   Ctrl+Shift+F (⌘ on a Mac)      turns the full window on and off */

function openPanel(name) {
  const panel = document.querySelector(`details[data-panel="${CSS.escape(name)}"]`);
  if (!panel) return false;
  const fullWindow = document.querySelector("#full-window");
  if (fullWindow) fullWindow.checked = false;
  panel.open = true;
  panel.querySelector("summary").focus();
  panel.scrollIntoView({ block: "nearest" });
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-open-panel]");
  if (link && !event.ctrlKey && !event.metaKey && openPanel(link.dataset.openPanel)) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.code !== "KeyF" || !event.shiftKey || event.altKey || !(event.ctrlKey || event.metaKey)) return;
  const fullWindow = document.querySelector("#full-window");
  if (!fullWindow) return;
  event.preventDefault();
  fullWindow.click();
});
