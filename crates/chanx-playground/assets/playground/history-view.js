// Shows a history: newest at the bottom, followed as long as nobody scrolls up.

import { announce } from "./announce.js";
import { button, el, icon, refill } from "./dom.js";
import { EntryView } from "./entry-view.js";
import { HistoryFilter } from "./history-filter.js";
import { LIMITS } from "./history.js";
import { download } from "./clipboard.js";
import { toJson } from "./export-json.js";
import { toRust } from "./export-rust.js";

const NEAR_THE_END = 40;
/** So many rows are expanded at once before the browser gets a pause. */
const BATCH = 50;
const ROWS_IN_FRAME = 200;

export class HistoryView {
  #views = new Map();
  #waiting = [];
  #isScheduled = false;
  #follows = true;
  #unseen = 0;

  constructor(connection, resend) {
    this.connection = connection;
    this.resend = resend;
    this.filter = new HistoryFilter(() => this.#filterChanged());
    this.#build();
    const { history } = connection;
    history.addEventListener("add", ({ detail }) => this.#later(detail));
    history.addEventListener("update", ({ detail }) => this.#views.get(detail.id)?.update());
    history.addEventListener("drop", ({ detail }) => this.#drop(detail));
    history.addEventListener("clear", () => this.#clear());
    for (const entry of history.entries) this.#later(entry);
    this.#note();
  }

  #build() {
    this.list = el("ol.entries");
    this.box = el("div.scroll", { tabIndex: 0, role: "region", "aria-label": "Messages of this connection", onscroll: () => this.#scrolled() }, this.list);
    this.jump = button([icon("down"), el("span", {}, "Newest")], () => this.follow(), { class: "jump", hidden: true });
    this.note = el("p.hint.note");
    const menu = el("details.menu", {}, el("summary", {}, "More"), el("div.menu-body", {},
      button("Expand all", () => this.#expandAll(true)), button("Collapse all", () => this.#expandAll(false)),
      button("Export as JSON", () => this.#export("json")), button("Export as a Rust test", () => this.#export("rs"))));
    menu.addEventListener("click", (event) => { if (event.target.closest(".menu-body button")) menu.open = false; });
    const head = el("div.history-head", {}, el("h2", {}, "History"),
      button("Clear", () => this.connection.history.clear()), menu);
    this.element = el("section.card.history", { "aria-label": "History" }, head, this.filter.element, this.box, this.jump, this.note);
  }

  #later(entry) {
    this.#waiting.push(entry);
    this.#schedule();
  }

  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Frames do not come while the page is in the background.
    const run = document.hidden ? (work) => setTimeout(work, 250) : requestAnimationFrame;
    run(() => this.#drawWaiting());
  }

  #drawWaiting() {
    this.#isScheduled = false;
    const fragment = document.createDocumentFragment();
    for (const entry of this.#waiting.splice(0, ROWS_IN_FRAME)) fragment.append(this.#draw(entry));
    this.list.append(fragment);
    if (this.#follows) this.box.scrollTop = this.box.scrollHeight;
    this.#note();
    if (this.#waiting.length > 0) this.#schedule();
  }

  #draw(entry) {
    const view = new EntryView(entry, { resend: this.resend, goTo: (id) => this.#goTo(id) });
    this.#views.set(entry.id, view);
    this.filter.learn(entry);
    view.element.hidden = !this.filter.accepts(entry);
    if (!this.#follows && !view.element.hidden) this.#unseen += 1;
    return view.element;
  }

  /** Browsers keep what is read in its place when something above it goes. */
  #drop(entry) {
    if (this.#waiting[0] === entry) this.#waiting.shift();
    this.#views.get(entry.id)?.element.remove();
    this.#views.delete(entry.id);
  }

  #clear() {
    this.#views.clear();
    this.#waiting = [];
    refill(this.list);
    this.follow();
    this.#note();
  }

  #filterChanged() {
    for (const view of this.#views.values()) view.element.hidden = !this.filter.accepts(view.entry);
    this.#note();
    if (this.#follows) this.box.scrollTop = this.box.scrollHeight;
  }

  #scrolled() {
    const isAtEnd = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_THE_END;
    if (isAtEnd === this.#follows) return;
    this.#follows = isAtEnd;
    this.#unseen = 0;
    this.#note();
  }

  /** Goes to the newest entry and stays there. */
  follow() {
    this.#follows = true;
    this.#unseen = 0;
    this.box.scrollTop = this.box.scrollHeight;
    this.#note();
  }

  #goTo(id) {
    const view = this.#views.get(id);
    if (!view) return announce("That entry is no longer kept");
    view.element.hidden = false;
    view.element.scrollIntoView({ block: "nearest" });
    return view.focus();
  }

  #note() {
    const { history } = this.connection;
    const all = history.entries.length;
    const shown = this.filter.isActive ? [...this.#views.values()].filter((view) => !view.element.hidden).length : all;
    const counted = shown === all ? count(all) : `${count(shown)} of ${count(all)}`;
    const kept = `the newest ${count(LIMITS.entries)} or ${LIMITS.bytes / 1_000_000} MB are kept`;
    this.note.textContent = `${counted} entries; ${kept}${history.dropped ? `, ${count(history.dropped)} are gone` : ""}.`;
    this.jump.hidden = this.#follows;
    this.jump.lastChild.textContent = this.#unseen > 0 ? `${this.#unseen} new` : "Newest";
  }

  #expandAll(isExpanded) {
    const views = [...this.#views.values()].filter((view) => !view.element.hidden);
    const next = () => {
      for (const view of views.splice(0, BATCH)) view.expand(isExpanded);
      if (views.length > 0) requestAnimationFrame(next);
    };
    next();
  }

  #export(kind) {
    const name = `${this.connection.endpoint.name.toLowerCase()}.${kind}`;
    if (kind === "json") download(toJson(this.connection), name, "application/json");
    else download(toRust(this.connection), name, "text/plain");
    announce(`Exported as ${name}`, "good");
  }
}

function count(number) {
  return number.toLocaleString("en");
}
