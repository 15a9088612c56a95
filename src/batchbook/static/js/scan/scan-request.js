/* Scans, posted with their idempotency keys, and the meaning of the answer.

   send(url, scans)   scans: [{key, text}], up to MOST; resolves to {outcome, answers, error, signIn}; it never fails.
     done      the server has dealt with each of them, now or when it was sent before. `answers` has, in their order,
               {message, sequence, operation, is_new, severity, url, undo_url}, or {error} for one that is refused: sending it again would
               not help
     refused   so are all of them: `error` says why
     stopped   nothing can be sent just now: `error` says why, `signIn` is the page to sign in on, where that is needed. Scans may have been
               stored all the same: sent again with their keys, they are answered as they were the first time */

import { numberFormat, renewed, tokenOf } from "../grid/session.js";

export const MOST = 20;
const PATIENCE_MS = 20_000;
const STOPPED = {
  away: "The server does not answer.",
  busy: "The server is busy.",
  out: "You are signed out.",
  other: "Somebody else is signed in with this browser now.",
};

export async function send(url, scans) {
  const answer = await post(url, scans);
  // 403 or 400: the session, the token, or what was sent.
  if (![400, 401, 403].includes(answer.status)) return understood(answer);
  const session = await renewed();
  if (session === "renewed") return understood(await post(url, scans));
  return session === "same" ? understood(answer) : stopped(session);
}

async function post(url, scans) {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", ...numberFormat(), "X-CSRF-Token": tokenOf(document)?.content ?? "" },
      body: JSON.stringify({ scans: scans.map(({ key, text }) => ({ key, text })) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    return { status: answer.status, body: isJson ? await answer.json() : null };
  } catch {
    return { status: 0, body: null };
  }
}

function understood({ status, body }) {
  if (status === 200 && Array.isArray(body?.answers)) return { outcome: "done", answers: body.answers };
  if ([429, 503].includes(status)) return stopped("busy");
  // The state of the batch, or a job that works on it: nothing is wrong with the scans.
  if (status === 409 && body?.error) return { outcome: "stopped", error: body.error, signIn: "" };
  return body?.error ? { outcome: "refused", error: body.error } : stopped("away");
}

function stopped(why) {
  const signIn = ["out", "other"].includes(why) ? tokenOf(document).dataset.signIn : "";
  return { outcome: "stopped", error: STOPPED[why], signIn };
}
