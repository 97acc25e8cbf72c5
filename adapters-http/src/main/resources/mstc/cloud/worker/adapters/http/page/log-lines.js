import { spanElement, TerminalText } from "./terminal-text.js";

/** The page keeps the last lines of a log only, and at most so much of it: a log may have gigabytes. */
const MAX_LINES = 10_000;
const MAX_CHARACTERS = 4_000_000;
const COST_OF_SPAN = 40;
/** Lines are put on the page in groups, which the browser need not lay out while they are not in view. */
const GROUP = 100;
const PER_FRAME = 1_000;
/** So long after someone used the wheel, a key, a finger or the mouse, it is them who scroll. */
const MOVING = 1_000;

/** The lines of a log on the page: the last of them, with the end in view if that is wanted. */
export class LogLines {
  #box;
  #listener;
  #terminal;
  #waiting;
  #waitingCharacters;
  #stale;
  #lines;
  #characters;
  #count;
  #dropped;
  #open;
  #frame = 0;
  #paused = false;
  #following = true;
  #movedAt = -Infinity;

  /** @param listener is told `changed()` after lines came or went, and `unfollowed()` when someone scrolls up */
  constructor(box, listener) {
    this.#box = box;
    this.#listener = listener;
    box.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    for (const move of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      box.addEventListener(move, () => (this.#movedAt = performance.now()), { passive: true });
    }
    this.clear();
  }

  clear() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#terminal = new TerminalText();
    this.#waiting = [];
    this.#waitingCharacters = 0;
    this.#stale = false;
    this.#lines = [];
    this.#characters = 0;
    this.#count = 0;
    this.#dropped = 0;
    this.#open = undefined;
    this.#box.replaceChildren();
  }

  /** The lines that are on the page, each with its `text` and its `element`. */
  get lines() {
    return this.#lines;
  }

  /** How many lines came before those on the page, and are not kept. */
  get dropped() {
    return this.#dropped;
  }

  get waiting() {
    return this.#waiting.length;
  }

  get isEmpty() {
    return this.#lines.length === 0 && !this.#open && this.#waiting.length === 0;
  }

  get following() {
    return this.#following;
  }

  set following(follow) {
    this.#following = follow;
    if (follow) this.#toEnd();
  }

  set paused(paused) {
    this.#paused = paused;
    this.#schedule();
  }

  write(text) {
    for (const line of this.#terminal.feed(text)) {
      this.#waiting.push(line);
      this.#waitingCharacters += costOf(line);
    }
    this.#dropSurplus();
    this.#schedule();
  }

  /** Of the lines that wait, too, only the last are kept: nobody may look for long. */
  #dropSurplus() {
    let surplus = 0;
    while (this.#waiting.length - surplus > MAX_LINES || this.#waitingCharacters > MAX_CHARACTERS) {
      const line = this.#waiting[surplus++];
      this.#waitingCharacters -= costOf(line);
      if (!line.notice) this.#count++;
    }
    if (surplus === 0) return;
    this.#waiting.splice(0, surplus);
    // Nothing of what is on the page will be among the last lines.
    this.#stale = true;
  }

  /** A remark of the worker's between the lines. */
  notice(text) {
    const line = { notice: text };
    this.#waiting.push(line);
    this.#waitingCharacters += costOf(line);
    this.#schedule();
  }

  #schedule() {
    if (!this.#paused) this.#frame ||= requestAnimationFrame(() => this.#render());
    else this.#listener.changed();
  }

  #render() {
    this.#frame = 0;
    this.#open?.remove();
    if (this.#stale) this.#dropAll();
    for (const line of this.#waiting.splice(0, PER_FRAME)) {
      this.#waitingCharacters -= costOf(line);
      this.#append(line);
    }
    this.#trim();
    const open = this.#waiting.length === 0 ? this.#terminal.openLine : undefined;
    this.#open = open && lineElement(open, this.#count + 1);
    if (this.#open) this.#group().append(this.#open);
    if (this.#following) this.#toEnd();
    if (this.#waiting.length > 0) this.#schedule();
    this.#listener.changed();
  }

  #append(line) {
    const element = line.notice ? noticeElement(line.notice) : lineElement(line, ++this.#count);
    this.#group().append(element);
    const text = line.notice ? "" : element.textContent;
    const cost = costOf(line);
    this.#characters += cost;
    this.#lines.push({ text, element, cost, isNotice: Boolean(line.notice) });
  }

  #group() {
    let group = this.#box.lastElementChild;
    if (!group || group.childElementCount >= GROUP) {
      group = document.createElement("div");
      group.className = "log-group";
      this.#box.append(group);
    }
    return group;
  }

  #trim() {
    while (this.#lines.length > MAX_LINES || (this.#characters > MAX_CHARACTERS && this.#lines.length > GROUP)) {
      const group = this.#box.firstElementChild;
      const gone = this.#lines.splice(0, group.childElementCount);
      gone.forEach((line) => {
        this.#characters -= line.cost;
        if (!line.isNotice) this.#dropped++;
      });
      group.remove();
    }
  }

  #dropAll() {
    this.#stale = false;
    this.#lines = [];
    this.#characters = 0;
    this.#box.replaceChildren();
    this.#open = undefined;
    this.#dropped = this.#count;
  }

  /** Lines that come into view may turn out higher than was thought, so it takes a few frames. */
  #toEnd(tries = 4) {
    this.#box.scrollTop = this.#box.scrollHeight;
    if (tries > 0) requestAnimationFrame(() => this.#following && this.#toEnd(tries - 1));
  }

  /** The page itself scrolls, too, and lines that go change where the end is. */
  #onScroll() {
    const box = this.#box;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
    if (!this.#following || atEnd || performance.now() - this.#movedAt > MOVING) return;
    this.#following = false;
    this.#listener.unfollowed();
  }
}

/** What a line takes, in characters: each change of colour costs memory as well. */
function costOf(line) {
  return line.notice ? line.notice.length : line.spans.reduce((sum, span) => sum + span.text.length + COST_OF_SPAN, 0);
}

function lineElement({ spans, left }, number) {
  const element = document.createElement("div");
  element.className = "log-line";
  element.dataset.number = number;
  for (const span of spans) {
    element.append(Object.keys(span.style).length === 0 ? document.createTextNode(span.text) : spanElement(span));
  }
  if (left > 0) {
    const more = document.createElement("i");
    more.className = "log-left";
    more.textContent = ` … and ${left.toLocaleString("en")} more characters, which are only in the download`;
    element.append(more);
  }
  return element;
}

function noticeElement(text) {
  const element = document.createElement("div");
  element.className = "log-notice";
  element.textContent = text;
  return element;
}
