/**
 * Takes server-sent events apart, as the HTML standard describes them. `EventSource` cannot send a token, so
 * they are read by `fetch`.
 */
export class EventParser {
  #rest = "";
  #type = "";
  #data = [];
  #id;

  /** The id of the last event that came whole; empty before the first that has one. */
  lastId = "";

  /** The events that this piece of the stream completes, each with a `type`, its `data` and the last `id`. */
  feed(text) {
    const events = [];
    this.#rest += text;
    let from = 0;
    for (;;) {
      const end = this.#endOfLine(from);
      if (end < 0) break;
      this.#take(this.#rest.slice(from, end), events);
      from = end + (this.#rest[end] === "\r" && this.#rest[end + 1] === "\n" ? 2 : 1);
    }
    this.#rest = this.#rest.slice(from);
    return events;
  }

  #endOfLine(from) {
    const lineFeed = this.#rest.indexOf("\n", from);
    const carriageReturn = this.#rest.indexOf("\r", from);
    if (carriageReturn < 0 || (lineFeed >= 0 && lineFeed < carriageReturn)) return lineFeed;
    // A line feed that belongs to it may come with the next piece.
    return carriageReturn + 1 < this.#rest.length ? carriageReturn : -1;
  }

  #take(line, events) {
    if (line === "") {
      this.#dispatch(events);
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #dispatch(events) {
    if (this.#id !== undefined) this.lastId = this.#id;
    if (this.#data.length > 0) {
      events.push({ type: this.#type || "message", data: this.#data.join("\n"), id: this.lastId });
    }
    this.#type = "";
    this.#data = [];
  }
}
