/* Blocks of cells on the clipboard, as Excel, Google Sheets and LibreOffice write and read them.

   parseClipboard({text, html}, signs)   the block as rows of texts, all of one length; [] where there is nothing. `text` is the clipboard's
       text/plain, `html` its text/html; either may be missing.
       Text counts where it is a table: columns between tabs, cells with line breaks or tabs in quotes, one line break at the end left out.
       Where only the HTML is a table, it counts: merged cells are their upper left one and empty ones, hidden rows and cells are left out.
       Where both have the same shape, the HTML mends what a text cannot tell: line breaks that became spaces (LibreOffice), and numbers
       that the column was too narrow for or that were shown as 1.2E+12 (`data-sheets-value`, `x:num`, `sdval`).
       Numbers of the HTML are written with the person's `signs` (numbers.js), also those that somebody with other signs copied here, or
       that a program shows with another decimal sign: 1,234 beside the number 1.234.
       The HTML is parsed into a document of its own that loads nothing and runs nothing; styles and
       handlers, which would breach the policy of the page even there, are taken out before.

   toClipboard(rows, kinds, signs)       {text, html} for rows of texts, whose numbers have these signs. `kinds` are those of the columns (data-kind): cells of integer and decimal
       columns are numbers in any language of Excel, all others are texts, so that 007 and 1-2 stay what they are.
       Write both by a "copy" event's clipboardData.setData: navigator.clipboard.write takes the formats out of the HTML. */

import { PLAIN, canonical, written } from "./numbers.js";

const NUMERIC = /^(?:integer|decimal)$/;
const PLAIN_NUMBER = /^-?\d+(?:\.\d+)?$/;
/* How a number looks that its column was too narrow for, or that has too many digits. */
const SHORTENED = /^(?:#+|[-+]?\d(?:[.,]\d+)?E[-+]?\d+)$/i;

export function parseClipboard({ text = "", html = "" }, signs = PLAIN) {
  const fromText = rowsOfText(text.replaceAll("\0", ""));
  const table = html && new DOMParser().parseFromString(withoutStyles(html), "text/html").querySelector("table");
  if (!table) return rectangle(fromText.map((row) => row.cells));
  const fromHtml = rowsOfTable(table, signs);
  const isForeign = (table.dataset.decimalSign ?? signs.decimal) !== signs.decimal;
  const isOfText = fromText.length > 0 && isRectangle(fromText) && !(sizeOf(fromText) === 1 && sizeOf(fromHtml) > 1);
  if (!isOfText) return rectangle(fromHtml.map((row) => row.map((cell) => mended(cell.text, cell, isForeign))));
  const isSameShape = fromText.length === fromHtml.length && fromText[0].cells.length === Math.max(...fromHtml.map((row) => row.length));
  return fromText.map(({ cells }, at) => (isSameShape ? cells.map((cell, place) => mended(cell, fromHtml[at][place], isForeign)) : cells));
}

export function toClipboard(rows, kinds = [], signs = PLAIN) {
  const lines = rows.map((row) => row.map(quoted).join("\t"));
  const isSingle = rows.length === 1 && rows[0].length === 1;
  const body = rows.map((row) => `<tr>${row.map((text, at) => htmlCell(text, kinds[at], signs)).join("")}</tr>`).join("\n");
  return {
    text: isSingle ? lines[0] : lines.map((line) => `${line}\r\n`).join(""),
    html: `<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8">
<style>td { mso-number-format: "\\@"; white-space: pre-wrap } br { mso-data-placement: same-cell }</style></head>
<body><!--StartFragment--><table data-decimal-sign="${signs.decimal}">
${body}
</table><!--EndFragment--></body></html>`,
  };
}

/* Text. */

/* The rows of a text, each {cells}. A quote opens a cell only if another one closes it: "6" wide" is no quoted cell. */
function rowsOfText(text) {
  const rows = [];
  const pattern = /"([^"]*(?:""[^"]*)*)"(?=\t|\r|\n|$)|([^\t\r\n]*)/y;
  let cells = [];
  for (let at = 0; at <= text.length && text; ) {
    pattern.lastIndex = at;
    const [all, inQuotes, plain] = pattern.exec(text);
    cells.push(inQuotes === undefined || isWithoutNeed(inQuotes) ? (plain ?? all) : unquoted(inQuotes));
    at += all.length;
    const end = text.startsWith("\r\n", at) ? "\r\n" : (text[at] ?? "");
    at += end.length;
    if (end !== "\t") {
      rows.push({ cells });
      cells = [];
    }
    if (end === "" || (end !== "\t" && at === text.length)) break;
  }
  return rows;
}

/* Programs quote a cell only for a line break, a tab or a quote in it; any other quotes were typed by a person. */
function isWithoutNeed(inQuotes) {
  return !/[\t\r\n]|""/.test(inQuotes);
}

const unquoted = (text) => text.replaceAll('""', '"').replace(/\r\n?/g, "\n");

const quoted = (text) => (/[\t\r\n]|^"/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/* Tables of HTML. */

const SHEETS_AND_SCRIPTS = /<(style|script)\b[^]*?<\/\1\s*>/gi;
const TAGS = /<[a-z](?:"[^"]*"|'[^']*'|[^'">])*>/gi;
const STYLES_AND_HANDLERS = /("[^"]*"|'[^']*')|\b(style|on\w+)(?=\s*=)/gi;

/* HTML without style sheets and scripts, with the attributes `style` called `data-css`, and handlers `data-on…`. */
function withoutStyles(html) {
  const tame = (_, inQuotes, name) => inQuotes ?? (name.toLowerCase() === "style" ? "data-css" : `data-${name}`);
  return html.replace(SHEETS_AND_SCRIPTS, "").replace(TAGS, (tag) => tag.replace(STYLES_AND_HANDLERS, tame));
}

/* The visible rows of a table, each a list of {text, number}; merged cells are followed by empty ones. */
function rowsOfTable(table, signs) {
  const rows = [];
  const spans = []; // By column: how many of the following rows a merged cell covers.
  for (const row of table.rows) {
    const isShown = !isHidden(row);
    const cells = [];
    for (const cell of row.cells) {
      while (spans[cells.length] > 0) spans[cells.length] -= cells.push(EMPTY) && 1;
      if (isHidden(cell)) continue;
      for (let n = 0; n < cell.colSpan; n += 1) {
        spans[cells.length] = cell.rowSpan - 1;
        cells.push(n ? EMPTY : contentOf(cell, signs));
      }
    }
    while (spans[cells.length] > 0) spans[cells.length] -= cells.push(EMPTY) && 1;
    if (isShown) rows.push(cells);
  }
  return rows;
}

const EMPTY = { text: "", number: "" };

/* Excel adds a hidden row that only carries widths; filtered rows and hidden columns may be there too. */
function isHidden(element) {
  return element.hidden || /display:\s*none|visibility:\s*(?:hidden|collapse)/i.test(element.dataset.css ?? "");
}

function contentOf(cell, signs) {
  const sheets = sheetsValue(cell);
  const isMoment = /[ymdh]/i.test(cell.getAttribute("sdnum") ?? ""); // Its number counts days.
  const numbers = [cell.getAttribute("x:num"), !isMoment && cell.getAttribute("sdval"), sheets?.[3]];
  const found = numbers.find((one) => PLAIN_NUMBER.test(one ?? ""));
  const number = found === undefined ? undefined : written(String(found), signs);
  const text = typeof sheets?.[2] === "string" ? sheets[2].replace(/\r\n?/g, "\n") : shownText(cell);
  const ofOtherSigns = found === undefined ? null : otherwiseSigned(text, Number(found), signs);
  return { text: SHORTENED.test(text) && number !== undefined ? number : text, number: number ?? "", ofOtherSigns };
}

/* The text with the person's signs if it is the number with the other decimal sign, and not with theirs; else null. */
function otherwiseSigned(text, number, signs) {
  const [own, other] = [signs.decimal, signs.decimal === "," ? "." : ","].map((decimal) => ungrouped(text, decimal));
  const isIt = (plain) => plain !== null && Math.abs(Number(plain) - number) <= 0.501 * 10 ** -(plain.split(".")[1]?.length ?? 0);
  return isIt(other) && !isIt(own) ? written(other, signs) : null;
}

function ungrouped(text, decimal) {
  const plain = text.replace(/[\s'’]/g, "").replaceAll(decimal === "," ? "." : ",", "").replace(decimal, ".");
  return PLAIN_NUMBER.test(plain) ? plain : null;
}

/* What Google Sheets says of a cell: {1: type, 2: its text or 3: its number}. */
function sheetsValue(cell) {
  try {
    return JSON.parse(cell.dataset.sheetsValue ?? "null");
  } catch {
    return null;
  }
}

/* The text of a cell as a person sees it: breaks and paragraphs are new lines, and spaces in a row are one. */
function shownText(node) {
  const parts = [];
  const isKept = /white-space:\s*pre/i.test(node.dataset.css ?? "");
  collect(node, parts, isKept);
  const lines = parts.join("").split("\n");
  return (isKept ? lines : lines.map((line) => line.replace(/^ | $/g, "")))
    .join("\n")
    .replaceAll("\u00A0", " ")
    .replace(/^\n+|\n+$/g, "")
    .replace(/^ $/, "");
}

function collect(node, parts, isKept) {
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) parts.push(isKept ? child.data : child.data.replace(/[ \t\r\n]+/g, " "));
    else if (child.nodeName === "BR") parts.push("\n");
    else if (/^(?:P|DIV|LI)$/.test(child.nodeName)) {
      if (parts.at(-1)?.trim() && parts.at(-1) !== "\n") parts.push("\n");
      collect(child, parts, isKept);
      parts.push("\n");
    } else if (child.nodeType === Node.ELEMENT_NODE && !isHidden(child)) collect(child, parts, isKept);
  }
}

function htmlCell(text, kind, signs) {
  const number = NUMERIC.test(kind) ? canonical(text, signs) : null;
  if (number !== null) {
    const places = number.split(".")[1]?.length ?? 0;
    const format = places ? `0\\.${"0".repeat(places)}` : "0";
    return `<td x:num="${number}" sdval="${number}" style='mso-number-format:"${format}"'>${text}</td>`;
  }
  return `<td x:str style='mso-number-format:"\\@"'>${escaped(text).replace(/\r\n?|\n/g, "<br>")}</td>`;
}

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/* Both. */

/* A cell of the text, with what its cell of the HTML knows better. */
function mended(text, cell, isForeign) {
  if (!cell) return text;
  if (cell.ofOtherSigns && text.trim() === cell.text.trim()) return cell.ofOtherSigns;
  if (cell.number && (isForeign || SHORTENED.test(text))) return cell.number;
  const isSame = text.replace(/\s+/g, " ").trim() === cell.text.replace(/\s+/g, " ").trim();
  return isSame && cell.text.includes("\n") && !text.includes("\n") ? cell.text : text;
}

const isRectangle = (rows) => rows.every(({ cells }) => cells.length === rows[0].cells.length);

const sizeOf = (rows) => rows.reduce((sum, row) => sum + (row.cells ?? row).length, 0);

function rectangle(rows) {
  const width = Math.max(0, ...rows.map((row) => row.length));
  return rows.map((row) => [...row, ...Array(width - row.length).fill("")]);
}
