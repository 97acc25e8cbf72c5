/** How states, outcomes, times and sizes are written on this page. */

export const STATES = ["PENDING", "RUNNING", "ENDING", "ENDED"];
export const OUTCOMES = [
  "SUCCEEDED",
  "FAILED",
  "TIMED_OUT",
  "OUT_OF_MEMORY",
  "IMAGE_UNAVAILABLE",
  "EVICTED",
  "CANCELLED",
  "LOST",
  "REJECTED",
];

/** `OUT_OF_MEMORY` as people write it. */
export function wordFor(constant) {
  return capitalised(constant.toLowerCase().replaceAll("_", " "));
}

/** How far a job has got, or how it ended, in a word or two. */
export function statusOf(job) {
  if (job.outcome) return wordFor(job.outcome);
  return job.cancelled && (job.state === "PENDING" || job.state === "RUNNING") ? "Cancelling" : wordFor(job.state);
}

/** The class that gives a status its colour. */
export function toneOf(job) {
  if (!job.outcome) return job.state.toLowerCase();
  if (job.outcome === "SUCCEEDED") return "succeeded";
  return job.outcome === "CANCELLED" ? "cancelled" : "failed";
}

export function hasEnded(job) {
  return job.state === "ENDED";
}

/** Whether there is still something of it that can be cancelled. */
export function mayBeCancelled(job) {
  return (job?.state === "PENDING" || job?.state === "RUNNING") && !job.cancelled;
}

/** Whether it has ended, and waits for the store or for a reply queue. */
export function mayBeGivenUp(job) {
  return job.state === "ENDING" && !job.cancelled;
}

/** What a unique name begins with, and the id that makes it unique. */
export function partsOf(name) {
  const parts = /^(.+)-([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.exec(name);
  return parts ? { stem: parts[1], id: `-${parts[2]}` } : { stem: name, id: "" };
}

/** Why a job waits, or how it ended if it did not succeed: one line, or nothing. */
export function reasonOf(job) {
  if (job.outcome === "SUCCEEDED") return "";
  if (job.outcome) return resultOf(job);
  return job.hint ?? (job.state === "ENDING" ? "Its log and its reply are on their way" : "");
}

/** The reason, or the first warning of a job that has none. */
export function noteOf(job) {
  return reasonOf(job) || capitalised(job.warnings[0] ?? "");
}

/** A result without what stands beside it anyway. */
function resultOf(job) {
  const result = job.result ?? "";
  return capitalised(/^Job \S+ failed: (.+?)\.?$/.exec(result)?.[1] ?? result);
}

function capitalised(text) {
  return text && text[0].toUpperCase() + text.slice(1);
}

/** A span of time in its two largest units, such as `3 min 05 s`. */
function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${padded(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${padded(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long ago, in its largest unit. */
export function age(milliseconds) {
  return duration(milliseconds).split(" ").slice(0, 2).join(" ");
}

function padded(number) {
  return String(number).padStart(2, "0");
}

/** How long it has run, or ran; empty if it never did. */
export function runTime(job, now) {
  if (!job.startedAt) return "";
  const started = Date.parse(job.startedAt);
  const end = job.finishedAt ? Date.parse(job.finishedAt) : job.state === "RUNNING" ? now : NaN;
  return Number.isNaN(end) ? "" : duration(end - started);
}

export function bytes(count) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let number = count;
  while (number >= 1024 && unit < units.length - 1) {
    number /= 1024;
    unit++;
  }
  // A line must not break before the unit.
  return `${unit === 0 ? number : number.toFixed(1)}\u00a0${units[unit]}`;
}

export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** A moment in local time, to the second; of today, without its date. */
export function moment(text) {
  const time = new Date(text);
  const clock = time.toLocaleTimeString("en-GB");
  if (time.toDateString() === new Date().toDateString()) return clock;
  return `${time.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${clock}`;
}
