// The address of an endpoint: parameters go in where the route has them, and come out of an address written by hand.

const PLACE = /\{([^{}]+)\}/g;

/**
 * What stands before an endpoint's path: scheme, host, and the path below which the sockets are. The server says so; but whether the
 * page came over TLS, it may not know behind a proxy.
 */
export function base(endpoint) {
  const own = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}`;
  const route = `/${withoutAnchors(endpoint.pattern)}`;
  if (!endpoint.url.endsWith(route)) return own;
  const told = endpoint.url.slice(0, -route.length);
  const [, host, path] = /^wss?:\/\/([^/]*)(.*)$/s.exec(told) ?? [];
  return host === location.host ? own + path : told;
}

function withoutAnchors(pattern) {
  return pattern.replaceAll(/^\^|\$$/g, "");
}

/** The path with placeholders. A regular expression that has no such form is shown as it is, to be edited by hand. */
export function template(endpoint) {
  return endpoint.address ?? `/${withoutAnchors(endpoint.pattern)}`;
}

/** The address for `{path: {name: value}, query: [{name, value}]}`. Empty parameters keep their places. */
export function compose(endpoint, { path, query }) {
  const slashes = new Set(endpoint.path_parameters.filter((it) => it.takes_slashes).map((it) => it.name));
  const filled = template(endpoint).replace(PLACE, (place, name) => {
    const value = path[name] ?? "";
    return value === "" ? place : slashes.has(name) ? value.split("/").map(encode).join("/") : encode(value);
  });
  return base(endpoint) + filled + queryText(query);
}

function queryText(query) {
  const pairs = query.filter((row) => row.name !== "" && row.value !== "");
  return pairs.length ? `?${pairs.map((row) => `${encode(row.name)}=${encode(row.value)}`).join("&")}` : "";
}

function encode(text) {
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, "\ufffd"));
}

/** The parameters of an address of this endpoint, or nothing if it is another's. */
export function take(endpoint, text) {
  if (endpoint.address === null || !text.startsWith(`${base(endpoint)}/`)) return null;
  const [path, query = ""] = splitOnce(text.slice(base(endpoint).length), "?");
  const { pattern, names } = matcher(endpoint);
  const match = pattern.exec(path);
  if (!match) return null;
  try {
    return { path: pathValues(names, match), query: queryRows(query) };
  } catch {
    return null;
  }
}

function matcher(endpoint) {
  const parts = template(endpoint).split(PLACE);
  const slashes = new Set(endpoint.path_parameters.filter((it) => it.takes_slashes).map((it) => it.name));
  const names = parts.filter((_, index) => index % 2 === 1);
  const source = parts.map((part, index) => (index % 2 === 0 ? literal(part) : slashes.has(part) ? "(.+)" : "([^/]+)"));
  return { pattern: new RegExp(`^${source.join("")}$`), names };
}

function literal(text) {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function pathValues(names, match) {
  const values = names.map((name, index) => [name, match[index + 1]]);
  return Object.fromEntries(values.map(([name, value]) => [name, value === `{${name}}` ? "" : decodeURIComponent(value)]));
}

function queryRows(query) {
  return [...new URLSearchParams(query)].map(([name, value]) => ({ name, value }));
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
