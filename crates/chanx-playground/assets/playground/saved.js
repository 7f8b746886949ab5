// Messages that somebody keeps for an endpoint, with names, in this browser.

import { announce } from "./announce.js";
import { button, el, refill } from "./dom.js";
import { keep, recall } from "./storage.js";

const MOST_SAVED = 50;

export class SavedMessages {
  constructor(pattern, composer) {
    this.name = `saved:${pattern}`;
    this.composer = composer;
    this.title = el("input", { type: "text", "aria-label": "Name for the message", placeholder: "Name", maxlength: "80", autocomplete: "off" });
    this.title.addEventListener("keydown", (event) => event.key === "Enter" && !event.ctrlKey && !event.metaKey && this.#save());
    this.list = el("ul.saved");
    this.summary = el("summary");
    const form = el("div.control-row", {}, this.title, button("Save", () => this.#save(), { class: "small" }));
    this.element = el("details.menu", { ontoggle: () => this.element.open && this.#draw() }, this.summary, el("div.menu-body", {}, form, this.list));
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.#close());
    this.#draw();
  }

  #all() {
    const all = recall(this.name, []);
    return Array.isArray(all) ? all : [];
  }

  #save() {
    const name = this.title.value.trim();
    if (name === "") return this.title.focus();
    const all = [...this.#all().filter((saved) => saved.name !== name), { name, ...this.composer.content }].slice(-MOST_SAVED);
    announce(keep(this.name, all) ? `Saved as “${name}” in this browser` : "The browser keeps nothing for this page", "info");
    this.title.value = "";
    return this.#draw();
  }

  #load(saved) {
    this.composer.content = saved;
    this.#close();
  }

  #remove(saved) {
    keep(this.name, this.#all().filter((other) => other.name !== saved.name));
    this.#draw();
    this.title.focus();
  }

  #close() {
    this.element.open = false;
    this.summary.focus();
  }

  #draw() {
    const all = this.#all();
    refill(this.summary, `Saved (${all.length})`);
    refill(this.list, all.length === 0 ? el("li.hint", {}, "Nothing saved for this endpoint.") : all.map((saved) => el("li", {},
      button(saved.name, () => this.#load(saved), { class: "link" }),
      button("Delete", () => this.#remove(saved), { class: "small", "aria-label": `Delete ${saved.name}` }))));
  }
}
