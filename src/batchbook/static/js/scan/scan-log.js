/* The last entries of a box for scanning, in words: what each did, and those that were refused until they are dismissed.

   new ScanLog(list)      list: an <ol>, the newest entry first
   told(outcome, text, url)   adds an entry: "success", "warning", "error" or "back" for one that was taken back; `url` is its row
   showRefused(scans, dismiss)   shows the refused scans of the store, each with a button that calls dismiss(scan) */

const SHOWN = 4;
const SIGNS = { success: "✓", warning: "!", error: "✕", back: "↶" };
const WORDS = { success: "", warning: "Look at this: ", error: "Not entered: ", back: "" };

export class ScanLog {
  #refused = new Map();

  constructor(list) {
    this.list = list;
  }

  told(outcome, text, url = "") {
    const entry = line(outcome);
    entry.append(words(text, url));
    const [first] = this.#entries;
    if (first) first.before(entry);
    else this.list.append(entry);
    for (const old of this.#entries.slice(SHOWN)) old.remove();
  }

  showRefused(scans, dismiss) {
    const keys = new Set(scans.map(({ key }) => key));
    for (const [key, entry] of this.#refused) {
      if (keys.has(key)) continue;
      entry.remove();
      this.#refused.delete(key);
    }
    for (const scan of scans) {
      if (this.#refused.has(scan.key)) continue;
      const entry = line("error");
      entry.dataset.refused = "";
      entry.append(words(scan.error.includes(scan.text) ? scan.error : `“${scan.text}”: ${scan.error}`), button(scan, dismiss));
      this.#refused.set(scan.key, entry);
      this.list.prepend(entry);
    }
  }

  get #entries() {
    return [...this.list.children].filter((entry) => !("refused" in entry.dataset));
  }
}

function line(outcome) {
  const entry = document.createElement("li");
  entry.className = `scan-entry scan-${outcome}`;
  const sign = Object.assign(document.createElement("span"), { className: "scan-sign", textContent: SIGNS[outcome] });
  sign.setAttribute("aria-hidden", "true");
  const told = Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: WORDS[outcome] });
  entry.append(sign, told);
  return entry;
}

function words(text, url) {
  const element = document.createElement(url ? "a" : "span");
  element.className = "scan-words";
  element.textContent = text;
  element.title = text;
  if (url) element.href = url;
  return element;
}

function button(scan, dismiss) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button button-quiet button-small";
  element.textContent = "Dismiss";
  element.setAttribute("aria-label", `Dismiss ${scan.text}`);
  element.addEventListener("click", () => dismiss(scan));
  return element;
}
