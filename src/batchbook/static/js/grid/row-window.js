/* The rows of a grid that are in the page, by their place (0 is the first of all rows) and by their key.

   new RowWindow(grid)     takes the rows that the server rendered
   total                   the number of all rows             first, end      the places of those that are in the page
   row(place)              the <tr>, or null                  place(row)      the place of a <tr>
   find(key)               the <tr> of a key, or null
   reveal(place)           makes sure that a row is in the page, and in sight
   Event: "rows" with the new rows as detail, before they are shown */

export class RowWindow extends EventTarget {
  constructor(grid) {
    super();
    this.body = grid.table.tBodies[0];
    const rows = [...this.body.rows];
    this.first = Math.max(0, Number(rows[0]?.getAttribute("aria-rowindex") ?? 2) - 2);
    this.end = this.first + rows.length;
    this.total = Number(grid.dataset.total ?? rows.length);
  }

  row(place) {
    return this.body.rows[place - this.first] ?? null;
  }

  place(row) {
    return this.first + row.sectionRowIndex;
  }

  find(key) {
    return this.body.querySelector(`tr[data-key="${CSS.escape(key)}"]`);
  }

  reveal(place) {
    this.row(place)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
