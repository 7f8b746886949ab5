// A file, sent as one binary frame.

import { announce } from "./announce.js";
import { el, labelled } from "./dom.js";
import { bytes } from "./safe-text.js";

export class FilePanel {
  constructor() {
    this.chooser = el("input", { type: "file", onchange: () => this.#chosen() });
    this.chosen = el("p.hint", { role: "status" });
    this.element = el("div.panel", {}, labelled("File", this.chooser, { hint: "Its bytes are sent as one binary frame." }), this.chosen);
  }

  #chosen() {
    const [file] = this.chooser.files;
    this.chosen.textContent = file ? `${bytes(file.size)} will be sent.` : "";
  }

  async send(connection) {
    const [file] = this.chooser.files;
    if (!file) return announce("Choose a file first", "bad");
    const content = await file.arrayBuffer();
    if (!connection.isOpen) return announce("Not connected any more", "bad");
    connection.send(content);
    this.chooser.value = "";
    return this.#chosen();
  }
}
