import { jobPath, request } from "./api.js";
import { LogLines } from "./log-lines.js";
import { LogSearch } from "./log-search.js";
import { complain } from "./notices.js";
import { Stream } from "./stream.js";
import { bytes, count, hasEnded } from "./words.js";

/** Of a stored log that is longer, only the last part is fetched. */
const WHOLE = 8 * 1024 * 1024;
const LAST_PART = 4 * 1024 * 1024;
const byId = (id) => document.getElementById(id);

/** The log of the job that is open: what it writes while it runs, and all of it afterwards. */
export class LogPanel {
  #lines;
  #search;
  #job;
  #stream;
  #fetching;
  #notices = 0;
  #over = false;
  #trouble = "";
  #paused = false;
  #fromStore = false;

  constructor() {
    this.#lines = new LogLines(byId("log-lines"), {
      changed: () => this.#onLines(),
      unfollowed: () => this.#press("log-follow", false),
    });
    this.#search = new LogSearch({ lines: () => this.#lines.lines, stopFollowing: () => this.#follow(false) });
    byId("log-follow").addEventListener("click", () => this.#follow(!this.#lines.following));
    byId("log-pause").addEventListener("click", () => this.#pause(!this.#paused));
    byId("log-wrap").addEventListener("click", () => this.#wrap(!byId("log-lines").classList.contains("wrapped")));
    byId("log-download").addEventListener("click", () => this.#download());
    byId("log-badge").addEventListener("click", () => this.#canReload && this.#begin());
  }

  open(job) {
    this.close();
    this.#job = job;
    this.#pause(false);
    this.#search.clear();
    this.#begin();
  }

  close() {
    this.#stream?.stop();
    this.#fetching?.abort();
    this.#stream = this.#fetching = this.#job = undefined;
    this.#lines.clear();
  }

  /** The job that is open has changed. */
  update(job) {
    if (job.name !== this.#job?.name) return;
    this.#job = job;
    // What could not be read while it ran is in the store by now.
    if (this.#over && this.#trouble && !this.#fromStore && hasEnded(job)) this.#begin();
    else this.#onLines();
  }

  #begin() {
    this.#stream?.stop();
    this.#lines.clear();
    this.#notices = 0;
    this.#over = false;
    this.#trouble = "";
    this.#fromStore = hasEnded(this.#job);
    this.#follow(true);
    byId("log-lines").classList.remove("unnumbered");
    const size = this.#job.log?.bytes ?? 0;
    if (this.#fromStore && !this.#job.log) this.#end("");
    else if (this.#fromStore && size > WHOLE) this.#fetchLastPart(size);
    else this.#listen();
    this.#onLines();
  }

  #listen() {
    this.#stream = new Stream(`${jobPath(this.#job.name)}/log`, {
      onOpen: () => this.#say(""),
      onEvent: (event) => this.#onEvent(event),
      onLost: (problem, delay) =>
        this.#say(
          `${problem.status > 0 ? problem.message : "Connection lost"}; trying again in ${Math.ceil(delay / 1000)} s.`,
        ),
      onRefused: (problem) => this.#end(problem.message),
    });
  }

  #onEvent({ type, data }) {
    if (type === "end") {
      this.#end("");
      return;
    }
    if (type === "log") this.#lines.write(JSON.parse(data).text);
    else if (type === "notice") {
      this.#notices++;
      this.#lines.notice(JSON.parse(data).text);
    }
  }

  #end(trouble) {
    this.#stream?.stop();
    this.#over = true;
    this.#say(trouble);
  }

  async #fetchLastPart(size) {
    this.#fetching = new AbortController();
    byId("log-lines").classList.add("unnumbered");
    this.#lines.notice(
      `Only the last ${bytes(LAST_PART)} of ${bytes(size)} are shown. Download the log for all of it.`,
    );
    try {
      const response = await request(`${jobPath(this.#job.name)}/log`, {
        headers: { Range: `bytes=${size - LAST_PART}-${size - 1}`, Accept: "text/plain" },
        signal: this.#fetching.signal,
      });
      const text = await response.text();
      // It begins in the middle of a line.
      this.#lines.write(text.slice(text.indexOf("\n") + 1));
      this.#end("");
    } catch (problem) {
      if (problem.name !== "AbortError") this.#end(problem.message);
    }
  }

  #say(trouble) {
    this.#trouble = trouble;
    this.#onLines();
  }

  #onLines() {
    if (!this.#job) return;
    this.#search.linesChanged();
    const { dropped, waiting, isEmpty } = this.#lines;
    byId("log-dropped").hidden = dropped === 0;
    byId("log-dropped").textContent =
      `${count(dropped, "earlier line")} not shown: this page keeps the last ones. Download the log for all of it.`;
    byId("log-pause").textContent = this.#paused
      ? `Resume${waiting ? ` (${waiting.toLocaleString("en")} new)` : ""}`
      : "Pause";
    byId("log-pause").hidden = byId("log-follow").hidden = this.#over && !this.#paused;
    byId("log-trouble").hidden = !this.#trouble;
    byId("log-trouble").textContent = this.#trouble;
    byId("log-empty").hidden = !isEmpty;
    byId("log-lines").hidden = isEmpty;
    byId("log-empty").textContent = this.#emptyText();
    const { text, tone, title } = this.#badge();
    Object.assign(byId("log-badge"), { textContent: text, title });
    byId("log-badge").dataset.tone = tone;
    byId("log-badge").classList.toggle("link", this.#canReload);
  }

  #emptyText() {
    if (this.#trouble) return "";
    if (this.#over)
      return hasEnded(this.#job) && !this.#job.log
        ? "The log was not stored; the warnings say why."
        : "The job wrote nothing.";
    return this.#job.state === "PENDING" ? "Nothing yet: the job has not started." : "Nothing yet.";
  }

  /** Whether the stored log has what this view of the running job's lacks. */
  get #canReload() {
    return this.#over && !this.#fromStore && this.#notices > 0 && hasEnded(this.#job) && this.#job.log !== null;
  }

  /** In how far this is the whole log. */
  #badge() {
    const job = this.#job;
    if (this.#trouble) return { text: "Interrupted", tone: "failed", title: this.#trouble };
    if (hasEnded(job)) {
      if (this.#canReload) return { text: "Parts are missing here: show the stored log", tone: "pending", title: "" };
      if (!job.log) return { text: "Not stored", tone: "failed", title: "The warnings say why." };
      return job.log.complete
        ? {
            text: "Complete",
            tone: "succeeded",
            title: "The stored log is known to have everything that the job wrote.",
          }
        : {
            text: "Not complete",
            tone: "pending",
            title: "Something may be missing in the stored log; the warnings say what.",
          };
    }
    if (this.#notices > 0)
      return { text: "Parts are missing", tone: "pending", title: "The remarks between the lines say where." };
    if (job.state === "PENDING") return { text: "Not started", tone: "pending", title: "" };
    return job.state === "ENDING"
      ? { text: "Being stored", tone: "ending", title: "The job has ended." }
      : { text: "Still running", tone: "running", title: "More lines follow." };
  }

  #follow(follow) {
    this.#lines.following = follow;
    this.#press("log-follow", follow);
  }

  #pause(pause) {
    this.#paused = pause;
    this.#lines.paused = pause;
    this.#press("log-pause", pause);
    this.#onLines();
  }

  #wrap(wrap) {
    byId("log-lines").classList.toggle("wrapped", wrap);
    this.#press("log-wrap", wrap);
    if (this.#lines.following) this.#follow(true);
  }

  #press(id, pressed) {
    byId(id).ariaPressed = String(pressed);
  }

  async #download() {
    const button = byId("log-download");
    button.disabled = true;
    try {
      const name = this.#job.name;
      const response = await request(`${jobPath(name)}/log`, { headers: { Accept: "text/plain" } });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download = `${name}.log`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (problem) {
      complain(`The log cannot be downloaded: ${problem.message}`);
    } finally {
      button.disabled = false;
    }
  }
}
