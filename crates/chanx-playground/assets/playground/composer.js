// Writes a message, as a form, as JSON, as raw text or as a file, and sends it once the server finds no fault in it.

import { announce } from "./announce.js";
import { button, el, freshId, labelled, prose, refill, toggle } from "./dom.js";
import { Checker } from "./check.js";
import { Draft } from "./draft.js";
import { FilePanel } from "./composer-file.js";
import { FormPanel } from "./composer-form.js";
import { JsonPanel } from "./composer-json.js";
import { RawPanel } from "./composer-raw.js";
import { SavedMessages } from "./saved.js";
import { faultList } from "./fault-list.js";
import { tabbed } from "./tabs.js";

export class Composer {
  #lastRef = 0;
  #refused = null;
  #judgement = null;

  constructor(connection) {
    this.connection = connection;
    this.draft = new Draft(connection.endpoint);
    this.checker = new Checker(connection.endpoint.pattern);
    this.wantsRef = false;
    this.mode = "form";
    this.panels = {
      form: new FormPanel(this.draft), json: new JsonPanel(this.draft), raw: new RawPanel(), file: new FilePanel(),
    };
    this.saved = new SavedMessages(connection.endpoint.pattern, this);
    this.#build();
    this.draft.addEventListener("change", () => this.#draftChanged());
    this.checker.addEventListener("verdict", ({ detail }) => this.#judged(detail));
    connection.addEventListener("state", () => this.#drawActions());
    this.#draftChanged();
  }

  #build() {
    this.actions = el("div.actions.send-bar");
    this.verdict = el("div.verdict", { role: "status" });
    this.choice = el("select", { onchange: () => this.#choose() });
    this.about = el("div.hint");
    const labels = { form: "Form", json: "JSON", raw: "Raw text", file: "Binary" };
    const tabs = Object.entries(labels).map(([key, label]) =>
      ({ key, label, panel: this.panels[key].element, shown: () => this.#entered(key) }));
    this.tabs = tabbed("How to write the message", tabs);
    this.element = el("section.card", { "aria-label": "Message" },
      el("div.columns.grow-first", {}, labelled("Message", this.choice), this.saved.element),
      this.about, this.tabs.list, tabs.map((tab) => tab.panel), this.verdict, this.actions);
  }

  #entered(key) {
    this.mode = key;
    this.panels[key].enter?.();
    if (this.verdict) this.#drawVerdict();
    this.#drawActions();
  }

  #choose() {
    if (this.choice.value !== "") this.draft.choose(this.choice.value, "choice");
  }

  #draftChanged() {
    const { draft } = this;
    this.#refused = null;
    const options = draft.endpoint.incoming.map(({ action }) => el("option", { value: action, selected: action === draft.action }, action));
    if (!draft.message) options.unshift(el("option", { value: "", selected: true }, draft.action === null ? "no action" : `${draft.action} (not declared)`));
    refill(this.choice, options);
    refill(this.about, draft.message && prose(draft.message.description));
    this.#judgement = null;
    this.#drawVerdict();
    this.checker.later(this.#text());
  }

  #judged(verdict) {
    if (verdict.text !== this.#text()) return;
    this.#judgement = verdict;
    this.#drawVerdict();
    for (const panel of Object.values(this.panels)) panel.mark?.(verdict.faults ?? []);
  }

  #drawVerdict() {
    const isMessage = this.mode === "form" || this.mode === "json";
    refill(this.verdict, isMessage && faultList(this.#judgement, this.draft, (fault) => this.#goTo(fault)));
  }

  #goTo(fault) {
    this.tabs.show("json");
    this.panels.json.select(fault);
  }

  /** The text as it would leave now, without a `ref` that the page adds. */
  #text() {
    return this.draft.outgoing(null);
  }

  #drawActions() {
    const { isOpen } = this.connection;
    const hadFocus = this.actions.contains(document.activeElement);
    const isMessage = this.mode === "form" || this.mode === "json";
    const why = freshId("why");
    refill(this.actions,
      button("Send", () => this.send(), { class: "primary", disabled: !isOpen, "aria-describedby": isOpen ? null : why }),
      this.#refused !== null && isOpen && isMessage && button("Send anyway", () => this.#sendAnyway()),
      isMessage && button("Example", () => this.draft.reset("example"), { title: "Back to the example" }),
      this.mode === "json" && button("Format JSON", () => this.panels.json.format()),
      isMessage && toggle("Add ref", this.wantsRef, (is) => { this.wantsRef = is; }, { title: "Adds a ref to each message, which its answers repeat" }),
      !isOpen && el("p.hint", { id: why }, "Connect to send."));
    if (hadFocus) this.actions.querySelector("button:not(:disabled)")?.focus();
  }

  /** Sends what is shown; a message with faults stays, and can be sent anyway. */
  async send() {
    if (!this.connection.isOpen) return announce("Not connected", "bad");
    if (this.mode === "raw") return this.panels.raw.send(this.connection);
    if (this.mode === "file") return this.panels.file.send(this.connection);
    const text = this.#text();
    const verdict = await this.checker.now(text);
    if (!verdict || text !== this.#text()) return undefined;
    if (verdict.faults?.length > 0) return this.#refuse(text);
    return this.#leave();
  }

  #refuse(text) {
    this.#refused = text;
    this.#drawActions();
    this.verdict.scrollIntoView({ block: "nearest" });
    announce("Not sent: the server would find faults in it", "bad");
  }

  #sendAnyway() {
    if (this.#refused === this.#text()) this.#leave();
  }

  #leave() {
    if (!this.connection.isOpen) return announce("Not connected any more", "bad");
    this.#refused = null;
    const ref = this.wantsRef ? this.#freshRef() : null;
    this.connection.send(this.draft.outgoing(ref));
    return this.#drawActions();
  }

  #freshRef() {
    this.#lastRef += 1;
    return `p-${this.#lastRef}`;
  }

  /** What links and saved messages keep. */
  get content() {
    return this.mode === "raw" ? { mode: "raw", text: this.panels.raw.text } : { mode: this.mode === "file" ? "json" : this.mode, text: this.draft.text };
  }

  set content({ mode, text }) {
    if (mode === "raw") this.panels.raw.text = text;
    else this.draft.write(text, "content");
    this.tabs.show(mode in this.panels ? mode : "json");
  }

  destroy() {
    this.checker.stop();
  }
}
