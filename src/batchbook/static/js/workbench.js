/* The page of a batch around its grid: panels beside it and the full window. Both work without scripts; this adds keys and links.

   details[data-panel=NAME]       a panel; of several with one `name`, the browser keeps one open
   a[data-open-panel=NAME]        opens that panel where it is, instead of loading the page with it
   .bench-body[data-layout-url]   where the open panel and the full window are remembered, by POST of {panel} or {full_window} as JSON
   #full-window                   a checkbox: the stylesheet hides everything but the grid while it is checked
   Ctrl+Shift+F (⌘ on a Mac)      turns the full window on and off */

function openPanel(name) {
  const panel = document.querySelector(`details[data-panel="${CSS.escape(name)}"]`);
  if (!panel) return false;
  const fullWindow = document.querySelector("#full-window");
  if (fullWindow?.checked) fullWindow.click();
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

const { layoutUrl } = document.querySelector(".bench-body")?.dataset ?? {};

let sent = Promise.resolve();

/* What is remembered is a convenience: where it cannot be sent, nothing is told. One choice after the other, so that the last one stays. */
function remember(layout) {
  if (!layoutUrl) return;
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token };
  sent = sent.then(() => fetch(layoutUrl, { method: "POST", headers, body: JSON.stringify(layout), keepalive: true })).catch(() => {});
}

let isAsked = false;
for (const panel of document.querySelectorAll("details[data-panel]")) {
  panel.querySelector("summary").addEventListener("click", () => (isAsked = true));
  // Of two events, one closes a panel and one opens another: what is open at the end counts.
  panel.addEventListener("toggle", () => {
    if (!isAsked) return;
    isAsked = false;
    remember({ panel: document.querySelector("details[data-panel][open]")?.dataset.panel ?? "" });
  });
}
document.querySelector("#full-window")?.addEventListener("change", ({ target }) => remember({ full_window: target.checked }));
