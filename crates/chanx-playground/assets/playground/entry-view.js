// One entry of a history: a line, and its content below when it is expanded.

import { button, el, freshId, icon, refill } from "./dom.js";
import { bytes, milliseconds, preview } from "./safe-text.js";
import { contentView } from "./content-view.js";
import { copy, download } from "./clipboard.js";

const DIRECTIONS = { sent: "Sent", received: "Received", system: "System" };

export class EntryView {
  constructor(entry, { resend, goTo }) {
    this.entry = entry;
    this.resend = resend;
    this.goTo = goTo;
    this.body = el("div.entry-body", { id: freshId("entry"), hidden: true });
    this.latency = el("span.latency");
    const level = entry.direction === "system" ? entry.level : entry.direction;
    this.element = el(`li.entry.${level}`, {}, entry.direction === "system" ? this.#systemLine() : this.#line(), this.body);
    this.update();
  }

  #systemLine() {
    return el("div.line", {}, this.#time(), icon("system"), el("span.visually-hidden", {}, "System: "), el("span.preview", {}, preview(this.entry.data, 1000)));
  }

  #line() {
    const { entry } = this;
    this.head = el("button.line", { type: "button", "aria-expanded": "false", "aria-controls": this.body.id, onclick: () => this.expand(this.body.hidden) },
      this.#time(),
      el("span.direction", {}, icon(entry.direction), el("span.visually-hidden", {}, DIRECTIONS[entry.direction])),
      entry.action !== null && el("bdi.action", {}, preview(entry.action, 40)),
      entry.message?.isMine === true && el("span.badge", {}, "mine"),
      el("bdi.preview", {}, this.#preview()),
      el("span.numbers", {}, this.latency, el("span.size", {}, bytes(entry.size))));
    return this.head;
  }

  #time() {
    const at = new Date(this.entry.at);
    const two = (number) => String(number).padStart(2, "0");
    const words = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
    return el("time", { datetime: at.toISOString() }, words);
  }

  #preview() {
    const { kind, data } = this.entry;
    return kind === "binary" ? "binary" : preview(data);
  }

  /** Shows what was learned since. */
  update() {
    const { latency, direction } = this.entry;
    if (latency === undefined) return;
    this.latency.textContent = milliseconds(latency);
    this.latency.title = direction === "sent" ? "until the first answer" : "since the message that this answers";
  }

  expand(isExpanded) {
    if (!this.head || isExpanded !== this.body.hidden) return;
    this.head.setAttribute("aria-expanded", String(isExpanded));
    this.body.hidden = !isExpanded;
    refill(this.body, isExpanded && [contentView(this.entry), this.#tools()]);
  }

  #tools() {
    const { data, kind, direction, answers } = this.entry;
    return el("div.actions", {},
      kind !== "binary" && button("Copy", () => copy(data, "Message"), { class: "small" }),
      button("Save as file", () => download(data, kind === "json" ? "message.json" : kind === "text" ? "message.txt" : "message.bin", "application/octet-stream"), { class: "small" }),
      direction === "sent" && button("Send again", () => this.resend(data), { class: "small" }),
      answers !== undefined && button("Go to its question", () => this.goTo(answers), { class: "small" }));
  }

  focus() {
    this.head?.focus();
  }
}
