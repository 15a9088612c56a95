/* The signed-in session, as the page knows it, and requests in its name.

   meta[name=csrf-token]   content   the token         data-user   who is signed in         data-renew   a page with a newer one
                           data-sign-in   the page to sign in on
                           data-number-format   the format of the page's numbers, whatever the person has chosen since
   After a new sign-in the page's token is not valid any more. It is renewed if the same person has signed in.

   tokenOf(page)      the meta element of a document
   numberFormat()     the header of a request that has numbers, or is answered with some
   renewed()          looks who is signed in now, and takes over their token: "renewed", "same", "out", "other" or "away"
   call(url, body, headers)   POSTs JSON, or GETs without a body; resolves to what the server answered, as an object. Fails with an Error whose
                      message is a sentence, the server's own where it gave one; its `reasonNeeded` has the reasons to choose from where the
                      server wants one (reason-dialog.js). */

const PATIENCE_MS = 60_000;
const AWAY = "The server could not be reached, so nothing was changed. Try again.";

export const tokenOf = (page) => page.querySelector("meta[name=csrf-token]");

export const numberFormat = () => ({ "X-Number-Format": tokenOf(document)?.dataset.numberFormat ?? "" });

export async function renewed() {
  const mine = tokenOf(document);
  try {
    const answer = await fetch(mine.dataset.renew, { headers: { Accept: "text/html" } });
    if (!answer.ok) return "away";
    const theirs = tokenOf(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (!theirs) return "out";
    if (theirs.dataset.user !== mine.dataset.user) return "other";
    const isSame = theirs.content === mine.content;
    mine.content = theirs.content;
    return isSame ? "same" : "renewed";
  } catch {
    return "away";
  }
}

export async function call(url, body, headers = {}) {
  let { status, answer } = await ask(url, body, headers);
  if ([400, 401, 403].includes(status) && body !== undefined && (await renewed()) === "renewed") ({ status, answer } = await ask(url, body, headers));
  if (status >= 200 && status < 300) return answer ?? {};
  throw Object.assign(new Error(answer?.error ?? AWAY), { reasonNeeded: answer?.reason_needed });
}

async function ask(url, body, more) {
  const headers = { Accept: "application/json", ...numberFormat(), ...more };
  const isPost = body !== undefined;
  if (isPost) Object.assign(headers, { "Content-Type": "application/json", "X-CSRF-Token": tokenOf(document)?.content ?? "" });
  try {
    const options = { method: isPost ? "POST" : "GET", headers, body: isPost ? JSON.stringify(body) : undefined };
    const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    return { status: answer.status, answer: isJson ? await answer.json() : null };
  } catch {
    return { status: 0, answer: null };
  }
}
