import { jobPath, json } from "./api.js";
import { bytes, hasEnded } from "./words.js";

const byId = (id) => document.getElementById(id);

/**
 * What the job that is open has put into its output bucket: asked for when the job has ended, and whenever someone
 * opens this part of the page.
 */
export class Outputs {
  #box = byId("outputs-box");
  #job;
  #asking;

  constructor() {
    this.#box.addEventListener("toggle", () => this.#box.open && this.#job && !this.#asking && this.#ask());
  }

  open(job) {
    this.close();
    this.#job = job;
    this.#box.hidden = false;
    if (hasEnded(job)) this.#openBox();
  }

  /** The job that is open has changed. */
  update(job) {
    const hasJustEnded = hasEnded(job) && !hasEnded(this.#job);
    this.#job = job;
    if (hasJustEnded) this.#openBox();
  }

  close() {
    this.#asking?.abort();
    this.#asking = this.#job = undefined;
    this.#box.hidden = true;
    this.#box.open = false;
    this.#write([], "");
    byId("outputs-count").textContent = "";
  }

  #openBox() {
    this.#box.open = true;
    this.#ask();
  }

  async #ask() {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    if (byId("outputs").childElementCount === 0) this.#write([], "Asking the object store…");
    try {
      const outputs = await json(`${jobPath(this.#job.name)}/outputs`, { signal: asking.signal });
      if (asking.signal.aborted) return;
      this.#write(outputs.objects, noteOf(outputs));
      byId("outputs-count").textContent = `(${outputs.objects.length}${outputs.more ? "+" : ""})`;
    } catch (problem) {
      if (!asking.signal.aborted) this.#write([], problem.message);
    } finally {
      if (this.#asking === asking) this.#asking = undefined;
    }
  }

  #write(objects, note) {
    byId("outputs").hidden = objects.length === 0;
    byId("outputs").replaceChildren(...objects.map(line));
    byId("outputs-note").hidden = !note;
    byId("outputs-note").textContent = note;
  }
}

function noteOf({ bucket, prefix, objects, more }) {
  if (prefix === null) return `The request has no prefix, so nothing in ${bucket} is known to be this job’s.`;
  if (more) return `And more: these are the first in ${bucket} that begin with ${prefix}.`;
  return objects.length === 0 ? `Nothing in ${bucket} begins with ${prefix}.` : "";
}

function line({ name, bytes: size, link }) {
  const made = document.createElement("li");
  const shown = document.createElement(link ? "a" : "span");
  shown.textContent = name;
  if (link) {
    shown.href = link;
    shown.title = "Download";
    // If the link is not valid any more, the store's answer does not take this page's place.
    shown.target = "_blank";
    shown.rel = "noopener noreferrer";
  }
  const amount = document.createElement("span");
  amount.className = "size";
  amount.textContent = bytes(size);
  made.append(shown, " ", amount);
  return made;
}
