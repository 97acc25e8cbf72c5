import { Problem, request } from "./api.js";
import { EventParser } from "./server-sent-events.js";

/** The worker sends at least a comment every 15 seconds: after this long without any, the connection is dead. */
const SILENCE = 40_000;
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;
/** A browser has few connections to one server: a tab that nobody looks at gives its own back after this time. */
const HIDDEN = 20_000;
/** While much comes in, the page gets a turn after this time. */
const BUSY = 12;

/**
 * Server-sent events of a path, for as long as they are wanted: after a broken connection it connects again,
 * with growing delays, and continues after the last event where the worker can.
 */
export class Stream {
  #path;
  #listener;
  #parser;
  #lastId = "";
  #failures = 0;
  #stopped = false;
  #connection;
  #wake = () => {};
  #hiddenTimer;
  #silenceTimer;

  /**
   * @param listener an object with `onEvent(event)`, and where wanted `onOpen(again)`, `onLost(problem,
   *     delay)` before each wait, and `onRefused(problem)` if it makes no sense to try again
   */
  constructor(path, listener) {
    this.#path = path;
    this.#listener = listener;
    document.addEventListener("visibilitychange", this.#onVisibility);
    window.addEventListener("online", this.retry);
    this.#run();
  }

  /** Tries at once, if it waits. */
  retry = () => this.#wake();

  /** Ends it for good. May be repeated. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#hiddenTimer);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    window.removeEventListener("online", this.retry);
    this.#connection?.abort();
    this.#wake();
  }

  #onVisibility = () => {
    clearTimeout(this.#hiddenTimer);
    if (document.hidden) this.#hiddenTimer = setTimeout(() => this.#connection?.abort(), HIDDEN);
    else this.retry();
  };

  async #run() {
    for (let first = true; !this.#stopped; first = false) {
      try {
        await this.#read(!first);
        if (this.#stopped) return;
        throw new Problem(0, "The worker closed the connection.");
      } catch (problem) {
        if (this.#stopped) return;
        if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
          this.stop();
          this.#listener.onRefused?.(problem);
          return;
        }
        await this.#pause(problem);
      }
    }
  }

  async #pause(problem) {
    const delay = document.hidden ? Infinity : Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures++);
    // Not all pages at once, when a worker is back.
    const wait = delay * (0.8 + 0.4 * Math.random());
    if (!document.hidden) this.#listener.onLost?.(problem, wait);
    await new Promise((resolve) => {
      const timer = Number.isFinite(wait) ? setTimeout(resolve, wait) : 0;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #read(again) {
    this.#connection = new AbortController();
    const headers = { Accept: "text/event-stream" };
    if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
    try {
      const response = await request(this.#path, { headers, signal: this.#connection.signal });
      this.#parser = new EventParser();
      this.#listener.onOpen?.(again);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let busySince = performance.now();
      for (;;) {
        this.#awaitSign();
        const { value, done } = await reader.read();
        if (done || this.#stopped) return;
        this.#failures = 0;
        this.#take(value);
        if (performance.now() - busySince > BUSY) {
          await new Promise((resolve) => setTimeout(resolve));
          busySince = performance.now();
        }
      }
    } finally {
      clearTimeout(this.#silenceTimer);
    }
  }

  #awaitSign() {
    clearTimeout(this.#silenceTimer);
    const connection = this.#connection;
    this.#silenceTimer = setTimeout(() => connection.abort(), SILENCE);
  }

  #take(text) {
    for (const event of this.#parser.feed(text)) {
      if (this.#stopped) return;
      if (event.id) this.#lastId = event.id;
      this.#listener.onEvent(event);
    }
  }
}
