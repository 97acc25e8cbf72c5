import { jobPath, json, post } from "./api.js";
import { say } from "./notices.js";
import { FieldError, fieldsOf, fitsFields, requestOf } from "./request-fields.js";

const byId = (id) => document.getElementById(id);

/** The form for a new job: fields, or the request as JSON. What is wrong with a request is left to the worker to say. */
export class SubmitForm {
  #dialog = byId("submit");
  #form = byId("submit-form");
  #page;
  #base = {};
  #asJson = false;
  #sent = "";
  #key = "";

  /** @param page `close(name)` is called when the form is left, with the name of the job that was submitted */
  constructor(page) {
    this.#page = page;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("as-form").addEventListener("click", () => this.#switch(false));
    byId("as-json").addEventListener("click", () => this.#switch(true));
    byId("close-submit").addEventListener("click", () => this.#page.close());
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#page.close();
    });
  }

  /** @param name a job whose request is to be submitted again; a new request if there is none */
  async open(name) {
    if (this.#dialog.open) return;
    byId("submit-heading").textContent = name ? "Submit again" : "New job";
    this.#complain([]);
    this.#fill({});
    this.#dialog.showModal();
    this.#form.elements.image.focus();
    if (name) await this.#load(name);
  }

  hide() {
    this.#dialog.close();
  }

  async #load(name) {
    try {
      const { request } = await json(jobPath(name));
      if (request) this.#fill(request);
      else this.#complain(["The worker no longer has this job’s request."]);
    } catch (problem) {
      this.#complain([problem.message]);
    }
  }

  #fill(request) {
    this.#base = request;
    const asJson = !fitsFields(request);
    this.#show(asJson);
    this.#write(request);
  }

  #write(request) {
    for (const [name, value] of Object.entries(fieldsOf(request))) this.#form.elements[name].value = value;
    byId("json").value = JSON.stringify(request, null, 2);
  }

  #read() {
    if (this.#asJson) return JSON.parse(byId("json").value);
    return requestOf(Object.fromEntries(new FormData(this.#form)), this.#base);
  }

  #switch(asJson) {
    if (asJson === this.#asJson) return;
    this.#complain([]);
    try {
      const request = this.#read();
      if (!asJson && !fitsFields(request))
        throw new FieldError("A value of it is empty or has more than one line, which only JSON can express.");
      this.#base = request;
      this.#write(request);
      this.#show(asJson);
    } catch (error) {
      this.#complain([
        this.#asJson && !(error instanceof FieldError) ? `This is not JSON: ${error.message}` : error.message,
      ]);
    }
  }

  #show(asJson) {
    this.#asJson = asJson;
    byId("fields").hidden = asJson;
    byId("json-box").hidden = !asJson;
    byId("as-form").ariaPressed = String(!asJson);
    byId("as-json").ariaPressed = String(asJson);
  }

  async #submit() {
    let body;
    try {
      // JSON goes as it is written: the worker reads more than the standard has, and says what is wrong.
      body = this.#asJson ? byId("json").value : JSON.stringify(this.#read());
    } catch (error) {
      this.#complain([error.message]);
      return;
    }
    byId("send").disabled = true;
    try {
      const { name, warnings } = await post("/mstc/jobs", body, { "Idempotency-Key": this.#keyFor(body) });
      this.#sent = "";
      this.#page.close(name);
      say(["Submitted.", ...warnings].join(" "));
    } catch (problem) {
      this.#complain(problem.violations?.length > 0 ? problem.violations : [problem.message]);
    } finally {
      byId("send").disabled = false;
    }
  }

  /** The same for the same request, which may have arrived though no answer came: so it is run once. */
  #keyFor(body) {
    if (body !== this.#sent) {
      this.#sent = body;
      this.#key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
        byte.toString(16).padStart(2, "0"),
      ).join("");
    }
    return this.#key;
  }

  /** Shows the messages, each beside its field if it begins with the field's name. */
  #complain(messages) {
    this.#form.querySelectorAll(".field-error").forEach((element) => element.remove());
    this.#form.querySelectorAll("[aria-invalid]").forEach((field) => {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    });
    const others = this.#asJson ? messages : messages.filter((message) => !this.#beside(message));
    const box = byId("submit-error");
    box.hidden = messages.length === 0;
    const count = messages.length - others.length;
    const lines =
      count === 0
        ? others
        : [
            ...others,
            count === 1
              ? "A field is not as it must be: see there."
              : `${count} fields are not as they must be: see there.`,
          ];
    box.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
    this.#form.querySelector("[aria-invalid]")?.focus();
  }

  #beside(message) {
    const name = /^(?:resources\.)?(\w+)/.exec(message)?.[1];
    const field = name && this.#form.elements[name];
    if (!field?.closest?.("#fields")) return false;
    const note = document.createElement("span");
    note.className = "field-error";
    note.id = `error-${name}`;
    note.textContent = message;
    field.after(note);
    field.ariaInvalid = "true";
    field.setAttribute("aria-describedby", note.id);
    return true;
  }
}
