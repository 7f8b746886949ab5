// The list of endpoints, with a search.

import { el, refill } from "./dom.js";
import { template } from "./address.js";

/** `choose` is called with the endpoint that somebody wants. */
export class EndpointList {
  constructor(choose) {
    this.choose = choose;
    this.endpoints = [];
    this.current = null;
    this.search = el("input", { type: "search", id: "endpoint-search", placeholder: "Search", autocomplete: "off", "aria-label": "Search endpoints" });
    this.search.addEventListener("input", () => this.draw());
    this.search.addEventListener("keydown", (event) => this.#searchKey(event));
    this.list = el("ul.endpoints");
    this.count = el("p.hint", { role: "status" });
    this.element = el("div.endpoint-list", {}, this.search, this.count, this.list);
  }

  fill(endpoints) {
    this.endpoints = endpoints;
    this.draw();
  }

  mark(endpoint) {
    this.current = endpoint;
    this.draw();
  }

  #matching() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    return this.endpoints.filter((endpoint) => words.every((word) => searchText(endpoint).includes(word)));
  }

  #searchKey(event) {
    const found = this.#matching();
    if (event.key === "Enter" && found.length > 0) this.choose(found[0]);
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    this.list.querySelector("button")?.focus();
  }

  draw() {
    const found = this.#matching();
    this.count.textContent = counted(found.length, this.endpoints.length);
    refill(this.list, groups(found).map(([tag, endpoints]) => [
      tag && el("li.heading", {}, tag),
      endpoints.map((endpoint) => el("li", {}, this.#item(endpoint))),
    ]));
  }

  #item(endpoint) {
    const isCurrent = endpoint === this.current;
    return el("button.endpoint", { type: "button", "aria-current": isCurrent ? "true" : null, onclick: () => this.choose(endpoint) },
      el("span.name", {}, endpoint.name), el("span.path", {}, template(endpoint)));
  }
}

/** Under their first tag, in the order of the routes. */
function groups(endpoints) {
  const byTag = new Map();
  for (const endpoint of endpoints) {
    const tag = endpoint.tags[0] ?? "";
    byTag.set(tag, [...(byTag.get(tag) ?? []), endpoint]);
  }
  return [...byTag].sort(([one], [other]) => (one === "" ? -1 : other === "" ? 1 : 0));
}

function counted(found, all) {
  const words = all === 1 ? "1 endpoint" : `${all} endpoints`;
  return found === all ? words : `${found} of ${words}`;
}

function searchText(endpoint) {
  const actions = [...endpoint.incoming, ...endpoint.outgoing].map((message) => message.action);
  return [endpoint.name, endpoint.pattern, endpoint.route_name, endpoint.description, ...endpoint.tags, ...actions].join(" ").toLowerCase();
}
