// A history as a JSON file.

import { withoutSecrets } from "./secrets.js";

/** All that is kept of a connection's history. Bytes are written in base64. */
export function toJson(connection) {
  const { endpoint, history } = connection;
  const document = {
    endpoint: endpoint.pattern,
    url: connection.url ? withoutSecrets(connection.url) : null,
    exported_at: new Date().toISOString(),
    dropped: history.dropped,
    entries: history.entries.map(entryOf),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function entryOf({ id, direction, kind, at, size, data, latency, answers, close }) {
  const content = kind === "binary" ? { base64: base64(data) } : { text: data };
  return { id, direction, kind, at: new Date(at).toISOString(), size, ...content, latency_ms: latency, answers, close };
}

function base64(buffer) {
  const all = new Uint8Array(buffer);
  let text = "";
  for (let at = 0; at < all.length; at += 8192) text += String.fromCharCode(...all.subarray(at, at + 8192));
  return btoa(text);
}
