// Connections side by side, as tabs.

import { el, iconButton, refill } from "./dom.js";
import { Workspace } from "./workspace.js";
import { moveByArrows } from "./tabs.js";
import { stateName } from "./status-view.js";

/** Calls `changed` with the active workspace when there is another. */
export class Workspaces {
  #all = [];
  #lastNumber = 0;

  constructor({ strip, left, right }, session, changed) {
    Object.assign(this, { left, right, session, changed });
    this.active = null;
    this.list = el("div.tabs", { role: "tablist", "aria-label": "Connections" });
    this.list.addEventListener("keydown", (event) => event.key === "Delete" && this.close());
    moveByArrows(this.list);
    this.tools = el("div.actions");
    refill(strip, this.list, this.tools);
  }

  /** Shows an endpoint: where it is open already, in place of a connection that was not used, or as a new one. */
  show(endpoint) {
    const open = this.#all.findLast((workspace) => workspace.endpoint === endpoint);
    if (open) this.activate(open);
    else this.open(endpoint);
  }

  open(endpoint, parameters) {
    const unused = this.active?.isUntouched && this.active.endpoint !== endpoint ? this.active : null;
    this.#lastNumber += 1;
    const workspace = new Workspace(endpoint, this.session, this.#lastNumber, parameters);
    workspace.connection.addEventListener("state", () => this.draw());
    this.#all.push(workspace);
    this.left.append(workspace.left);
    this.right.append(workspace.right);
    if (unused) this.#remove(unused);
    this.activate(workspace);
    return workspace;
  }

  /** Another connection to the same endpoint, with the same parameters. */
  another() {
    if (this.active) this.open(this.active.endpoint, this.active.panel.parameters);
  }

  close(workspace = this.active) {
    if (!workspace || this.#all.length < 2) return;
    const at = this.#all.indexOf(workspace);
    this.#remove(workspace);
    this.activate(this.#all[Math.max(0, at - 1)]);
    this.list.querySelector('[aria-selected="true"]')?.focus();
  }

  #remove(workspace) {
    this.#all.splice(this.#all.indexOf(workspace), 1);
    workspace.destroy();
  }

  activate(workspace) {
    this.active = workspace;
    for (const other of this.#all) other.left.hidden = other.right.hidden = other !== workspace;
    this.draw();
    workspace.history.follow();
    this.changed(workspace);
  }

  /** Activates the connection at a place, counted from 0. */
  activateAt(index) {
    if (this.#all[index]) this.activate(this.#all[index]);
  }

  draw() {
    const hadFocus = this.list.contains(document.activeElement);
    refill(this.list, this.#all.map((workspace) => this.#tab(workspace)));
    const name = this.active?.title ?? "";
    refill(this.tools,
      iconButton("add", "New connection", () => this.another()),
      this.#all.length > 1 && iconButton("close", `Close ${name}`, () => this.close()));
    if (hadFocus) this.list.querySelector('[aria-selected="true"]')?.focus();
  }

  /** Draws what depends on who is logged in. */
  sessionChanged() {
    for (const workspace of this.#all) workspace.panel.draw();
  }

  #tab(workspace) {
    const { connection } = workspace;
    const isActive = workspace === this.active;
    const props = {
      type: "button", role: "tab", id: `workspace-${workspace.number}`, "aria-selected": String(isActive), tabIndex: isActive ? 0 : -1,
      onclick: () => this.activate(workspace), title: `${stateName(connection)}${connection.user ? ` as ${connection.user}` : ""}`,
    };
    return el("button.tab", props,
      el(`span.dot.${connection.state}`, { "aria-hidden": "true" }), workspace.title,
      connection.user && el("bdi.hint", {}, connection.user),
      el("span.visually-hidden", {}, `, ${stateName(connection)}`));
  }
}
