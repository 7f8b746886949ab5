// The message as a form, made from its schema.

import { el, refill } from "./dom.js";
import { buildForm } from "./form.js";
import { indent } from "./json-text.js";
import { write } from "./json-value.js";

export class FormPanel {
  #form = null;
  #isStale = true;
  #faults = [];

  constructor(draft) {
    this.draft = draft;
    this.element = el("div.panel");
    draft.addEventListener("change", ({ detail: by }) => {
      if (by === "form") return;
      this.#isStale = true;
      if (!this.element.hidden) this.enter();
    });
  }

  /** Draws the form anew if the message was changed elsewhere. */
  enter() {
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#form = null;
    const { message } = this.draft;
    const { value, problem } = this.draft.read();
    if (problem) return refill(this.element, el("p.hint", {}, problem));
    if (!message) return refill(this.element, el("p.hint", {}, "No declared message has this action; write it as JSON."));
    this.#form = buildForm(message.schema, value, () => this.#changed());
    refill(this.element, this.#form.element);
    return this.#form.mark(this.#faults);
  }

  #changed() {
    this.draft.write(indent(write(this.#form.read())), "form");
  }

  mark(faults) {
    this.#faults = faults;
    this.#form?.mark(faults);
  }
}
