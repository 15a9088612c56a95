/* Jobs tell how far they are, without the page being loaded again.

   [data-job-status]   the address that tells how a job stands, as JSON: {ended, unresponsive, percent, progress, phase, title, state_label, message}
     [data-job-bar]      in it, a <progress>
     [data-job-words]    in it, how far it is in words
   data-job-next       beside data-job-status: where to go when the job has ended; without it the words say how it ended
   data-job-unresponsive   beside it, whether the page shows that the job does not react; the page is loaded again when that changes
   [data-job-tell]     a button that asks for leave to show a note of the browser when a job has ended and nobody looks

   It asks again after half a second, then less and less often, up to every five seconds, and less often still while nobody looks. The
   tab's title tells how far the first job is. A screen reader hears of each new phase and of the end, not of every row. */

const FIRST = 500, FACTOR = 1.5, LONGEST = 5000, UNSEEN = 15000;

const ownTitle = document.title;
const announcer = () => document.getElementById("announcer");

function announce(words) {
  if (announcer()) announcer().textContent = words;
}

async function ask(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "manual" });
  if (answer.ok) return answer.json();
  const final = answer.type === "opaqueredirect" || [403, 404].includes(answer.status);
  throw Object.assign(new Error(answer.status), { final });
}

/* One job on the page. The first one speaks in the title. */
class WatchedJob {
  constructor(place, speaks) {
    this.place = place;
    this.speaks = speaks;
    this.pause = FIRST;
    this.phase = undefined;
    this.wait();
  }

  wait() {
    clearTimeout(this.timer); // Somebody who comes back to the page while an answer is on its way must not make it ask twice for ever.
    this.timer = setTimeout(() => this.look(), document.hidden ? Math.max(this.pause, UNSEEN) : this.pause);
    this.pause = Math.min(this.pause * FACTOR, LONGEST);
  }

  hurry() {
    this.pause = FIRST;
    if (this.over || this.looking) return; // Who waits for an answer already goes on when that is there.
    clearTimeout(this.timer);
    this.look();
  }

  async look() {
    this.looking = true;
    try {
      this.show(await ask(this.place.dataset.jobStatus));
    } catch (error) {
      this.over = error.final;
      if (error.final) this.say("It can no longer be seen from here how far this is. Load the page again.");
    }
    this.looking = false;
    if (!this.over) this.wait();
  }

  show(job) {
    const bar = this.place.querySelector("[data-job-bar]");
    if (job.percent === null) bar.removeAttribute("value");
    else bar.value = job.percent;
    this.say(job.ended ? job.message : job.progress || "Starting…");
    if (this.speaks) document.title = `${job.ended ? job.state_label : job.percent === null ? "…" : `${job.percent} %`} · ${ownTitle}`;
    if (job.phase !== this.phase && !job.ended) announce(`${job.title}. ${job.progress}`);
    this.phase = job.phase;
    if (job.ended) this.end(job, bar);
    else if (this.place.dataset.jobUnresponsive === String(!job.unresponsive)) this.reload();
  }

  say(words) {
    this.place.querySelector("[data-job-words]").textContent = words;
  }

  reload() {
    this.over = true;
    whenSeen(() => location.reload());
  }

  end(job, bar) {
    this.over = true;
    bar.value = 100;
    announce(job.message);
    if (document.hidden) note(job);
    const next = this.place.dataset.jobNext;
    if (next) whenSeen(() => location.replace(next));
  }
}

/* Whoever looks elsewhere finds the page as it was left, and whoever has typed something on it keeps that: the words say how it ended. */
function whenSeen(go) {
  if (document.hidden) document.addEventListener("visibilitychange", () => whenSeen(go), { once: true });
  else if (!hasTyped()) go();
}

function hasTyped() {
  const isChanged = (field) => ["checkbox", "radio"].includes(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  return [...document.querySelectorAll("input:not([type=hidden], [data-unwatched]), textarea")].some(isChanged);
}

function note(job) {
  if (globalThis.Notification?.permission === "granted") new Notification(job.title, { body: job.message, tag: `job-${job.id}` });
}

function offerNotes(button) {
  if (globalThis.Notification?.permission !== "default") return; // Who has given leave is told without asking again.
  button.hidden = false;
  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    button.hidden = true;
    announce(Notification.permission === "granted" ? "You will be told when it is done." : "Your browser does not show notes from here.");
  });
}

const jobs = [...document.querySelectorAll("[data-job-status]")].map((place, number) => new WatchedJob(place, number === 0));

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) jobs.forEach((job) => job.hurry());
});
document.querySelectorAll("[data-job-tell]").forEach(offerNotes);
