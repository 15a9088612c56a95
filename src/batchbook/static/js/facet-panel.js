/* Facets beside a grid: each is fetched when it is first seen, and again after cells of the grid have changed.

   facet-panel            holds the facets
   [data-facet]           one facet; data-url is the address of its page, whose parameter `part` asks for the content alone
   [data-filled]          its content is there already
   [data-facet-body]      the place of the content, which the server renders
   a[data-facet-more]     in a content: its address with `part` has more values, which replace the content

   A row of table.grid[data-rows] that comes again with another data-version has changed; scrolling brings other rows, which have
   not. The event "batchbook:changed" at the document tells of changes that no row shows. Without this module a link in place of
   each content leads to the page of all facets. */

const PAUSE = 400; // Milliseconds without another change, before facets are counted anew.

class FacetPanel extends HTMLElement {
  connectedCallback() {
    this.stale = () => this.refreshSoon();
    document.addEventListener("batchbook:changed", this.stale);
    this.seen = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) this.fill(entry.target);
    });
    for (const facet of this.querySelectorAll("[data-facet]")) this.seen.observe(facet);
    const rows = document.querySelector("table.grid[data-rows]");
    if (rows) {
      this.changes = new MutationObserver((records) => isEdit(records) && this.refreshSoon());
      this.changes.observe(rows, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-version"] });
    }
    this.addEventListener("click", (event) => this.showMore(event));
  }

  disconnectedCallback() {
    document.removeEventListener("batchbook:changed", this.stale);
    this.seen.disconnect();
    this.changes?.disconnect();
    clearTimeout(this.timer);
  }

  fill(facet) {
    if ("filled" in facet.dataset) return;
    facet.dataset.filled = "";
    this.load(facet, facet.dataset.url);
  }

  showMore(event) {
    const link = event.target.closest("a[data-facet-more]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const facet = link.closest("[data-facet]");
    facet.dataset.url = link.href; // Counted anew, it has as many values.
    this.load(facet, link.href).then(() => facet.querySelector("a")?.focus());
  }

  refreshSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      for (const facet of this.querySelectorAll("[data-facet]")) {
        delete facet.dataset.filled;
        this.seen.unobserve(facet); // Observed again, it tells at once whether it is in sight.
        this.seen.observe(facet);
      }
    }, PAUSE);
  }

  async load(facet, url) {
    const wanted = new URL(url, location.href);
    wanted.searchParams.set("part", "1");
    const body = facet.querySelector("[data-facet-body]");
    body.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(wanted, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
      body.innerHTML = await answer.text();
    } catch {
      delete facet.dataset.filled; // It is tried again when it is next seen; until then its link is there.
    } finally {
      body.removeAttribute("aria-busy");
    }
  }
}

/* Whether one of the rows was replaced by itself in another version. */
function isEdit(records) {
  if (records.some((record) => record.type === "attributes")) return true;
  const versions = (lists) => new Map(lists.flatMap((list) => [...list]).filter((node) => node.dataset?.key)
    .map((row) => [row.dataset.key, row.dataset.version]));
  const before = versions(records.map((record) => record.removedNodes));
  const after = versions(records.map((record) => record.addedNodes));
  return [...after].some(([key, version]) => before.has(key) && before.get(key) !== version);
}

customElements.define("facet-panel", FacetPanel);
