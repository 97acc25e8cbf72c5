import { jobPath, json } from "./api.js";
import { cancelOne, giveUp } from "./cancel.js";
import { LogPanel } from "./log-panel.js";
import { announce } from "./notices.js";
import { Outputs } from "./outputs.js";
import {
  age,
  bytes,
  mayBeCancelled,
  mayBeGivenUp,
  moment,
  partsOf,
  reasonOf,
  runTime,
  statusOf,
  toneOf,
} from "./words.js";

const byId = (id) => document.getElementById(id);

/** Facts that need more room than others. */
const LONG = ["Image", "Log"];

/** The right side of the page: everything about one job. */
export class Detail {
  #jobs;
  #page;
  #log = new LogPanel();
  #outputs = new Outputs();
  #facts = new Map();
  #job;

  /** The name of the job that is open. */
  name;

  /** @param page does what concerns more than the job: `useLabel(label)`, `close()` */
  constructor(jobs, page) {
    this.#jobs = jobs;
    this.#page = page;
    jobs.onChange((changed) => changed.has(this.name) && this.#onChanged());
    byId("cancel-one").addEventListener("click", () => (mayBeGivenUp(this.#job) ? giveUp : cancelOne)(this.name));
    setInterval(() => this.#job && !document.hidden && this.#writeFacts(this.#job), 1_000);
  }

  open(name) {
    if (name === this.name) return;
    this.hide();
    this.name = name;
    byId("panes").classList.add("with-detail");
    byId("detail").hidden = false;
    byId("detail").scrollTop = 0;
    this.#writeName(name);
    const known = this.#jobs.get(name);
    if (known) this.#begin(known);
    else this.#remark("Asking the worker…");
    this.#fetch(name);
    byId("detail-name").focus({ preventScroll: true });
  }

  hide() {
    this.#log.close();
    this.#outputs.close();
    this.name = this.#job = undefined;
    byId("panes").classList.remove("with-detail");
    for (const id of ["detail", "request-box", "cancel-one", "resubmit", "detail-warnings", "log"])
      byId(id).hidden = true;
    byId("detail-status").textContent = "";
    this.#remark("");
    byId("facts").replaceChildren();
    this.#facts.clear();
  }

  /** Its request is not among what the list has. */
  async #fetch(name) {
    try {
      const job = await json(jobPath(name));
      if (this.name !== name) return;
      if (!this.#job) this.#begin(job);
      this.#writeRequest(job.request);
    } catch (problem) {
      if (this.name !== name || this.#job) return;
      this.#remark(
        problem.status === 404
          ? "The worker does not list this job, or no longer. If it ran, its log is in its output bucket."
          : problem.message,
      );
    }
  }

  #begin(job) {
    this.#job = job;
    byId("log").hidden = false;
    this.#write(job);
    this.#log.open(job);
    this.#outputs.open(job);
  }

  #onChanged() {
    const job = this.#jobs.get(this.name);
    if (!job) return;
    if (!this.#job) {
      this.#begin(job);
      this.#fetch(this.name);
      return;
    }
    if (statusOf(job) !== statusOf(this.#job)) announce(`${partsOf(job.name).stem}: ${statusOf(job)}`);
    this.#job = job;
    this.#write(job);
    this.#log.update(job);
    this.#outputs.update(job);
  }

  #write(job) {
    document.title = `${partsOf(job.name).stem}: ${statusOf(job).toLowerCase()} · MSTC jobs`;
    byId("detail-status").textContent = statusOf(job);
    byId("detail-status").dataset.tone = toneOf(job);
    byId("cancel-one").hidden = !mayBeCancelled(job) && !mayBeGivenUp(job);
    byId("cancel-one").textContent = mayBeGivenUp(job) ? "Give up waiting…" : "Cancel job…";
    this.#remark(reasonOf(job), toneOf(job));
    byId("detail-warnings").hidden = job.warnings.length === 0;
    byId("detail-warnings").replaceChildren(...job.warnings.map((warning) => element("li", warning)));
    this.#writeFacts(job);
    this.#writeLabels(job.labels);
  }

  #writeName(name) {
    const { stem } = partsOf(name);
    byId("detail-name").replaceChildren(element("span", stem, "stem"), element("span", name.slice(stem.length), "id"));
    byId("detail-name").title = name;
  }

  #remark(text, tone = "") {
    byId("detail-remark").hidden = !text;
    byId("detail-remark").textContent = text;
    byId("detail-remark").dataset.tone = tone;
  }

  #writeFacts(job) {
    const now = Date.now();
    const since = (time) => `${moment(time)} · ${age(now - Date.parse(time))} ago`;
    this.#fact("Image", job.image ?? job.description);
    this.#fact("Submitted", since(job.createdAt));
    this.#fact("Started", job.startedAt && since(job.startedAt));
    this.#fact("Ended", job.finishedAt && since(job.finishedAt));
    this.#fact("Duration", runTime(job, now));
    this.#fact("Exit code", job.exitCode === null ? "" : String(job.exitCode));
    this.#fact("Output bucket", job.outputBucket);
    this.#fact("Log", job.log && `${job.log.bucket}/${job.log.object} · ${bytes(job.log.bytes)}`);
  }

  /** Only writes what has changed, so that what someone has selected stays selected. */
  #fact(name, value) {
    let fact = this.#facts.get(name);
    if (!value) return;
    if (!fact) {
      fact = document.createElement("div");
      fact.append(element("dt", name), element("dd", ""));
      fact.classList.toggle("long", LONG.includes(name));
      this.#facts.set(name, fact);
      byId("facts").append(fact);
    }
    if (fact.lastChild.textContent !== value) fact.lastChild.textContent = value;
  }

  #writeLabels(labels) {
    const entries = Object.entries(labels);
    if (entries.length === 0 || this.#facts.has("Labels")) return;
    const fact = document.createElement("div");
    const value = document.createElement("dd");
    for (const [key, text] of entries) {
      const label = element("button", `${key}=${text}`, "label");
      label.type = "button";
      label.title = "Show the jobs with this label";
      label.addEventListener("click", () => this.#page.useLabel(`${key}=${text}`));
      value.append(label);
    }
    fact.append(element("dt", "Labels"), value);
    this.#facts.set("Labels", fact);
    byId("facts").append(fact);
  }

  #writeRequest(request) {
    byId("request-box").hidden = byId("resubmit").hidden = !request;
    byId("request").textContent = JSON.stringify(request, null, 2);
    byId("resubmit").href = `#/submit/${encodeURIComponent(this.name)}`;
  }
}

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}
