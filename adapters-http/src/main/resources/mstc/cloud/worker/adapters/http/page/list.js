import { cancelShown } from "./cancel.js";
import { Filter } from "./filter.js";
import { Table } from "./table.js";
import { count, mayBeCancelled, OUTCOMES, STATES, wordFor } from "./words.js";

const TYPING = 250;
const byId = (id) => document.getElementById(id);

/** The left side of the page: the filter, how many jobs there are, and the table. */
export class List {
  #jobs;
  #table;
  #filter = Filter.ofAddress(location.search);
  #chips = new Map();
  #shown = [];
  #typing;

  /** @param open is called with the name of a job that is clicked on */
  constructor(jobs, open) {
    this.#jobs = jobs;
    this.#table = new Table(open);
    this.#makeChips("states", STATES);
    this.#makeChips("outcomes", OUTCOMES);
    this.#writeInputs();
    this.#writeCounts([]);
    for (const name of ["text", "label"]) byId(name).addEventListener("input", () => this.#onTyping());
    byId("filter").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#table.focus();
    });
    byId("clear-filter").addEventListener("click", () => this.#use(new Filter()));
    byId("cancel-shown").addEventListener("click", () => this.#cancelShown());
    jobs.onChange((changed) => this.#show(changed));
  }

  get table() {
    return this.#table;
  }

  /** Takes the filter from the address, which has changed. */
  readAddress() {
    const filter = Filter.ofAddress(location.search);
    if (filter.address === this.#filter.address) return;
    this.#filter = filter;
    this.#writeInputs();
    this.#show(new Set());
  }

  /** Shows only the jobs with this label. */
  useLabel(label) {
    this.#use(new Filter({ ...this.#filter, label }));
  }

  #use(filter) {
    history.pushState(null, "", location.pathname + filter.address + location.hash);
    this.readAddress();
  }

  #onTyping() {
    this.#filter = new Filter({ ...this.#filter, text: byId("text").value, label: byId("label").value });
    this.#show(new Set());
    clearTimeout(this.#typing);
    this.#typing = setTimeout(
      () => history.replaceState(null, "", location.pathname + this.#filter.address + location.hash),
      TYPING,
    );
  }

  #makeChips(kind, values) {
    for (const value of values) {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "chip";
      chip.dataset.value = value;
      const number = document.createElement("span");
      number.className = "count";
      chip.append(`${wordFor(value)} `, number);
      chip.addEventListener("click", () => this.#use(this.#filter.toggled(kind, value)));
      byId(kind).append(chip);
      this.#chips.set(value, { chip, number, kind });
    }
  }

  #writeInputs() {
    byId("text").value = this.#filter.text;
    byId("label").value = this.#filter.label;
  }

  #show(changed) {
    const byText = this.#jobs.newestFirst().filter(this.#filter.byText);
    this.#shown = byText.filter((job) => this.#filter.showsKind(job));
    this.#table.show(this.#shown, changed);
    this.#writeCounts(byText);
    this.#writeSummary();
    this.#writeEmpty();
  }

  #writeCounts(jobs) {
    const counts = new Map();
    const add = (key) => counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const job of jobs) {
      add(job.state);
      if (job.outcome) add(job.outcome);
    }
    byId("outcomes").classList.toggle(
      "wanted",
      this.#filter.states.includes("ENDED") || this.#filter.outcomes.length > 0,
    );
    for (const [value, { chip, number, kind }] of this.#chips) {
      const chosen = this.#filter[kind].includes(value);
      const jobsOfIt = counts.get(value) ?? 0;
      writeText(number, jobsOfIt.toLocaleString("en"));
      chip.ariaPressed = String(chosen);
      chip.hidden = kind === "outcomes" && jobsOfIt === 0 && !chosen;
    }
  }

  #writeSummary() {
    const all = this.#jobs.size;
    const shown = this.#shown.length;
    const one = this.#filter.isOpen ? count(all, "job") : `${shown.toLocaleString("en")} of ${count(all, "job")}`;
    writeText(byId("shown"), this.#jobs.synced ? one : "");
    byId("clear-filter").hidden = this.#filter.isOpen;
    const cancellable = this.#filter.isOpen ? 0 : this.#cancellable().length;
    byId("cancel-shown").hidden = cancellable === 0;
    writeText(byId("cancel-shown"), `Cancel ${count(cancellable, "job")}…`);
  }

  #writeEmpty() {
    const empty = this.#shown.length === 0;
    byId("table").hidden = empty;
    byId("empty").hidden = !empty;
    if (!empty || !this.#jobs.synced) return;
    const text = this.#jobs.size === 0 ? "No jobs yet" : "No job matches the filter";
    const advice =
      this.#jobs.size === 0
        ? "Jobs appear here as soon as someone submits one."
        : `None of ${count(this.#jobs.size, "job")} does. Take something out of it, or clear it.`;
    byId("empty").replaceChildren(paragraph("lead", text), paragraph("", advice));
  }

  #cancelShown() {
    const names = this.#cancellable().map((job) => job.name);
    cancelShown(names, (name) => mayBeCancelled(this.#jobs.get(name)));
  }

  #cancellable() {
    return this.#shown.filter(mayBeCancelled);
  }
}

function writeText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function paragraph(className, text) {
  const element = document.createElement("p");
  element.className = className;
  element.textContent = text;
  return element;
}
