/* Forms and links that are used while cells are being saved wait until all of them are: “Mark complete” must not overtake a price.

   leaveWhenSaved(queue, tell)   queue: save-queue.js; tell(text) says that the page waits, or why it stays
   Where cells are not saved and do not get saved by waiting, the page stays; used once more, the browser asks. */

export function leaveWhenSaved(queue, tell) {
  let isHeld = false;

  async function hold(event, goOn) {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isHeld) return;
    isHeld = true;
    tell("This page continues as soon as everything is saved.");
    await queue.settled();
    isHeld = false;
    if (queue.stopped || queue.unsaved.length) tell("You are still on this page, because some cells were not saved.");
    else {
      tell("");
      goOn();
    }
  }

  const mustWait = () => queue.pending.length > 0 && !queue.stopped;

  // Before other modules learn of it, such as the one that locks a form that was sent.
  addEventListener(
    "submit",
    (event) => {
      const { target: form, submitter } = event;
      if (form.getAttribute("method") !== "dialog" && mustWait()) hold(event, () => form.requestSubmit(submitter));
    },
    { capture: true },
  );

  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const isOther = event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || link?.target;
    const isHere = link?.hash && link.pathname === location.pathname && link.search === location.search;
    if (link && !isOther && !isHere && mustWait()) hold(event, () => link.click());
  });
}
