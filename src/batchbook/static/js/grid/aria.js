/* The grid for assistive technology: roles, indexes and states (WAI-ARIA), and no links in the order of Tab.

   upgradeTable(table, columns, isEditable)   the table and its headings
   upgradeRows(rows, isEditable)              rows, before they are shown
   withoutLinks(row, isEditable)              takes links out of the order of Tab; that of a cell that can be edited is none here, because
                                              Enter opens the cell */

import { markInvalid } from "./cell-state.js";

export function upgradeTable(table, columns, isEditable) {
  const scroll = table.parentElement;
  for (const name of ["tabindex", "role", "aria-labelledby"]) scroll.removeAttribute(name);
  table.setAttribute("role", "grid");
  table.setAttribute("aria-multiselectable", "true");
  table.setAttribute("aria-colcount", columns.length);
  if (!isEditable) table.setAttribute("aria-readonly", "true");
  const heads = table.tHead.rows[0];
  heads.setAttribute("role", "row");
  heads.setAttribute("aria-rowindex", 1);
  columns.forEach(({ head }, at) => {
    makeCell(head, at, "columnheader");
    for (const link of head.querySelectorAll("a, button")) link.tabIndex = -1;
  });
}

export function upgradeRows(rows, isEditable) {
  for (const row of rows) {
    row.setAttribute("role", "row");
    withoutLinks(row, isEditable);
    [...row.cells].forEach((cell, at) => {
      makeCell(cell, at, cell.tagName === "TH" ? "rowheader" : "gridcell");
      if (isEditable && !("cell" in cell.dataset)) cell.setAttribute("aria-readonly", "true");
      markInvalid(cell);
    });
  }
}

export function withoutLinks(row, isEditable) {
  for (const link of row.querySelectorAll("a")) {
    if (link.className === "cell-link" && isEditable) link.removeAttribute("href");
    else link.tabIndex = -1;
  }
}

function makeCell(cell, at, role) {
  cell.setAttribute("role", role);
  cell.setAttribute("aria-colindex", at + 1);
  cell.setAttribute("tabindex", "-1");
}
