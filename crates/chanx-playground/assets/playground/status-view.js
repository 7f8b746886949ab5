// How a connection stands, in words: its state, its user, why it was refused and what its close code means.

import { el } from "./dom.js";
import { isolated } from "./safe-text.js";
import { loginLink } from "./session.js";

const STATES = {
  idle: "Not connected", connecting: "Connecting…", open: "Connected", closing: "Closing…", waiting: "Waiting to connect again", closed: "Not connected",
};

/** The state in one word, for tabs. */
export function stateName(connection) {
  return STATES[connection.state];
}

/** The state and the user. */
export function statusView(connection, session) {
  const isKnown = connection.state !== "idle" && session.isKnown;
  const who = isKnown && el("span.hint", {}, " as ", el("strong", {}, isolated(connection.user ?? "nobody (not logged in)")));
  return el("p.status", {}, el(`span.dot.${connection.state}`, { "aria-hidden": "true" }), el("span", {}, STATES[connection.state], who));
}

/** What there is to say about the end of the connection. */
export function endView(connection, session) {
  if (connection.refusal) return refusalView(connection, session);
  return connection.ending && connection.ending.code !== 1000 ? endingView(connection, session) : null;
}

function refusalView({ refusal, ending }, session) {
  return el("div.problem", {},
    el("p", {}, el("strong", {}, `Refused: ${refusal.status} `, isolated(refusal.text))),
    refusal.detail && el("p", {}, isolated(refusal.detail)),
    ending && el("p", {}, codeWords(ending)),
    [401, 403].includes(refusal.status) && loginView(session));
}

function endingView({ ending }, session) {
  return el("div.problem", {}, el("p", {}, codeWords(ending)), ending.action === "log_in" && loginView(session));
}

function codeWords({ code, meaning, advice, reason }) {
  return [el("strong", {}, `Closed with ${code}`), `: ${meaning}.`, reason && [" Reason: ", isolated(reason), "."], advice && ` ${advice}`];
}

function loginView(session) {
  const link = loginLink(session.user === null ? "Log in" : "Log in as somebody else");
  return link && el("p", {}, link, " and come back here.");
}
