// All that belongs to one connection: its panels, what it is called, and how it leaves.

import { el } from "./dom.js";
import { Composer } from "./composer.js";
import { ConnectPanel } from "./connect-panel.js";
import { Connection } from "./connection.js";
import { HistoryView } from "./history-view.js";
import { endpointDetails } from "./endpoint-details.js";

export class Workspace {
  constructor(endpoint, session, number, parameters) {
    this.endpoint = endpoint;
    this.number = number;
    this.connection = new Connection(endpoint);
    this.panel = new ConnectPanel(this.connection, parameters, session);
    this.composer = new Composer(this.connection);
    this.history = new HistoryView(this.connection, (data) => this.#resend(data));
    this.left = el("div.work", {}, endpointDetails(endpoint), this.panel.element, this.composer.element);
    this.right = el("div.record", {}, this.history.element);
  }

  get title() {
    return `${this.number} ${this.endpoint.name}`;
  }

  /** Whether nothing was done here yet. */
  get isUntouched() {
    return this.connection.state === "idle";
  }

  #resend(data) {
    if (this.connection.isOpen) this.connection.send(data);
    else this.connection.history.event("Not sent again: not connected", "bad");
  }

  /** The state that a link keeps. */
  get state() {
    return { endpoint: this.endpoint.pattern, ...this.panel.parameters, ...this.composer.content };
  }

  destroy() {
    this.composer.destroy();
    this.panel.destroy();
    this.connection.destroy();
    this.left.remove();
    this.right.remove();
  }
}
