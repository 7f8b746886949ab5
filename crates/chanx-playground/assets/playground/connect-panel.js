// Where a connection goes and how it stands: address, parameters, subprotocols, connecting and closing.

import { button, el, freshId, labelled, refill, toggle } from "./dom.js";
import { codeFault, reasonFault } from "./close-codes.js";
import { pathFault, queryFault } from "./parameters.js";
import { ParameterRows } from "./parameter-rows.js";
import { compose, take } from "./address.js";
import { pinger } from "./ping.js";
import { endView, statusView } from "./status-view.js";

export class ConnectPanel {
  constructor(connection, parameters, session) {
    this.connection = connection;
    this.endpoint = connection.endpoint;
    this.session = session;
    this.custom = this.endpoint.address === null ? compose(this.endpoint, { path: {}, query: [] }) : null;
    this.rows = new ParameterRows(this.endpoint, parameters, () => this.#parametersChanged());
    this.#build();
    connection.addEventListener("state", () => this.draw());
    this.draw();
  }

  get parameters() {
    return this.rows.values;
  }

  get url() {
    return this.custom ?? compose(this.endpoint, this.rows.values);
  }

  #build() {
    this.address = el("input.code", { type: "text", value: this.url, spellcheck: "false", autocomplete: "off", inputmode: "url" });
    this.address.addEventListener("input", () => this.#addressChanged());
    this.addressNote = el("p.hint", { hidden: true });
    this.protocols = el("input", { type: "text", placeholder: this.endpoint.subprotocols.join(", ") || "none", spellcheck: "false", autocomplete: "off" });
    this.actions = el("div.actions");
    this.status = el("div", { role: "status" });
    this.end = el("div", { role: "status" });
    this.ping = pinger(this.connection);
    this.closing = this.#closingFields();
    const more = el("details.more", {}, el("summary", {}, "Subprotocols, close code"),
      labelled("Subprotocols, separated by commas", this.protocols), this.closing);
    this.element = el("section.card", { "aria-label": "Connection" },
      this.status, labelled("Address", this.address), this.addressNote, this.rows.element, more, this.actions, this.end, this.ping.element);
  }

  #closingFields() {
    this.code = el("input", { type: "text", inputmode: "numeric", value: "1000", maxlength: "4" });
    this.reason = el("input", { type: "text", placeholder: "none", autocomplete: "off" });
    this.closeFault = el("p.fault", { id: freshId("close-fault"), hidden: true });
    for (const [field, check] of [[this.code, codeFault], [this.reason, reasonFault]]) {
      field.setAttribute("aria-describedby", this.closeFault.id);
      field.addEventListener("input", () => this.#checkClosing(field, check));
    }
    return el("div.columns", {}, labelled("Close code", this.code), labelled("Reason", this.reason), this.closeFault);
  }

  #checkClosing(field, check) {
    field.setAttribute("aria-invalid", String(check(field.value) !== ""));
    this.closeFault.textContent = codeFault(this.code.value) || reasonFault(this.reason.value);
    this.closeFault.hidden = this.closeFault.textContent === "";
  }

  #parametersChanged() {
    this.custom = null;
    this.address.value = this.url;
    this.addressNote.hidden = true;
    this.draw();
  }

  #addressChanged() {
    const taken = take(this.endpoint, this.address.value);
    this.custom = taken ? null : this.address.value;
    if (taken) this.rows.take(taken);
    this.addressNote.textContent = taken ? "" : "This address is not one of this endpoint's. It is used as it stands.";
    this.addressNote.hidden = Boolean(taken);
    this.draw();
  }

  /** What keeps the parameters from being right, in words. */
  faults() {
    if (this.custom !== null) return [];
    const { path, query } = this.rows.values;
    const value = (name) => query.find((row) => row.name === name)?.value ?? "";
    return [
      ...this.endpoint.path_parameters.map((it) => [it.name, pathFault(it, path[it.name] ?? "")]),
      ...this.endpoint.query_parameters.map((it) => [it.name, queryFault(it, value(it.name))]),
    ].filter(([, fault]) => fault !== "");
  }

  connect(anyway = false) {
    const { connection } = this;
    if (!connection.isIdle || (!anyway && this.faults().length > 0)) return;
    const protocols = this.protocols.value.split(",").map((name) => name.trim()).filter(Boolean);
    connection.connect(this.url, protocols, this.session.user);
  }

  disconnect() {
    const isRight = !codeFault(this.code.value) && !reasonFault(this.reason.value);
    if (isRight) this.connection.disconnect(Number(this.code.value), this.reason.value);
    else this.code.closest("details").open = true;
  }

  /** Connects or disconnects, whichever is possible. */
  switch() {
    if (this.connection.isIdle) this.connect();
    else this.disconnect();
  }

  draw() {
    const { connection } = this;
    const hadFocus = this.actions.contains(document.activeElement);
    refill(this.status, statusView(connection, this.session));
    refill(this.end, endView(connection, this.session));
    refill(this.actions, connection.isIdle ? this.#idleActions() : this.#busyActions(), this.#reconnectSwitch());
    for (const field of [this.address, this.protocols]) field.readOnly = !connection.isIdle;
    if (hadFocus) this.actions.querySelector("button:not(:disabled)")?.focus();
  }

  #idleActions() {
    const faults = this.faults();
    const isBlocked = faults.length > 0;
    const why = freshId("why");
    return [
      button("Connect", () => this.connect(), { class: "primary", disabled: isBlocked, "aria-describedby": isBlocked ? why : null }),
      isBlocked && button("Connect anyway", () => this.connect(true)),
      isBlocked && el("p.hint", { id: why }, `Not right yet: ${faults.map(([name]) => name).join(", ")}`),
    ];
  }

  #busyActions() {
    const { connection } = this;
    const isWaiting = connection.state === "waiting";
    return [
      button(isWaiting ? "Stop" : "Disconnect", () => this.disconnect(), { class: "primary", disabled: connection.state === "closing" }),
      isWaiting && button("Connect now", () => connection.retryNow()),
    ];
  }

  #reconnectSwitch() {
    return toggle("Reconnect automatically", this.connection.reconnects, (is) => { this.connection.reconnects = is; });
  }

  destroy() {
    this.ping.stop();
  }
}
