/* Two clicks do not send a form twice.

   form[data-once]       after the first submit its submit buttons are disabled, the pressed one says that it is at work.
   button[data-busy]     the words it shows meanwhile; without them it keeps its own.

   The server refuses a doubled post as well; this spares people the refusal. */

function markBusy(button) {
  button.dataset.label ??= button.textContent;
  button.textContent = button.dataset.busy || button.dataset.label;
  button.classList.add("is-busy");
}

function lock(form, pressed) {
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-disabled", "true");
  if (pressed) markBusy(pressed);
}

function unlock(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[aria-disabled]")) {
    button.removeAttribute("aria-disabled");
    button.classList.remove("is-busy");
    if (button.dataset.label) button.textContent = button.dataset.label;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]") || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  else lock(form, event.submitter); // aria-disabled, not disabled: a disabled button's name and value are not sent.
});

// The Back button may restore the page as it was left: locked.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(unlock));
