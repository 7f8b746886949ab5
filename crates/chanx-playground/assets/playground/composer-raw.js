// Any text, sent as it stands: the way to send what is no message at all.

import { announce } from "./announce.js";
import { el, labelled } from "./dom.js";

export class RawPanel {
  constructor() {
    this.editor = el("textarea.code", { rows: 8, spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
    this.element = el("div.panel", {}, labelled("Text", this.editor, { hint: "Sent as it stands, without a check." }));
  }

  get text() {
    return this.editor.value;
  }

  set text(text) {
    this.editor.value = text;
  }

  send(connection) {
    if (/\p{Surrogate}/u.test(this.text)) announce("Half a surrogate pair cannot be sent; the browser puts U+FFFD there", "bad");
    connection.send(this.text.replaceAll(/\p{Surrogate}/gu, "\ufffd"));
  }
}
