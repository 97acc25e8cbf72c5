import { OUTCOMES, STATES } from "./words.js";

/** Which jobs are shown. It is part of the page's address, so that it can be reloaded, kept and passed on. */
export class Filter {
  constructor({ states = [], outcomes = [], text = "", label = "" } = {}) {
    this.states = states;
    this.outcomes = outcomes;
    this.text = text;
    this.label = label;
  }

  static ofAddress(search) {
    const query = new URLSearchParams(search);
    return new Filter({
      states: query.getAll("state").filter((state) => STATES.includes(state)),
      outcomes: query.getAll("outcome").filter((outcome) => OUTCOMES.includes(outcome)),
      text: query.get("text") ?? "",
      label: query.get("label") ?? "",
    });
  }

  /** The query of the address, with its question mark; empty if all jobs are shown. */
  get address() {
    const query = new URLSearchParams();
    this.states.forEach((state) => query.append("state", state));
    this.outcomes.forEach((outcome) => query.append("outcome", outcome));
    if (this.text.trim()) query.set("text", this.text.trim());
    if (this.label.trim()) query.set("label", this.label.trim());
    const text = query.toString();
    return text && `?${text}`;
  }

  get isOpen() {
    return this.address === "";
  }

  /** The same with a state or an outcome that is now shown, or no longer. */
  toggled(kind, value) {
    const values = this[kind];
    return new Filter({
      ...this,
      [kind]: values.includes(value) ? values.filter((each) => each !== value) : [...values, value],
    });
  }

  /** A function that tells whether a job has the text and the labels. */
  get byText() {
    const text = this.text.trim().toLowerCase();
    const labels = this.label
      .split(/[\s,]+/)
      .filter(Boolean)
      .map((label) => label.split(/=(.*)/s));
    return (job) =>
      (text === "" || job.name.toLowerCase().includes(text) || (job.image ?? "").toLowerCase().includes(text)) &&
      labels.every(([key, value]) => key in job.labels && (value === undefined || job.labels[key] === value));
  }

  /** Whether a job's state is shown; of those that have ended, where outcomes are chosen, only jobs with these. */
  showsKind(job) {
    if (this.states.length === 0 && this.outcomes.length === 0) return true;
    if (job.outcome && this.outcomes.length > 0) return this.outcomes.includes(job.outcome);
    return this.states.includes(job.state);
  }
}
