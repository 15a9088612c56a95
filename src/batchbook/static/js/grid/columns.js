/* The columns of a grid, and the texts of its cells.

   readColumns(table)      [{field, label, kind, editable, reference, required, choices, scale, head}] from the headings:
     th[data-field]        data-label     the column in words          data-kind      text | integer | decimal | boolean | date | …
                           data-editable  its cells can be edited      data-required  and must not be empty
                           data-reference its cells name records, which can be looked up
     data-choices   JSON [[value, label], …]     data-scale     the digits behind the decimal sign
   fieldsOf(columns)       their names for an address: rows that come later have the same cells
   textOf(cell)            the text of a cell as it is stored, for editing: its data-text, else the visible text
   wordsOf(column, text)   that text as it is shown: for the value of a choice its label
   copyOf(column, cell)    the text for the clipboard */

const YES_NO = [["yes", "Yes"], ["no", "No"]];

export function readColumns(table) {
  return [...table.tHead.rows[0].cells].map((head) => {
    const { field, label, kind, choices, scale } = head.dataset;
    return {
      field,
      label: label ?? head.textContent.trim(),
      kind: kind ?? "text",
      editable: "editable" in head.dataset,
      reference: "reference" in head.dataset,
      required: "required" in head.dataset,
      choices: choices ? JSON.parse(choices) : kind === "boolean" ? YES_NO : null,
      scale: scale === undefined ? null : Number(scale),
      head,
    };
  });
}

export function fieldsOf(columns) {
  return columns.map(({ field }) => field).filter(Boolean).join(",");
}

export function textOf(cell) {
  return cell.dataset.text ?? cell.textContent;
}

export function wordsOf(column, text) {
  return column.choices?.find(([value]) => value === text)?.[1] ?? text;
}

export function copyOf(column, cell) {
  return wordsOf(column, textOf(cell));
}
