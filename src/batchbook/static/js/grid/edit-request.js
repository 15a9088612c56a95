/* One edit of a cell, posted, and the meaning of its answer.

   send({url, field, text, before, version, reason})  resolves to {outcome, body}; it never fails.
     saved      200   body: {message, changed, version, row_html, counts_html, problems_html, peers}
     conflict   409   body: {error, mine, theirs, version, row_html, counts_html, problems_html}: somebody else was faster
     refused    any other answer that is about this edit; body: {error}, and {reason_needed} where it may be sent again with a reason
     stopped    nothing can be saved just now; body: {error, later, lost, signIn}: `later` where it may work without anybody's
                doing, `lost` where the edit may have been stored without an answer, `signIn` the page to sign in on, where that is needed

   Posted: field, value, the row's version, and as seen.FIELD what the cell held before: only if that is not so any more there is a
   conflict, whatever else of the row was changed; form-encoded, with X-CSRF-Token and Accept: application/json, and with the page's query behind the
   address, so that the counts that come back know what the page shows. */

import { reasonHeader } from "./reason-dialog.js";
import { numberFormat, renewed, tokenOf } from "./session.js";

const PATIENCE_MS = 60_000;
const KEPT = "What you typed is kept on this page.";
const STOPPED = {
  away: { error: `The server could not be reached. ${KEPT}`, later: true, lost: true },
  busy: { error: `The server is busy. ${KEPT}`, later: true },
  out: { error: `You are signed out. ${KEPT} Sign in again in another tab, then come back.`, isOut: true },
  other: { error: `Somebody else is signed in with this browser now. ${KEPT} Sign in again in another tab, then come back.`, isOut: true },
};

export async function send(edit) {
  const answer = await post(edit);
  // 403 or 400: the session, the token, or the edit itself.
  if (![400, 401, 403].includes(answer.status)) return understood(answer);
  const session = await renewed();
  return session === "renewed" ? understood(await post(edit)) : session === "same" ? understood(answer) : stopped(session);
}

async function post({ url, field, text, before, version, reason }) {
  try {
    const answer = await fetch(url + location.search, {
      method: "POST",
      headers: { Accept: "application/json", ...numberFormat(), ...reasonHeader(reason), "X-CSRF-Token": tokenOf(document)?.content ?? "" },
      body: new URLSearchParams({ field, value: text, version, [`seen.${field}`]: before }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    return { status: answer.status, body: isJson ? await answer.json() : null };
  } catch {
    return { status: 0, body: null };
  }
}

function understood({ status, body }) {
  if (status === 200 && body?.row_html) return { outcome: "saved", body };
  if ([429, 503].includes(status)) return stopped("busy");
  if (!body?.error) return stopped("away", status);
  return { outcome: status === 409 && "theirs" in body ? "conflict" : "refused", body };
}

function stopped(why, status = 0) {
  const { isOut, ...body } = STOPPED[why];
  if (isOut) body.signIn = tokenOf(document).dataset.signIn;
  if (status) body.error = `The server answered ${status}, which this page cannot read. ${KEPT}`;
  return { outcome: "stopped", body };
}
