/* Scans that the server has not confirmed yet, kept in this browser: they outlive a reload, a crash and the tab that they were made in.

   new ScanStore(place)   place: whose scans, and of which batch, as one text

   A scan   {key, text, at, tried, error}: its idempotency key, what was scanned, and when, in ms; `tried` when it was first sent, `error`
            why it was refused for good. Each is an item of its own in localStorage, so that tabs do not overwrite each other's.
   add(text)      keeps a scan at the end, and returns it
   update(scan)   keeps what became of it        remove(scan)   forgets it
   pending        those that are to be sent, in the order in which they were made, by whichever tab
   refused        those that wait to be dismissed
   done           the answers to the last scans of this tab, which outlive a reload; keep(answers) replaces them
   Events: "change" after this tab or another one changed something

   Where nothing can be kept, because storage is full or switched off, scans are held by this page alone, as `isKept` tells. */

const PREFIX = "batchbook.scan";
const KEPT = 20;
/* Twenty-four random bytes as the server takes them; crypto.randomUUID is not there on pages without TLS. */
const newKey = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24)))).replaceAll("+", "-").replaceAll("/", "_");

export class ScanStore extends EventTarget {
  #held = new Map();
  #last = 0;
  isKept = true;

  constructor(place) {
    super();
    this.prefix = `${PREFIX} ${place} `;
    addEventListener("storage", ({ key }) => (key === null || key.startsWith(this.prefix)) && this.#changed());
  }

  get pending() {
    return this.#all().filter(({ error }) => !error);
  }

  get refused() {
    return this.#all().filter(({ error }) => error);
  }

  get done() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(`${this.prefix}done`) ?? "[]");
      return Array.isArray(kept) ? kept.filter((answer) => typeof answer?.message === "string") : [];
    } catch {
      return [];
    }
  }

  keep(answers) {
    try {
      sessionStorage.setItem(`${this.prefix}done`, JSON.stringify(answers.slice(-KEPT)));
    } catch {
      // They are told on this page only.
    }
  }

  add(text) {
    // Two in one millisecond stay in their order.
    this.#last = Math.max(Date.now(), this.#last + 1);
    const scan = { key: newKey(), text, at: this.#last };
    this.update(scan);
    return scan;
  }

  update(scan) {
    const name = this.#name(scan);
    try {
      localStorage.setItem(name, JSON.stringify(scan));
      this.#held.delete(name);
    } catch {
      this.#held.set(name, scan);
      this.isKept = false;
    }
    this.#changed();
  }

  remove(scan) {
    this.#held.delete(this.#name(scan));
    try {
      localStorage.removeItem(this.#name(scan));
    } catch {
      // It could not be kept either.
    }
    this.#changed();
  }

  #name({ at, key }) {
    return `${this.prefix}${String(at).padStart(15, "0")} ${key}`;
  }

  #all() {
    const found = new Map(this.#held);
    try {
      for (const name of Object.keys(localStorage)) if (name.startsWith(this.prefix)) found.set(name, readScan(localStorage.getItem(name)));
    } catch {
      // Only what the page holds.
    }
    return [...found].filter(([, scan]) => scan).sort(([one], [other]) => (one < other ? -1 : 1)).map(([, scan]) => scan);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/* Whatever stands in the storage: null for what is no scan. */
function readScan(text) {
  try {
    const scan = JSON.parse(text);
    return typeof scan?.text === "string" && typeof scan.key === "string" && Number.isFinite(scan.at) ? scan : null;
  } catch {
    return null;
  }
}
