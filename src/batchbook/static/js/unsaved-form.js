/* The browser asks before a form is left in which somebody typed something that was not sent.

   form[method=post]     is watched, except form[data-unwatched], whose content is nothing to lose, such as filters
   form[data-unsaved]    shows what was typed already and was not saved: it came back with errors, or is kept over a sign-in

   A field counts as typed in if it differs from what the page came with. Passwords do not: browsers fill them in by themselves. */

const SKIPPED = new Set(["hidden", "password", "submit", "button", "reset", "image"]);

let sent = null;

const isTyped = (field) => field.name && !field.disabled && field.tagName !== "BUTTON" && !SKIPPED.has(field.type);

function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "file") return field.files.length > 0;
  if (field.tagName === "SELECT") return isChosen(field);
  return field.value !== field.defaultValue;
}

/* A list without a default shows its first entry. */
function isChosen({ options, multiple }) {
  const defaults = [...options].filter((option) => option.defaultSelected);
  const before = defaults.length || multiple ? defaults : [options[0]];
  return [...options].some((option) => option.selected !== before.includes(option));
}

function isUnsaved(form) {
  const fields = [...form.elements].filter((field) => field.tagName !== "FIELDSET" && isTyped(field));
  return "unsaved" in form.dataset ? fields.length > 0 : fields.some(isChanged);
}

// After every other module, one of which may stop it.
addEventListener("submit", (event) => event.defaultPrevented || (sent = event.target));
addEventListener("pageshow", () => (sent = null));
// An answer that is a download leaves the page as it is, and people type on.
addEventListener("input", ({ target }) => target.form === sent && (sent = null));

addEventListener("beforeunload", (event) => {
  const watched = [...document.querySelectorAll("form[method=post]:not([data-unwatched])")];
  if (watched.some((form) => form !== sent && isUnsaved(form))) event.preventDefault();
});
