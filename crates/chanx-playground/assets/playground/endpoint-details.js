// What there is to know about an endpoint: who may connect, what it sends, how connections end.

import { el, inlineProse, prose } from "./dom.js";
import { docsOf } from "./docs-links.js";
import { advice } from "./close-codes.js";
import { bytes } from "./safe-text.js";
import { template } from "./address.js";

export function endpointDetails(endpoint) {
  const docs = docsOf(endpoint);
  return el("section.card.about", { "aria-label": "About this endpoint" },
    el("div.about-head", {}, el("h2", {}, endpoint.name), el("span.path", {}, template(endpoint)),
      docs && el("a", { href: docs }, "Documentation")),
    prose(endpoint.description),
    el("details", {}, el("summary", {}, "Access, messages, close codes"), facts(endpoint), messages(endpoint), closeCodes(endpoint)));
}

function facts(endpoint) {
  const { wire } = endpoint;
  const rows = [
    ["Route", endpoint.route_name ?? "has no name"],
    ["Permissions", endpoint.permissions || "none"],
    ["Authentication", endpoint.authentication.length ? endpoint.authentication.map(schemeWords).join("; ") : "nobody is asked"],
    ["Subprotocols", endpoint.subprotocols.join(", ") || "none"],
    ["Names", `action key “${wire.action_key}”${wire.camelize ? ", names in camelCase" : ""}`],
    ["Completions", wire.send_completion ? "`complete` follows each message".replaceAll("`", "") : "not sent"],
    ["Largest message", bytes(wire.max_message_size)],
  ];
  return [
    el("dl.facts", {}, rows.map(([term, words]) => [el("dt", {}, term), el("dd", {}, words)])),
    needsHeader(endpoint) && el("p.hint", {}, headerHint(endpoint)),
  ];
}

function needsHeader({ authentication }) {
  return authentication.length > 0 && authentication.every(({ type }) => type === "token" || type === "basic");
}

function headerHint({ authentication, subprotocols }) {
  const [subprotocol] = subprotocols;
  const takesToken = authentication.some(({ type }) => type === "token");
  if (subprotocol && takesToken) return `A page cannot send the header that this endpoint asks for. It can offer the subprotocols ${subprotocol}, chanx.bearer.<token>.`;
  return "A page cannot send the header that this endpoint asks for; browsers let sockets carry cookies only.";
}

function schemeWords(scheme) {
  const words = {
    session: () => `login session (cookie ${scheme.cookie})`,
    token: () => `token (header Authorization: ${scheme.keyword} …)`,
    basic: () => "name and password (header Authorization: Basic …)",
    custom: () => scheme.name,
  };
  return words[scheme.type]?.() ?? scheme.type;
}

const SETS = [
  ["incoming", "Clients send"], ["outgoing", "Clients are answered"], ["group_messages", "Groups are sent"],
  ["events", "Events inside the application"], ["builtin", "Sent by the framework"],
];

function messages(endpoint) {
  return SETS.filter(([key]) => endpoint[key].length > 0).map(([key, title]) => [
    el("h3", {}, title),
    el("ul.messages", {}, endpoint[key].map((message) => el("li", {}, messageName(message), message.description && [" — ", inlineProse(firstLine(message.description))]))),
  ]);
}

function messageName(message) {
  const docs = docsOf(message);
  const name = el("code", {}, message.action);
  return docs ? el("a", { href: docs }, name) : name;
}

function firstLine(text) {
  return text.split("\n")[0];
}

function closeCodes(endpoint) {
  if (endpoint.close_codes.length === 0) return null;
  const row = ({ code, meaning, action }) => el("tr", {}, el("th", { scope: "row" }, String(code)), el("td", {}, meaning), el("td", {}, advice(action)));
  return [
    el("h3", {}, "Close codes"),
    el("table.codes", {}, el("thead", {}, el("tr", {}, ["Code", "Meaning", "What to do"].map((title) => el("th", { scope: "col" }, title)))),
      el("tbody", {}, endpoint.close_codes.map(row))),
  ];
}
