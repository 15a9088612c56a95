/* The widths of columns, and which are hidden or frozen: one constructed style sheet, so that rows that come later need nothing of their own.

   new ColumnLayout(grid)      takes over the widths that the browser gave the columns
   width(at), setWidth(at, px) hide(at, isHidden)      freeze(count)   the first `count` columns that are shown stay when scrolled sideways
   fit(at)                     as wide as its texts need        toJson()   what the server remembers
   In the headings, data-width and data-frozen say what was remembered.
   Event: "change" after whatever was chosen by hand */

const LEAST_PX = 40;
const CARDS = "(min-width: 43.75rem)"; // Below, rows are cards, see the style sheet.

export class ColumnLayout extends EventTarget {
  #sheet = new CSSStyleSheet();

  constructor(grid) {
    super();
    this.grid = grid;
    this.frozen = 1;
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.#sheet];
    for (const column of grid.columns) {
      const { width } = column.head.dataset;
      column.width = width ? Number(width) : Math.ceil(column.head.getBoundingClientRect().width);
    }
    const frozen = grid.columns.findLastIndex(({ head }) => "frozen" in head.dataset);
    if (frozen >= 0) this.frozen = frozen + 1;
    this.#write();
  }

  width(at) {
    return this.grid.columns[at].width;
  }

  setWidth(at, px) {
    this.grid.columns[at].width = Math.max(LEAST_PX, Math.round(px));
    this.#write();
  }

  /* The frozen columns stay those that they were. */
  hide(at, isHidden) {
    const before = this.grid.shown.filter((one) => one < at).length;
    if (before < this.frozen) this.frozen += isHidden ? -1 : 1;
    this.grid.columns[at].head.hidden = isHidden;
    this.#write();
    this.dispatchEvent(new Event("change"));
  }

  freeze(count) {
    this.frozen = count;
    this.#write();
    this.dispatchEvent(new Event("change"));
  }

  /* As wide as the texts of the rows in the page need. */
  fit(at) {
    const { rows, columns } = this.grid;
    const cells = Array.from({ length: rows.end - rows.first }, (_, n) => rows.row(rows.first + n)?.cells[at]).filter(Boolean);
    columns[at].width = LEAST_PX;
    this.#write();
    const head = columns[at].head.firstElementChild;
    const widths = cells.map((cell) => widthOf(cell));
    this.setWidth(at, Math.max(head ? head.scrollWidth + 2 : LEAST_PX, ...widths) + 1);
    this.changed();
  }

  /* What is remembered, by the names of the columns. */
  toJson() {
    const shown = this.grid.shown;
    return this.grid.columns.map(({ field, width, head }, at) => ({
      name: field,
      width,
      hidden: head.hidden,
      frozen: shown.indexOf(at) >= 0 && shown.indexOf(at) < this.frozen,
    }));
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  #write() {
    const { columns, table } = this.grid;
    const id = `#${CSS.escape(table.id)}`;
    const shown = columns.flatMap(({ head }, at) => (head.hidden ? [] : [at]));
    const rules = columns.flatMap(({ head }, at) => (head.hidden ? [`${id} > * > tr > :nth-child(${at + 1}):not([colspan]) { display: none; }`] : []));
    const sized = [`${id} { table-layout: fixed; width: ${shown.reduce((sum, at) => sum + columns[at].width, 0)}px; min-width: 100%; }`];
    for (const at of shown) sized.push(`${id} > thead > tr > :nth-child(${at + 1}) { width: ${columns[at].width}px; }`);
    let left = 0;
    for (const at of shown.slice(0, this.frozen)) {
      const ofRows = `${id} > tbody > tr > :nth-child(${at + 1}):not([colspan])`;
      sized.push(`${ofRows} { position: sticky; left: ${left}px; z-index: 1; }`);
      sized.push(`:where(${ofRows}) { background: var(--surface); }`); // Any state of a cell has a colour of its own.
      sized.push(`${id} > thead > tr > :nth-child(${at + 1}) { left: ${left}px; z-index: 3; }`);
      left += columns[at].width;
    }
    table.parentElement.style.scrollPadding = `${table.tHead.offsetHeight}px 0 0 ${left}px`; // What stays covers no cell that is gone to.
    this.#sheet.replaceSync(`${rules.join("\n")}\n@media ${CARDS} { ${sized.join("\n")} }`);
  }
}

function widthOf(cell) {
  const inner = cell.querySelector(".cell-link");
  const padding = cell.offsetWidth - (inner?.clientWidth ?? cell.offsetWidth);
  return inner ? inner.scrollWidth + padding : cell.scrollWidth;
}
