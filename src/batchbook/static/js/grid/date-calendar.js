/* The browser's calendar beside the field of a date, which takes typed dates as before: the calendar only writes into it.

   new DateCalendar(field, label)   puts it behind the field. A press on it opens it; its day goes into the field, which gets the focus
                                    and stores nothing by itself
   open()                           opens it, as Alt+Arrow down in the field does
   has(element)                     whether the focus is in it, which does not count as leaving the field
   remove()                         takes it away with the field

   Events: "leave" when the focus goes elsewhere from it, with the blur as detail */

const ISO = /^\d{4}-\d\d-\d\d$/;

export class DateCalendar extends EventTarget {
  constructor(field, label) {
    super();
    this.field = field;
    this.input = document.createElement("input");
    Object.assign(this.input, { type: "date", className: "cell-calendar", tabIndex: -1 });
    this.input.setAttribute("aria-label", `Calendar: ${label}`);
    this.input.addEventListener("click", () => this.open());
    this.input.addEventListener("change", () => this.#take());
    this.input.addEventListener("blur", (event) => this.dispatchEvent(new CustomEvent("leave", { detail: event })));
    this.input.addEventListener("keydown", (event) => this.#key(event));
    field.after(this.input);
  }

  open() {
    this.input.value = ISO.test(this.field.value.trim()) ? this.field.value.trim() : "";
    this.input.showPicker?.();
  }

  has(element) {
    return element === this.input;
  }

  remove() {
    this.input.remove();
  }

  #take() {
    if (this.input.value) this.field.value = this.input.value;
    this.field.focus();
  }

  /* Its keys are not the grid's. Escape goes back to the field. */
  #key(event) {
    event.stopPropagation();
    if (event.key === "Escape") this.field.focus();
  }
}
