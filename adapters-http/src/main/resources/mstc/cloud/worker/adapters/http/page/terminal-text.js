/**
 * Turns what a program writes to a terminal into lines of coloured spans: SGR sequences (`ESC [ … m`) become
 * styles, a carriage return starts the line again as progress bars expect, and everything else that is not
 * text is left out. Takes pieces as they come; a sequence or a line may be cut between them.
 */

/** More of one line is counted, but not kept. */
const MAX_LINE_CHARACTERS = 20_000;

const MAX_SEQUENCE_CHARACTERS = 200;
const ESCAPE = "\x1b";
const PLAIN = Object.freeze({});
/** Text up to something that is not: a control character other than a tab. */
const TEXT = /[^\x00-\x08\x0a-\x1f\x7f-\x9f]+/y;
/** A whole sequence: CSI, OSC and other strings with their end, or a short one. */
const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-OQ-WYZ\\`-~])/y;
const ATTRIBUTES = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };
const RESETS = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"] };

export class TerminalText {
  #held = "";
  #style = PLAIN;
  #spans = [];
  #length = 0;
  #left = 0;
  #returned = false;

  /** The lines that this piece completes. */
  feed(text) {
    const lines = [];
    const all = this.#held + text;
    this.#held = "";
    let at = 0;
    while (at < all.length) {
      TEXT.lastIndex = at;
      if (TEXT.test(all)) {
        this.#write(all.slice(at, TEXT.lastIndex));
        at = TEXT.lastIndex;
        continue;
      }
      const control = all[at];
      if (control === ESCAPE) {
        const end = this.#sequence(all, at);
        if (end < 0) break;
        at = end;
        continue;
      }
      if (control === "\n") lines.push(this.#endLine());
      else if (control === "\r") this.#returned = true;
      at++;
    }
    return lines;
  }

  /** The line that is not complete yet; undefined if nothing of it is there. */
  get openLine() {
    return this.#length + this.#left > 0 ? { spans: [...this.#spans], left: this.#left } : undefined;
  }

  #write(text) {
    if (this.#returned) this.#clearLine();
    const room = MAX_LINE_CHARACTERS - this.#length;
    const kept = text.length > room ? text.slice(0, room) : text;
    this.#left += text.length - kept.length;
    this.#length += kept.length;
    if (kept === "") return;
    const last = this.#spans.at(-1);
    if (last?.style === this.#style) this.#spans[this.#spans.length - 1] = { ...last, text: last.text + kept };
    else this.#spans.push({ text: kept, style: this.#style });
  }

  #endLine() {
    const line = { spans: this.#spans, left: this.#left };
    this.#clearLine();
    return line;
  }

  #clearLine() {
    this.#spans = [];
    this.#length = 0;
    this.#left = 0;
    this.#returned = false;
  }

  /** Where the sequence ends that begins there; negative if its end is still to come. */
  #sequence(all, at) {
    SEQUENCE.lastIndex = at;
    if (SEQUENCE.test(all)) {
      const sequence = all.slice(at, SEQUENCE.lastIndex);
      const colours = /^\x1b\[([\d;:]*)m$/.exec(sequence);
      if (colours) this.#style = restyled(this.#style, colours[1]);
      return SEQUENCE.lastIndex;
    }
    const rest = all.slice(at);
    if (rest.length < MAX_SEQUENCE_CHARACTERS && !rest.includes("\n")) {
      this.#held = rest;
      return -1;
    }
    return at + 1;
  }
}

/** A style after an SGR sequence with these parameters. */
function restyled(before, parameters) {
  const codes = parameters.split(/[;:]/).map(Number);
  let style = { ...before };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at];
    if (code === 0) style = {};
    else if (ATTRIBUTES[code]) style[ATTRIBUTES[code]] = true;
    else if (RESETS[code]) RESETS[code].forEach((attribute) => delete style[attribute]);
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(at + 1));
      if (colour !== undefined) style[code === 38 ? "foreground" : "background"] = colour;
      at += used;
    } else basic(style, code);
  }
  return Object.keys(style).length === 0 ? PLAIN : style;
}

function basic(style, code) {
  if (code === 39) delete style.foreground;
  else if (code === 49) delete style.background;
  else if (code >= 30 && code <= 37) style.foreground = code - 30;
  else if (code >= 40 && code <= 47) style.background = code - 40;
  else if (code >= 90 && code <= 97) style.foreground = code - 82;
  else if (code >= 100 && code <= 107) style.background = code - 92;
}

/** A colour of the palette of 256 or of all, and how many codes told it: a number below 16, or `rgb(…)`. */
function extended(codes) {
  if (codes[0] === 5) return [ofPalette(codes[1]), 2];
  if (codes[0] === 2) return [rgb(codes.slice(1, 4)), 4];
  return [undefined, 1];
}

function ofPalette(index) {
  if (!(index >= 0 && index <= 255)) return undefined;
  if (index < 16) return index;
  if (index >= 232) return rgb(Array(3).fill((index - 232) * 10 + 8));
  const cube = index - 16;
  return rgb([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((step) => step && step * 40 + 55));
}

function rgb(parts) {
  return parts.length === 3 && parts.every((part) => part >= 0 && part <= 255) ? `rgb(${parts.join(", ")})` : undefined;
}

/** A span for the page, made of text nodes only. */
export function spanElement({ text, style }) {
  const element = document.createElement("span");
  element.textContent = text;
  for (const attribute of Object.values(ATTRIBUTES)) if (style[attribute]) element.classList.add(attribute);
  paint(element, "foreground", style.foreground);
  paint(element, "background", style.background);
  return element;
}

function paint(element, part, colour) {
  if (typeof colour === "number") element.classList.add(`${part}-${colour}`);
  else if (colour) element.style[part === "foreground" ? "color" : "backgroundColor"] = colour;
}
