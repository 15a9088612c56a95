/* The source of the rows of a grid: windows of its view, asked for by their places.

   new RowSource(grid)            reads of the <row-grid>
     data-windows-url, data-query   where they are asked for (master/window_pages.py), and the parameters of the view
     data-keys                      the token of the keys of the view in its order, where they are kept
   query                          the parameters of the view, with the token
   ask({first, count, signal})    resolves to {first, count, total, html}; fails with an Error whose message is a sentence. The rows have
                                  the columns of the page, also where others were arranged in another window since
   forgetKeys()                   the next window is one of the view as it is then */

import { fieldsOf } from "./columns.js";
import { numberFormat } from "./session.js";

export class RowSource {
  constructor(grid) {
    this.grid = grid;
    this.keys = grid.dataset.keys ?? "";
  }

  get query() {
    const query = new URLSearchParams(this.grid.dataset.query);
    for (const name of ["page", "size"]) query.delete(name);
    if (this.keys) query.set("keys", this.keys);
    return query;
  }

  forgetKeys() {
    this.keys = "";
  }

  async ask({ first, count, signal }) {
    const { query } = this;
    query.set("first", first);
    query.set("count", count);
    const columns = fieldsOf(this.grid.columns);
    query.set("columns", columns);
    const answer = await fetch(`${this.grid.dataset.windowsUrl}?${query}`, { headers: { Accept: "application/json", ...numberFormat() }, signal });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok || typeof body.html !== "string") throw new Error(body.error ?? "The rows could not be loaded. Trying again…");
    if (!signal?.aborted && columns !== fieldsOf(this.grid.columns)) return this.ask({ first, count, signal }); // Arranged meanwhile.
    if (!signal?.aborted) this.keys = body.keys ?? "";
    return { ...body, count };
  }
}
