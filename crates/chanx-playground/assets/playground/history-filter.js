// Which entries of a history are shown.

import { el, refill } from "./dom.js";

const TYPING = 200;

export class HistoryFilter {
  #actions = new Set();

  constructor(changed) {
    this.changed = changed;
    this.direction = this.#choice("Direction", [["", "All directions"], ["sent", "Sent"], ["received", "Received"], ["system", "System"]]);
    this.kind = this.#choice("Kind", [["", "All kinds"], ["json", "JSON"], ["text", "Text"], ["binary", "Binary"], ["event", "Events"]]);
    this.action = this.#choice("Action", [["", "All actions"]]);
    this.search = el("input", { type: "search", placeholder: "Search", "aria-label": "Search the history", autocomplete: "off" });
    let timer = null;
    this.search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.changed(), TYPING);
    });
    this.element = el("div.filters", {}, this.search, this.direction, this.kind, this.action);
  }

  #choice(label, options) {
    return el("select", { "aria-label": label, onchange: () => this.changed() }, options.map(([value, words]) => el("option", { value }, words)));
  }

  /** Offers the entry's action from now on. */
  learn({ action }) {
    if (action === null || this.#actions.has(action)) return;
    this.#actions.add(action);
    const chosen = this.action.value;
    const options = [...this.#actions].sort().slice(0, 200).map((name) => el("option", { value: name, selected: name === chosen }, name));
    refill(this.action, el("option", { value: "" }, "All actions"), options);
  }

  get isActive() {
    return [this.direction, this.kind, this.action, this.search].some((control) => control.value !== "");
  }

  accepts(entry) {
    const choices = [[this.direction, entry.direction], [this.kind, entry.kind], [this.action, entry.action]];
    return choices.every(([control, value]) => control.value === "" || control.value === value) && this.#finds(entry);
  }

  #finds({ data }) {
    const words = this.search.value;
    if (words === "") return true;
    const pattern = new RegExp(words.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "i");
    return typeof data === "string" && pattern.test(data);
  }
}
