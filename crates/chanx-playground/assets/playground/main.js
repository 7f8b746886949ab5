// Starts the page: loads the endpoints, puts the parts together and opens what the address asks for.

import { announce } from "./announce.js";
import { button, el, iconButton, refill } from "./dom.js";
import { copy } from "./clipboard.js";
import { EndpointList } from "./endpoint-list.js";
import { endpoints as loadEndpoints } from "./api.js";
import { namePlaces } from "./docs-links.js";
import { fragmentOf, stateOf } from "./link.js";
import { layout } from "./layout.js";
import { refreshSession, session } from "./session.js";
import { shortcuts } from "./shortcuts.js";
import { themeSwitch } from "./theme.js";
import { Workspaces } from "./workspaces.js";

const title = document.querySelector('meta[name="chanx:title"]')?.content || "Playground";
let keys = null;
const page = layout(title, [
  iconButton("link", "Copy a link to this state", copyLink),
  themeSwitch(),
  iconButton("help", "Keys and help", () => keys.help()),
]);
const list = new EndpointList((endpoint) => choose(endpoint));
const problem = el("div", { role: "alert" });
const workspaces = new Workspaces(page, session, (workspace) => list.mark(workspace.endpoint));
refill(page.endpoints, el("div.pane-head", {}, el("h2", {}, "Endpoints"), button("Reload", load, { class: "small" })), problem, list.element);

keys = shortcuts({
  send: () => workspaces.active?.composer.send(),
  search: () => { page.show("endpoints"); list.search.focus(); },
  another: () => workspaces.another(),
  close: () => workspaces.close(),
  activateAt: (index) => workspaces.activateAt(index),
  connect: () => workspaces.active?.panel.switch(),
  clear: () => workspaces.active?.connection.history.clear(),
  follow: () => workspaces.active?.history.follow(),
});

function choose(endpoint) {
  workspaces.show(endpoint);
  page.show("work");
}

/** Loads the list; connections that are open stay as they are. */
async function load() {
  refill(problem);
  try {
    const endpoints = await loadEndpoints();
    namePlaces(endpoints);
    list.fill(endpoints);
    if (list.endpoints.length === 0) refill(problem, el("p.hint", {}, "This application has no WebSocket endpoints."));
    return true;
  } catch (error) {
    refill(problem, el("p.problem", {}, error.message));
    return false;
  }
}

function openFromAddress() {
  const state = stateOf(location.hash);
  const endpoint = state && list.endpoints.find((it) => it.pattern === state.endpoint);
  if (state && !endpoint) announce(`There is no endpoint ${state.endpoint} here`, "bad");
  if (!endpoint) return;
  const workspace = workspaces.open(endpoint, state);
  if (state.content) workspace.composer.content = state.content;
  page.show("work");
}

function copyLink() {
  if (!workspaces.active) return announce("Choose an endpoint first");
  const { fragment, omitted } = fragmentOf(workspaces.active.state);
  history.replaceState(null, "", fragment);
  copy(location.href, "Link");
  return omitted.length > 0 ? announce(`Left out of the link: ${omitted.join(", ")}`) : undefined;
}

async function askWho() {
  await refreshSession(page.session);
  workspaces.sessionChanged();
}

// It is written into the query of another page, where servers take less than behind `#`.
session.fragment = () => (workspaces.active ? fragmentOf(workspaces.active.state, 1500).fragment : location.hash);
document.addEventListener("visibilitychange", () => document.hidden || askWho());
addEventListener("hashchange", openFromAddress);
await Promise.all([load(), askWho()]);
openFromAddress();
if (!workspaces.active && list.endpoints.length > 0) workspaces.open(list.endpoints[0]);
