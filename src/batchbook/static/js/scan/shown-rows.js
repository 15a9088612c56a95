/* The rows of the page while codes are scanned: those that changed are brought up to date and into sight.

   new ShownRows(box)   box: the <scan-box>, whose neighbours are the grid and what is around it
   changed(key)         a row was changed or added. Of several within a moment, the last one is shown

   Where the batch had no rows when the page was rendered, everything around the box comes from the page as it is now, once. */

const PAUSE_MS = 800;

export class ShownRows {
  #key = null;
  #isBusy = false;

  constructor(box) {
    this.box = box;
  }

  async changed(key) {
    this.#key = key;
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#key !== null) {
      const shown = this.#key;
      this.#key = null;
      await this.#show(shown);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.#isBusy = false;
  }

  async #show(key) {
    const grid = this.box.parentElement.querySelector("row-grid");
    if (!grid) await this.#loadAll();
    else if (grid.follower) {
      await grid.follower.ask();
      grid.showRow(key);
    }
  }

  async #loadAll() {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("row-grid")?.parentElement;
      if (!fresh) return;
      for (const old of [...this.box.parentElement.children]) if (old !== this.box) old.remove();
      this.box.after(...[...fresh.children].filter((one) => one.localName !== this.box.localName));
    } catch {
      // The next scan tries again.
    }
  }
}
