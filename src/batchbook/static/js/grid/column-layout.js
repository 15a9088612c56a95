/* The widths of columns, and which are hidden or frozen: one constructed style sheet, so that rows that come later need nothing of their own.

   new ColumnLayout(grid)      takes over the widths that the browser gave the columns
   width(at), setWidth(at, px) hide(at, isHidden)      freeze(count)   the first `count` columns that are shown stay when scrolled sideways
   shift(from, to)             moves a column, with all its cells in the page
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
    for (const column of grid.columns) column.width = Math.ceil(column.head.getBoundingClientRect().width);
    this.#write();
  }

  width(at) {
    return this.grid.columns[at].width;
  }

  setWidth(at, px) {
    this.grid.columns[at].width = Math.max(LEAST_PX, Math.round(px));
    this.#write();
  }

  hide(at, isHidden) {
    this.grid.columns[at].head.hidden = isHidden;
    this.#write();
    this.dispatchEvent(new Event("change"));
  }

  freeze(count) {
    this.frozen = count;
    this.#write();
    this.dispatchEvent(new Event("change"));
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
      sized.push(`${id} > * > tr > :nth-child(${at + 1}):not([colspan]) { position: sticky; left: ${left}px; z-index: 1; }`);
      sized.push(`${id} > thead > tr > :nth-child(${at + 1}) { z-index: 3; }`);
      left += columns[at].width;
    }
    table.parentElement.style.scrollPadding = `${table.tHead.offsetHeight}px 0 0 ${left}px`; // What stays covers no cell that is gone to.
    this.#sheet.replaceSync(`${rules.join("\n")}\n@media ${CARDS} { ${sized.join("\n")} }`);
  }
}
