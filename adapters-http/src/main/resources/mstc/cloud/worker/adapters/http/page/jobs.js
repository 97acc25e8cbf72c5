import { Stream } from "./stream.js";

/**
 * All jobs that the worker lists, kept up to date by its events. Listeners are told once per frame, however
 * many jobs have changed.
 */
export class Jobs {
  #jobs = new Map();
  #listeners = new Set();
  #changed = new Set();
  #frame = 0;
  #synced = false;
  #seen;
  #stream;

  /** @param connection is told `lost(problem, delay)`, `back()` and `refused(problem)` */
  constructor(connection) {
    this.#stream = new Stream("/mstc/events", {
      onOpen: () => (this.#seen = new Set()),
      onEvent: (event) => this.#onEvent(event, connection),
      onLost: (problem, delay) => connection.lost(problem, delay),
      onRefused: (problem) => connection.refused(problem),
    });
  }

  /** Whether all jobs have been told once. */
  get synced() {
    return this.#synced;
  }

  get size() {
    return this.#jobs.size;
  }

  get(name) {
    return this.#jobs.get(name);
  }

  /** All jobs, in no order. */
  all() {
    return this.#jobs.values();
  }

  /** All jobs, newest first. */
  newestFirst() {
    return [...this.#jobs.values()].sort((a, b) => b.created - a.created || (a.name < b.name ? -1 : 1));
  }

  /** @param listener is given the names of the jobs that have changed or gone */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  retry() {
    this.#stream.retry();
  }

  #onEvent({ type, data }, connection) {
    if (type === "jobs") {
      for (const job of JSON.parse(data)) {
        this.#seen?.add(job.name);
        this.#put(job);
      }
    } else if (type === "gone") {
      JSON.parse(data).forEach((name) => this.#remove(name));
    } else if (type === "synced") {
      this.#finishSync();
      connection.back();
    }
  }

  #put(job) {
    job.created = Date.parse(job.createdAt);
    this.#jobs.set(job.name, job);
    this.#notify(job.name);
  }

  #remove(name) {
    this.#jobs.delete(name);
    this.#notify(name);
  }

  /** What was not told again is listed no longer. */
  #finishSync() {
    for (const name of this.#jobs.keys()) if (!this.#seen.has(name)) this.#remove(name);
    this.#seen = undefined;
    this.#synced = true;
    this.#notify();
  }

  #notify(name) {
    if (name !== undefined) this.#changed.add(name);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const changed = this.#changed;
      this.#changed = new Set();
      this.#listeners.forEach((listener) => listener(changed));
    });
  }
}
