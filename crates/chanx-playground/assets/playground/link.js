// The state of a connection in the page's address, behind `#`, where no server sees it. Secrets stay out of it.

import { parse, isObject, write } from "./json-value.js";
import { indent } from "./json-text.js";
import { isSecret } from "./secrets.js";

/** Browsers and chats cut longer ones. */
const LONGEST = 8000;

/** The fragment for a state, and what was left out of it: secrets, and a message that makes it longer than allowed. */
export function fragmentOf(state, longest = LONGEST) {
  const omitted = [];
  const fragment = new URLSearchParams({ endpoint: state.endpoint });
  for (const [name, value] of Object.entries(state.path)) add(fragment, `path.${name}`, name, value, omitted);
  for (const { name, value } of state.query) add(fragment, `query.${name}`, name, value, omitted);
  const text = state.mode === "raw" ? state.text : withoutSecrets(state.text, omitted);
  fragment.set("mode", state.mode);
  if (fragment.toString().length + encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, "\ufffd")).length < longest) fragment.set("message", text);
  else omitted.push("the message, which is too long");
  return { fragment: `#${fragment}`, omitted };
}

function add(fragment, key, name, value, omitted) {
  if (value === "") return;
  if (isSecret(name)) omitted.push(name);
  else fragment.append(key, value);
}

/** JSON whose keys look secret has empty texts there. */
function withoutSecrets(text, omitted) {
  try {
    const value = parse(text);
    const before = omitted.length;
    blank(value, omitted);
    return omitted.length > before ? indent(write(value)) : text;
  } catch {
    return text;
  }
}

function blank(value, omitted) {
  if (Array.isArray(value)) value.forEach((item) => blank(item, omitted));
  if (!isObject(value)) return;
  for (const key of Object.keys(value)) {
    if (!isSecret(key)) blank(value[key], omitted);
    else if (value[key] !== null && value[key] !== "") {
      value[key] = "";
      omitted.push(key);
    }
  }
}

/** The state that a fragment keeps, or nothing. */
export function stateOf(fragment) {
  const parts = new URLSearchParams(fragment.replace(/^#/, ""));
  if (!parts.has("endpoint")) return null;
  const under = (prefix) => [...parts].filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]);
  return {
    endpoint: parts.get("endpoint"),
    path: Object.fromEntries(under("path.")),
    query: under("query.").map(([name, value]) => ({ name, value })),
    content: parts.has("message") ? { mode: parts.get("mode") ?? "json", text: parts.get("message") } : null,
  };
}
