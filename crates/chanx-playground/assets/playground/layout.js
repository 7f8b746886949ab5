// The frame of the page: its head, its panes, and which pane small screens show.

import { el, refill } from "./dom.js";

const VIEWS = [["endpoints", "Endpoints"], ["work", "Connection"], ["record", "History"]];

/** Fills the page and gives its places. */
export function layout(title, tools) {
  const places = { session: el("span"), strip: el("div.strip"), left: el("div.left"), right: el("div.right"), endpoints: el("nav.pane", { "aria-label": "Endpoints" }) };
  const head = el("header.head", {}, el("h1", {}, title), places.session, el("div.actions", {}, tools));
  const views = el("div.views", { role: "group", "aria-label": "Part of the page" });
  const show = (view) => {
    document.body.dataset.view = view;
    for (const control of views.children) control.setAttribute("aria-pressed", String(control.dataset.key === view));
  };
  refill(views, VIEWS.map(([key, label]) => el("button", { type: "button", "data-key": key, onclick: () => show(key) }, label)));
  const panes = el("div.panes", { id: "panes", tabindex: "-1" }, places.strip, places.left, places.right);
  refill(document.getElementById("page"), head, el("main.parts", {}, views, places.endpoints, panes));
  show("endpoints");
  return { ...places, show };
}
