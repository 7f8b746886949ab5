// The message as JSON.

import { el, labelled } from "./dom.js";
import { indent, locate } from "./json-text.js";
import { pathOf } from "./json-value.js";

export class JsonPanel {
  constructor(draft) {
    this.draft = draft;
    this.editor = el("textarea.code", { rows: 12, spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
    this.editor.addEventListener("input", () => draft.write(this.editor.value, "json"));
    this.problem = el("p.fault", { hidden: true, role: "status" });
    this.element = el("div.panel", {}, labelled("Message as JSON", this.editor), this.problem);
    draft.addEventListener("change", ({ detail: by }) => this.#changed(by));
    this.#changed("start");
  }

  #changed(by) {
    if (by !== "json") this.editor.value = this.draft.text;
    const { problem = "" } = this.draft.read();
    this.problem.textContent = problem;
    this.problem.hidden = problem === "";
    this.editor.setAttribute("aria-invalid", String(problem !== ""));
  }

  /** Indents the text, unless it is no JSON. */
  format() {
    if (!this.draft.read().problem) this.draft.write(indent(this.draft.text), "format");
    this.editor.focus();
  }

  /** Shows where a fault is. */
  select(fault) {
    const { value, problem } = this.draft.read();
    this.editor.focus();
    if (problem) return;
    const [from, to] = locate(this.draft.text, pathOf(value, fault.loc.slice(1))) ?? [0, 0];
    this.editor.setSelectionRange(from, to);
  }
}
