/* Tells the server by itself which operation of a batch is the latest that its page has shown, once the page is seen.

   form[data-seen]   the form by which people do it without this module; "new" if the operation is not known there yet. It is posted with
                     by=page, which begins a new visit after a pause; pressed, its button makes everything known, whatever is new in
                     this visit. Without the attribute data-kept nothing is new, and the button is hidden. */

async function tell(form) {
  const body = new FormData(form);
  body.set("by", "page");
  await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => {}); // The next page tells it again.
}

function whenSeen(act) {
  if (document.visibilityState === "visible") act();
  else document.addEventListener("visibilitychange", act, { once: true });
}

for (const form of document.querySelectorAll("form[data-seen]")) {
  form.hidden = !("kept" in form.dataset);
  if (form.dataset.seen === "new") whenSeen(() => tell(form));
}
