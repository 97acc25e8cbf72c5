import { age, noteOf, partsOf, runTime, statusOf, toneOf } from "./words.js";

/** So many rows are shown at first, and with each wish for more. */
const PAGE = 1_000;
/** So many rows are made in one frame. */
const PER_FRAME = 100;

/** The list of jobs: a row each, kept as long as its job is shown, of which only what has changed is written. */
export class Table {
  #rows = new Map();
  #body = document.getElementById("rows");
  #more = document.getElementById("more");
  #template = document.getElementById("row");
  #visible = new Set();
  #observer;
  #limit = PAGE;
  #jobs = [];
  #current;
  #opened;

  /** @param open is called with the name of a job that is clicked on */
  constructor(open) {
    const root = document.getElementById("scroll");
    this.#observer = new IntersectionObserver((entries) => this.#onSeen(entries), { root, rootMargin: "200px" });
    this.#body.addEventListener("click", (event) => this.#onClick(event, open));
    this.#body.addEventListener("focusin", (event) => this.#makeCurrent(event.target.closest("tr")?.dataset.name));
    this.#more.addEventListener("click", () => {
      this.#limit += PAGE;
      this.show(this.#jobs, new Set());
    });
    setInterval(() => this.#tick(), 1_000);
  }

  /** Shows these jobs in this order. Only rows of jobs that are new here or have changed are written. */
  show(jobs, changed) {
    this.#jobs = jobs;
    const now = Date.now();
    const wanted = jobs.slice(0, this.#limit);
    this.#removeAllBut(new Set(wanted.map((job) => job.name)));
    let made = 0;
    let place = this.#body.firstElementChild;
    for (const job of wanted) {
      let row = this.#rows.get(job.name);
      if (!row) {
        if (made++ >= PER_FRAME) continue;
        row = this.#make(job, now);
      } else if (changed.has(job.name)) row.write(job, now);
      if (row.element === place) place = place.nextElementSibling;
      else this.#body.insertBefore(row.element, place);
    }
    if (made > PER_FRAME) requestAnimationFrame(() => this.show(this.#jobs, new Set()));
    if (!this.#rows.has(this.#current)) this.#makeCurrent(wanted[0]?.name);
    this.#more.hidden = jobs.length <= this.#limit;
    this.#more.textContent = `Show more: ${(jobs.length - this.#limit).toLocaleString("en")} are not shown`;
  }

  /** Marks the row of the job that is open; none if there is none. */
  markOpened(name) {
    this.#rows.get(this.#opened)?.link.removeAttribute("aria-current");
    this.#opened = name;
    const row = this.#rows.get(name);
    if (!row) return;
    row.link.setAttribute("aria-current", "true");
    this.#makeCurrent(name);
  }

  /** Moves the focus that many rows down. */
  move(rows) {
    const element = this.#rows.get(this.#current)?.element;
    const within = this.#body.contains(document.activeElement);
    const next = within ? (rows > 0 ? element?.nextElementSibling : element?.previousElementSibling) : element;
    this.#focus(next);
  }

  /** Gives the focus to the row that had it last. */
  focus() {
    this.#focus(this.#rows.get(this.#current)?.element);
  }

  #focus(element) {
    const link = element?.querySelector("a");
    link?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest" });
  }

  #make(job, now) {
    const row = new Row(this.#template.content.firstElementChild.cloneNode(true), job.name);
    row.write(job, now);
    this.#rows.set(job.name, row);
    this.#observer.observe(row.element);
    if (job.name === this.#opened) this.markOpened(job.name);
    return row;
  }

  #removeAllBut(names) {
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      const hadFocus = row.element.contains(document.activeElement);
      const neighbour = row.element.nextElementSibling ?? row.element.previousElementSibling;
      this.#observer.unobserve(row.element);
      this.#visible.delete(row);
      row.element.remove();
      this.#rows.delete(name);
      if (this.#current === name) this.#makeCurrent(neighbour?.dataset.name);
      if (hadFocus) this.#focus(neighbour);
    }
  }

  /** One row only is reached with the Tab key; the arrow keys lead on. */
  #makeCurrent(name) {
    if (name === this.#current && name !== undefined) return;
    const before = this.#rows.get(this.#current);
    if (before) before.link.tabIndex = -1;
    this.#current = name;
    const row = this.#rows.get(name);
    if (row) row.link.tabIndex = 0;
  }

  #onClick(event, open) {
    const row = event.target.closest("tr");
    // Links work by themselves, and text may be selected.
    if (!row || event.target.closest("a") || !getSelection().isCollapsed) return;
    open(row.dataset.name);
  }

  #onSeen(entries) {
    const now = Date.now();
    for (const entry of entries) {
      const row = this.#rows.get(entry.target.dataset.name);
      if (!row) continue;
      if (entry.isIntersecting) {
        this.#visible.add(row);
        row.tick(now);
      } else this.#visible.delete(row);
    }
  }

  #tick() {
    if (document.hidden) return;
    const now = Date.now();
    this.#visible.forEach((row) => row.tick(now));
  }
}

/** A row of the list. */
class Row {
  #job;
  #parts;

  constructor(element, name) {
    this.element = element;
    element.dataset.name = name;
    this.link = element.querySelector("a");
    const part = (selector) => new Part(element.querySelector(selector));
    this.#parts = {
      status: part(".status"),
      path: part(".path"),
      tail: part(".tail"),
      note: part(".cell-note"),
      age: part(".cell-age"),
      duration: part(".cell-duration"),
    };
    const { stem, id } = partsOf(name);
    this.link.href = `#/jobs/${encodeURIComponent(name)}`;
    this.link.title = name;
    part(".stem").write(stem);
    part(".id").write(id);
  }

  write(job, now) {
    this.#job = job;
    const image = job.image ?? job.description;
    const slash = image.lastIndexOf("/") + 1;
    this.#parts.path.write(image.slice(0, slash));
    this.#parts.tail.write(image.slice(slash));
    this.#parts.path.element.parentElement.title = image;
    this.#parts.status.write(statusOf(job));
    this.#parts.status.element.dataset.tone = toneOf(job);
    const note = noteOf(job);
    this.#parts.note.write(note);
    this.#parts.note.element.title = note;
    this.tick(now);
  }

  tick(now) {
    this.#parts.age.write(age(now - this.#job.created));
    this.#parts.duration.write(runTime(this.#job, now));
  }
}

/** A text on the page that is written only if it has changed. */
class Part {
  #text = "";

  constructor(element) {
    this.element = element;
  }

  write(text) {
    if (text === this.#text) return;
    this.#text = text;
    this.element.textContent = text;
  }
}
