/* The filter form, upgraded: verbs and value fields follow the chosen column, rows come and go without a reload.

   details[data-filters]     JSON: {column: {kind, choices: [[value, label]], verbs: [[verb, label, number of values]]}};
                             the number of values may be "many": one or more.
   [data-filter-rows]        holds the rows
   [data-filter-row]         a row: [data-filter-group], [data-filter-column], [data-filter-verb], [data-filter-values], [data-filter-remove]
   [data-filter-add]         shown only here: adds a row, to the group of the last one
   [data-filter-or]          shown only here: adds a row as an alternative to what is there: in the next group, and those that are in none
                             become the first group

   details[data-menu]        another menu above the list; Escape closes each of them

   Without this module the form offers every verb and is corrected by the server. What is posted is the same. */

class FilterForm {
  constructor(details) {
    this.columns = JSON.parse(details.dataset.filters);
    this.form = details.querySelector("form");
    this.rows = details.querySelector("[data-filter-rows]");
    this.count = this.rows.children.length;
    this.blank = this.rows.lastElementChild.cloneNode(true);
    const button = (name, act) => {
      const found = details.querySelector(`[data-filter-${name}]`);
      found.hidden = false;
      found.addEventListener("click", act);
    };
    button("add", () => this.add());
    button("or", () => this.addAlternative());
    for (const row of this.rows.children) this.upgrade(row);
    details.addEventListener("toggle", () => details.open && columnOf(this.rows.lastElementChild).focus());
  }

  addAlternative() {
    const used = [...this.rows.children].filter((row) => columnOf(row).value).map(groupOf);
    const highest = Math.max(0, ...used.map((group) => Number(group.value)));
    if (!highest) for (const group of used) group.value = "1";
    this.fitGroups(Math.max(highest, 1) + 1);
    const unused = [...this.rows.children].find((row) => !columnOf(row).value);
    if (unused) columnOf(unused).focus();
    else this.add();
    groupOf(unused ?? this.rows.lastElementChild).value = String(used.length ? Math.max(highest, 1) + 1 : 1);
  }

  /* Offers groups up to the one of that number, in each row. */
  fitGroups(number) {
    for (const group of [...this.rows.children, this.blank].map(groupOf))
      for (let next = group.options.length; next <= number; next++) group.append(new Option(`Or ${String.fromCharCode(64 + next)}`, next));
  }

  add() {
    const row = this.blank.cloneNode(true);
    const number = this.count++;
    const group = groupOf(this.rows.lastElementChild).value;
    for (const field of row.querySelectorAll("[name]")) field.name = field.name.replace(/\d+$/, number);
    row.setAttribute("aria-label", `Filter ${number + 1}`);
    groupOf(row).value = group;
    this.rows.append(row);
    this.upgrade(row);
    columnOf(row).focus();
  }

  upgrade(row) {
    const column = row.querySelector("[data-filter-column]");
    const verb = row.querySelector("[data-filter-verb]");
    column.addEventListener("change", () => {
      verb.replaceChildren(); // Another column begins with the first of its own verbs.
      this.fit(row, []);
    });
    verb.addEventListener("change", () => this.fit(row, this.values(row)));
    const remove = row.querySelector("[data-filter-remove]");
    remove.type = "button";
    remove.addEventListener("click", () => this.remove(row));
    this.fit(row, this.values(row));
  }

  remove(row) {
    const last = this.rows.children.length === 1;
    if (last) this.add();
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    columnOf(next).focus();
  }

  values(row) {
    return [...row.querySelectorAll("[name^='value.']")].map((field) => field.value);
  }

  /* Offers the verbs of the row's column and as many value fields as the verb takes, keeping what was typed. */
  fit(row, values) {
    const column = this.columns[row.querySelector("[data-filter-column]").value];
    const verb = row.querySelector("[data-filter-verb]");
    const place = row.querySelector("[data-filter-values]");
    verb.hidden = place.hidden = !column;
    if (!column) {
      place.replaceChildren(); // What a hidden field holds must not be posted.
      return;
    }
    const chosen = verb.value;
    verb.replaceChildren(...column.verbs.map(([value, label]) => new Option(label, value, false, value === chosen)));
    const takes = column.verbs.find(([value]) => value === verb.value)[2];
    const number = row.querySelector("[data-filter-column]").name.split(".")[1];
    const isMany = takes === "many";
    const kept = isMany ? values.filter(Boolean) : values; // Between two values a blank is an open end: its place counts.
    const wanted = isMany ? Math.max(kept.length, 1) : takes;
    const make = (text) => this.valueField(column, `value.${number}`, text);
    const fields = Array.from({ length: wanted }, (_, at) => make(kept[at] ?? ""));
    fields.forEach((field, at) => field.setAttribute("aria-label", `Value ${at + 1}`));
    place.replaceChildren(...joined(fields, takes === 2 ? "and" : "or"));
    if (isMany) place.append(this.another(place, make));
  }

  valueField(column, name, text) {
    let field;
    if (column.choices.length) {
      field = document.createElement("select");
      field.append(new Option("Choose…", ""), ...column.choices.map(([value, label]) => new Option(label, value)));
    } else {
      field = document.createElement("input");
      field.defaultValue = text; // What the filter holds already is nothing that somebody has typed.
      field.type = column.kind === "date" || column.kind === "datetime" ? "date" : "text";
      field.autocomplete = "off";
      if (column.kind === "integer") field.inputMode = "numeric";
      if (column.kind === "decimal") field.inputMode = "decimal";
    }
    field.name = name;
    field.value = text;
    return field;
  }

  another(place, make) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-quiet button-small";
    button.textContent = "+ or";
    button.addEventListener("click", () => {
      const field = make("");
      field.setAttribute("aria-label", `Value ${place.querySelectorAll("[name]").length + 1}`);
      button.before(joint("or"), field);
      field.focus();
    });
    return button;
  }
}

const columnOf = (row) => row.querySelector("[data-filter-column]");
const groupOf = (row) => row.querySelector("[data-filter-group]");

function joint(word) {
  const span = document.createElement("span");
  span.className = "filter-joint";
  span.textContent = word;
  return span;
}

function joined(fields, word) {
  return fields.flatMap((field, at) => (at ? [joint(word), field] : [field]));
}

function closeByEscape(details) {
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}

document.querySelectorAll("details[data-filters]").forEach((details) => new FilterForm(details));
document.querySelectorAll("details[data-filters], details[data-menu]").forEach(closeByEscape);
