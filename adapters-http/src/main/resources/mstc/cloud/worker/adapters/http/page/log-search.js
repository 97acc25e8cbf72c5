/** So many matches are marked; all are counted, and can be gone to. */
const MAX_MARKED = 2_000;
/** While lines come in, they are searched after this time. */
const PAUSE = 300;
const byId = (id) => document.getElementById(id);
const marks = globalThis.CSS?.highlights;

/** Finds text in the lines of the log that are on the page, without regard to case. */
export class LogSearch {
  #log;
  #text = "";
  #matches = [];
  #at = -1;
  /** Nothing was found yet: the first match is gone to once it comes. */
  #awaited = false;
  #soon = 0;

  /** @param log the lines, and `stopFollowing` for whoever looks at a match */
  constructor(log) {
    this.#log = log;
    byId("log-text").addEventListener("input", () => this.#begin());
    byId("log-search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go(1);
    });
    byId("log-previous").addEventListener("click", () => this.#go(-1));
    byId("log-text").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.shiftKey) return;
      event.preventDefault();
      this.#go(-1);
    });
    this.update();
  }

  clear() {
    byId("log-text").value = "";
    this.#begin();
  }

  /** Searches again soon, as lines came or went. */
  linesChanged() {
    if (this.#text) this.#soon ||= setTimeout(() => this.update(), PAUSE);
  }

  /** Searches again. Stays at the match where it is; goes to the first one if nothing was found before. */
  update() {
    clearTimeout(this.#soon);
    this.#soon = 0;
    const here = this.#matches[this.#at];
    this.#matches = this.#text ? this.#find() : [];
    this.#at = here
      ? this.#matches.findIndex((each) => each.element === here.element && each.start === here.start)
      : -1;
    if (this.#awaited && this.#matches.length > 0) this.#go(1);
    else this.#show();
  }

  #begin() {
    this.#text = byId("log-text").value.toLowerCase();
    this.#at = -1;
    this.#awaited = true;
    this.update();
  }

  #find() {
    const matches = [];
    for (const { text, element } of this.#log.lines()) {
      const lower = text.toLowerCase();
      for (
        let start = lower.indexOf(this.#text);
        start >= 0;
        start = lower.indexOf(this.#text, start + this.#text.length)
      ) {
        matches.push({ element, start });
      }
    }
    return matches;
  }

  #go(step) {
    const total = this.#matches.length;
    if (total === 0) return;
    this.#awaited = false;
    const from = this.#at < 0 && step < 0 ? 0 : this.#at;
    this.#at = (from + step + total) % total;
    this.#log.stopFollowing();
    this.#matches[this.#at].element.scrollIntoView({ block: "center", inline: "nearest" });
    this.#show();
  }

  #show() {
    const total = this.#matches.length;
    const numbers =
      this.#at >= 0
        ? `${(this.#at + 1).toLocaleString("en")} of ${total.toLocaleString("en")}`
        : `${total.toLocaleString("en")}`;
    byId("log-count").textContent = this.#text ? (total > 0 ? numbers : "Not found") : "";
    byId("log-next").disabled = byId("log-previous").disabled = total === 0;
    if (!marks) return;
    marks.delete("found");
    marks.delete("found-here");
    if (total === 0) return;
    marks.set("found", new Highlight(...this.#matches.slice(0, MAX_MARKED).map((match) => this.#range(match))));
    if (this.#at >= 0) {
      const here = new Highlight(this.#range(this.#matches[this.#at]));
      here.priority = 1;
      marks.set("found-here", here);
    }
  }

  #range({ element, start }) {
    const range = document.createRange();
    const end = start + this.#text.length;
    let before = 0;
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const after = before + node.data.length;
      if (start >= before && start < after) range.setStart(node, start - before);
      if (end > before && end <= after) {
        range.setEnd(node, end - before);
        break;
      }
      before = after;
    }
    return range;
  }
}
