import { announce, say } from "./notices.js";

const byId = (id) => document.getElementById(id);

/** Says whether the page still hears from the worker, and when it tries again. */
export class Connection {
  #countdown;
  #lost = false;

  constructor(retry) {
    byId("retry").addEventListener("click", retry);
  }

  lost(problem, delay) {
    byId("lost-reason").textContent = problem.status > 0 ? `The worker says: ${problem.message}` : "";
    byId("lost").hidden = false;
    this.#mark("lost", "Offline");
    this.#count(Date.now() + delay);
    if (!this.#lost) announce("Connection lost. What is shown may be out of date.");
    this.#lost = true;
  }

  back() {
    clearInterval(this.#countdown);
    byId("lost").hidden = true;
    this.#mark("live", "Live");
    if (this.#lost) say("Connected again.");
    this.#lost = false;
  }

  /** The worker answers, but not to this page. */
  refused(problem) {
    clearInterval(this.#countdown);
    byId("lost-reason").textContent = `The worker says: ${problem.message}`;
    byId("lost-wait").textContent = "";
    byId("retry").hidden = true;
    byId("lost").hidden = false;
    this.#mark("lost", "Offline");
    announce(problem.message);
  }

  #mark(tone, text) {
    byId("connection").dataset.tone = tone;
    byId("connection").textContent = text;
  }

  #count(until) {
    clearInterval(this.#countdown);
    const write = () => {
      const seconds = Math.ceil((until - Date.now()) / 1000);
      byId("lost-wait").textContent = seconds > 0 ? `Trying again in ${seconds} s.` : "Trying…";
    };
    write();
    this.#countdown = setInterval(write, 1_000);
  }
}
