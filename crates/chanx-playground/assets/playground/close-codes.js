// What close codes mean and what to do after one: the endpoint's own table first, then what every browser knows.

const STANDARD = new Map([
  [1000, ["the connection has served its purpose", "stay_away"]],
  [1001, ["the server goes away, or the page was left", "reconnect"]],
  [1002, ["a frame broke the WebSocket protocol", "fix_client"]],
  [1003, ["this kind of data is not served", "fix_client"]],
  [1005, ["the close frame had no code", "reconnect"]],
  [1006, ["the connection broke off without a close frame", "reconnect_with_back_off"]],
  [1007, ["text was not valid UTF-8", "fix_client"]],
  [1008, ["a rule of the application was broken", "fix_client"]],
  [1009, ["a message was larger than the limit", "fix_client"]],
  [1010, ["the client asked for an extension that the server does not have", "fix_client"]],
  [1011, ["the server failed; the reason names the entry in its log", "reconnect_with_back_off"]],
  [1012, ["the server restarts", "reconnect"]],
  [1013, ["the server is overloaded", "reconnect_with_back_off"]],
  [1014, ["a gateway got no valid answer from the server", "reconnect_with_back_off"]],
  [1015, ["the TLS handshake failed", "fix_client"]],
]);

const ADVICE = {
  stay_away: "Nothing is left to do.",
  reconnect: "Connect again after a short random delay.",
  reconnect_with_back_off: "Connect again, waiting longer after each failure.",
  reconnect_and_resume: "Connect again and ask for what was missed.",
  log_in: "Log in or ask for access; connecting again as before ends the same way.",
  fix_client: "Look for the fault in the client; connecting again as before ends the same way.",
};

const FINAL = new Set(["log_in", "fix_client", "stay_away"]);
const HANDSHAKE_FAILED = "the handshake failed. The server may be down, may have no such route (404), or may not allow this page's origin (403); browsers do not say which";

/** `{code, meaning, action, advice}` of a code at an endpoint. */
export function explain(code, endpoint) {
  const [meaning, action] = lookUp(code, endpoint);
  return { code, meaning, action, advice: advice(action) };
}

/** The same of a handshake that failed, for which these subprotocols were offered. */
export function explainFailedHandshake(code, endpoint, offered) {
  if (code !== 1006) return explain(code, endpoint);
  const spoken = endpoint.subprotocols ?? [];
  if (offered.length === 0 || offered.some((name) => spoken.includes(name))) return { ...explain(code, endpoint), meaning: HANDSHAKE_FAILED };
  const spokenWords = spoken.length > 0 ? `It speaks ${spoken.join(", ")}` : "It speaks none at all (`Consumer::subprotocols`)";
  return { code, meaning: `this endpoint speaks none of the subprotocols that were offered, so the browser ended the connection. ${spokenWords}`, action: "fix_client", advice: advice("fix_client") };
}

function lookUp(code, endpoint) {
  const declared = (endpoint?.close_codes ?? []).find((entry) => entry.code === code);
  if (declared) return [declared.meaning, declared.action ?? STANDARD.get(code)?.[1] ?? null];
  if (STANDARD.has(code)) return STANDARD.get(code);
  if (code >= 4100 && code <= 4999) return [`refused, as HTTP status ${code - 4000} would`, "log_in"];
  return ["a code of the application's own", null];
}

/** Words for an action. */
export function advice(action) {
  return ADVICE[action] ?? "";
}

/** Whether connecting again after this action is no use. */
export function isFinal(action) {
  return FINAL.has(action);
}

/** What is wrong with a code that a page wants to close with, if anything. */
export function codeFault(text) {
  const code = Number(text);
  const isAllowed = /^\d+$/.test(text) && (code === 1000 || (code >= 3000 && code <= 4999));
  return isAllowed ? "" : "Browsers close with 1000, or with 3000 to 4999.";
}

/** What is wrong with a reason, if anything. */
export function reasonFault(text) {
  return new TextEncoder().encode(text).length > 123 ? "A reason has room for 123 bytes." : "";
}
