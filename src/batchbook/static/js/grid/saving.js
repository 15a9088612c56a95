/* Texts that were typed into a grid, on their way to the server: they are queued and sent, and the answers are shown in the rows.

   new Saving(grid)        makes the queue (save-queue.js) and the bar that tells of it (save-status.js)
   queue, status
   put(cell, text, {base, isChosen})   takes a text for a cell. `base` is the stored text on which it is based; `isChosen` says that it
                                       replaces that one knowingly
   giveUp(edit)            forgets one that was not saved
   takeBack()              forgets the last edit that was not sent yet, and returns it
   showEdits()             marks the cells in the page whose texts are not stored
   update(html)            puts what the server says of rows into those that were loaded; what is older than they are changes nothing

   Nothing that comes back moves the focus or opens anything, but for the question for a reason (reason-dialog.js), once nobody types. While anything is not saved, links and forms wait for it
   (leave-when-saved.js), and the browser asks before it leaves the page. */

import { openUnsaved } from "./cell-actions.js";
import { flashRow, showEdit, updateRow } from "./cell-state.js";
import { textOf } from "./columns.js";
import { leaveWhenSaved } from "./leave-when-saved.js";
import { parsedRows, replaceById } from "./page-parts.js";
import { askReason, untilNobodyTypes } from "./reason-dialog.js";
import { SaveQueue } from "./save-queue.js";
import "./save-status.js";
import { withoutLinks } from "./aria.js";

const isSame = (one, other) => one.url === other.url && one.field === other.field;

export class Saving {
  #marked = new Set();
  #asking = Promise.resolve();

  constructor(grid) {
    this.grid = grid;
    this.queue = new SaveQueue();
    this.status = document.createElement("save-status");
    grid.after(this.status);
    this.status.watch(this.queue);
    this.status.addEventListener("next", () => openUnsaved(grid));
    this.status.addEventListener("retry", () => grid.table.querySelector("[data-save]") && grid.focusActive());
    leaveWhenSaved(this.queue, (text) => grid.tell(text));
    this.queue.addEventListener("answer", ({ detail }) => this.#answered(detail));
    this.queue.addEventListener("change", () => this.showEdits());
    addEventListener("beforeunload", (event) => grid.editor?.changed && event.preventDefault());
  }

  put(cell, text, { base, isChosen = false } = {}) {
    const address = this.grid.addressOf(cell);
    const waiting = this.queue.pending.findLast((edit) => isSame(edit, address));
    const unsaved = this.queue.unsaved.find((edit) => isSame(edit, address));
    // In place of one that was not saved, it is based on what that one was: a conflict stays one until somebody chooses.
    const before = isChosen ? base : (waiting?.text ?? unsaved?.before ?? base ?? textOf(cell));
    this.grid.tell("");
    this.queue.add({ ...address, text, before });
  }

  giveUp(edit) {
    this.queue.drop(edit);
    const cell = this.grid.cellOf(edit);
    this.grid.tell(`“${edit.text}” was discarded. The cell shows the saved value${cell ? `: ${textOf(cell) || "nothing"}` : ""}.`);
  }

  /* What was sent may be stored, even without an answer. */
  takeBack() {
    const last = this.queue.pending.findLast(({ state, lost }) => state === "waiting" && !lost);
    if (last) this.queue.drop(last);
    return last;
  }

  showEdits() {
    const edits = new Map([...this.queue.unsaved, ...this.queue.pending].map((edit) => [this.grid.cellOf(edit), edit]));
    edits.delete(null);
    for (const cell of this.#marked) if (!edits.has(cell) && cell.dataset.save) showEdit(cell);
    for (const [cell, edit] of edits) showEdit(cell, this.grid.columnOf(cell), edit);
    this.#marked = new Set(edits.keys());
  }

  update(html) {
    for (const fresh of parsedRows(html)) {
      withoutLinks(fresh, this.grid.isEditable);
      const row = this.grid.rows.find(fresh.dataset.key);
      if (row && Number(fresh.dataset.version) >= Number(row.dataset.version)) updateRow(row, fresh);
    }
  }

  #answered(edit) {
    const { body } = edit;
    if (edit.state === "refused" && body.reason_needed) this.#asking = this.#asking.then(() => this.#explain(edit));
    if (!body.row_html) return;
    this.#rebase(edit, parsedRows(body.row_html)[0]);
    this.update(body.row_html);
    const row = this.grid.rows.find(edit.key);
    if (row && !this.queue.pending.length) flashRow(row); // One by one they would cost more than the keys that are typed meanwhile.
    for (const peer of body.peers ?? []) this.update(peer.row_html);
    replaceById("breakdown", body.counts_html);
    replaceById("problem-count", body.problems_html);
  }

  /* A text that is given up or typed anew meanwhile needs no reason any more. */
  async #explain(edit) {
    await untilNobodyTypes(this.grid);
    if (!this.queue.unsaved.includes(edit)) return;
    const { error, reason_needed: needed } = edit.body;
    const reason = await askReason(this.grid, { error, ...needed });
    if (reason === null) this.grid.tell(`“${edit.text}” is not saved: it needs a reason. F8 goes to the cell.`);
    else this.queue.add({ ...edit, reason, body: undefined });
  }

  /* What the server made of a text, such as 2.50 of 2.5, is what the next edit of the cell is based on. */
  #rebase(edit, fresh) {
    if (edit.state !== "saved") return;
    const stored = textOf(fresh.querySelector(`[data-field="${CSS.escape(edit.field)}"]`));
    for (const next of this.queue.pending) if (next !== edit && isSame(next, edit) && next.before === edit.text) next.before = stored;
    const { editor } = this.grid;
    if (editor && isSame(editor.address, edit)) editor.rebase(edit.text, stored);
  }
}
