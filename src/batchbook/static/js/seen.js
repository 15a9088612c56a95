/* Tells the server by itself which operation of a batch is the latest that its page has shown: once the page is seen, and when it is
   left, because changes by others appear in it meanwhile.

   form[data-seen]   the form by which people do it without this module; "new" if the operation is not known there yet. It is posted with
                     by=page, which begins a new visit after a pause; pressed, its button makes everything known, whatever is new in
                     this visit. Where scripts run, the button is shown only with the attribute data-kept: without it nothing is new. */

const present = () => document.querySelector("form[data-seen]");

let told = null;

async function tell() {
  const form = present();
  if (!form || form.elements.operation.value === told) return;
  told = form.elements.operation.value;
  const body = new FormData(form);
  body.set("by", "page");
  await fetch(form.action, { method: "POST", body, keepalive: true, headers: { Accept: "application/json" } }).catch(() => {
    told = null; // The next page tells it again.
  });
}

const form = present();
if (form) {
  if (form.dataset.seen !== "new") told = form.elements.operation.value;
  else if (document.visibilityState === "visible") tell();
  document.addEventListener("visibilitychange", tell);
}
