/* The question for the reason of an edit, where the policy of the batch's type demands one for a large change.

   askReason(grid, {error, reasons, other_reasons})   opens the dialog; resolves to the reason, or to null where nobody gives one, with the
                                        focus back in the grid. `error` says which change it is, `reasons` are those to choose from, and `other_reasons` tells whether another may be typed
   untilNobodyTypes(grid)               resolves when no cell is open and no key was pressed for a moment, so that what is typed into cells
                                        does not go into the dialog
   callExplained(grid, url, body)       what call() of session.js does; where a reason is needed, it is asked for and sent along
   reasonHeader(reason)                 the header that sends it

   Enter saves, Escape gives no reason. What was given last stands there already. */

import { call } from "./session.js";

const QUIET_MS = 600;
const NOTHING = "No reason was given, so nothing was changed.";

let last = "";
let pressed = 0;
addEventListener("keydown", () => (pressed = performance.now()), { capture: true });

export const reasonHeader = (reason) => (reason ? { "X-Edit-Reason": encodeURIComponent(reason) } : {});

export async function untilNobodyTypes(grid) {
  while (grid.editor || document.querySelector("dialog[open]") || performance.now() - pressed < QUIET_MS) await new Promise((resolve) => setTimeout(resolve, 100));
}

export async function callExplained(grid, url, body) {
  let reason = "";
  for (;;) {
    try {
      return await call(url, body, reasonHeader(reason));
    } catch (error) {
      if (!error.reasonNeeded) throw error;
      reason = await askReason(grid, { error: error.message, ...error.reasonNeeded });
      if (reason === null) throw new Error(NOTHING);
    }
  }
}

export function askReason(grid, { error, reasons, other_reasons: mayBeOther }) {
  const dialog = element("dialog", { className: "shortcuts reason-dialog" });
  const form = element("form", { method: "dialog", className: "form" });
  const field = reasons.length && !mayBeOther ? choice(reasons) : input();
  const label = element("label", { className: "field-label", htmlFor: field.id, textContent: "Reason" });
  const box = element("div", { className: "field" });
  box.append(label, field, ...suggestions(field, reasons));
  const save = element("button", { className: "button button-primary", value: "save", textContent: "Save with this reason" });
  const cancel = element("button", { className: "button button-plain", value: "", formNoValidate: true, textContent: "Cancel" });
  const buttons = element("div", { className: "buttons" });
  buttons.append(save, cancel);
  form.append(box, buttons);
  const title = element("h2", { id: "reason-title", textContent: "Give a reason" });
  const problem = element("p", { id: "reason-problem", textContent: error });
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.setAttribute("aria-describedby", problem.id);
  dialog.append(title, problem, form);
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation(); // The grid's keys are not meant.
    if (event.key === "Enter" && event.target === field) {
      event.preventDefault();
      form.requestSubmit(save);
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  field.select?.();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const reason = dialog.returnValue === "save" ? field.value.trim() : "";
      dialog.remove();
      grid.focusActive(); // The field in the cell, which had the focus, is gone.
      if (reason) last = reason;
      resolve(reason || null);
    });
  });
}

function choice(reasons) {
  const field = element("select", { id: "reason-field", required: true });
  field.append(new Option("Choose…", ""), ...reasons.map((reason) => new Option(reason, reason)));
  field.value = reasons.includes(last) ? last : "";
  return field;
}

function input() {
  return element("input", { id: "reason-field", type: "text", required: true, maxLength: 2_000, autocomplete: "off", value: last });
}

function suggestions(field, reasons) {
  if (field.tagName !== "INPUT" || !reasons.length) return [];
  const list = element("datalist", { id: "reason-list" });
  list.append(...reasons.map((reason) => new Option(reason, reason)));
  field.setAttribute("list", list.id);
  return [list];
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
