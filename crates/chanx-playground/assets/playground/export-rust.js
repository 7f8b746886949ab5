// The last connection of a history as a test in Rust, for chanx's testing kit.

import { rustBytes, rustJson, rustText } from "./rust-literals.js";
import { withoutSecrets, withoutToken } from "./secrets.js";

/** A file with one test. What changes from run to run (ids, times) has to be taken out by hand, as its first lines say. */
export function toRust(connection) {
  const entries = lastConnection(connection.history.entries);
  const steps = entries.flatMap(stepOf);
  const body = [...connecting(connection), ...steps, "Ok(())"].map((line) => `    ${line}`.trimEnd());
  return [...HEAD, ...imports(body), "", ...APPLICATION, "", "#[tokio::test]", `async fn ${nameOf(connection.endpoint)}() -> Result<(), Box<dyn Error>> {`, ...body, "}", ""].join("\n");
}

const HEAD = [
  "//! What was said over one connection, recorded in the playground.",
  "//!",
  "//! Values that change from run to run, such as ids and times, have to be taken out of the claims.",
  "",
];
const APPLICATION = [
  "/// The application under test.",
  "fn application() -> Router {",
  '    unimplemented!("return the router of the application, with its database and layer")',
  "}",
];

function imports(body) {
  const used = [["Value", "<Value>"], ["json", "json!("]].filter(([, mark]) => body.some((line) => line.includes(mark))).map(([name]) => name);
  const names = used.length === 1 ? used[0] : `{${used.join(", ")}}`;
  return [
    "use std::error::Error;", "", "use axum::Router;", "use chanx::testing::Connector;",
    ...(used.length > 0 ? [`use serde_json::${names};`] : []),
  ];
}

function connecting({ url, user, protocols, endpoint }) {
  const address = new URL(url ? withoutSecrets(url) : "ws://localhost/");
  const origin = rustText(location.origin);
  const offers = protocols.map((name) => `.subprotocol(${rustText(withoutToken(name))})`).join("");
  const key = endpoint.wire.action_key;
  return [
    ...(user === null ? [] : ["// The recorded client was logged in: its session's headers are added with `.headers(…)`."]),
    `let connector = Connector::new(application(), ${rustText(address.pathname + address.search)}).origin(${origin})${offers};`,
    `let mut client = connector.connect().await?${key === "action" ? "" : `.action_key(${rustText(key)})`};`,
  ];
}

function lastConnection(entries) {
  const start = entries.findLastIndex((entry) => entry.isOpening);
  return entries.slice(Math.max(0, start));
}

function stepOf(entry) {
  if (entry.direction === "sent") return [sending(entry)];
  if (entry.direction === "received") return receiving(entry);
  return entry.close ? closing(entry.close) : [];
}

function sending({ kind, data }) {
  if (kind === "binary") return `client.send_binary(${rustBytes(data) ?? `&[0; ${data.byteLength}]`}).await;`;
  const json = kind === "json" ? rustJson(data) : null;
  return json ? `client.send_json(&${json}).await;` : `client.send_text(${rustText(data)}).await;`;
}

function receiving(entry) {
  const { kind, data, action } = entry;
  if (kind === "binary") return [receivingBytes(data)];
  if (kind === "text") return [`assert_eq!(client.receive_text().await?, ${rustText(data)});`];
  const status = entry.message?.payload?.status_code;
  if (action === "authentication" && status === 200) return ["client.assert_authenticated_status_ok().await;"];
  if (action === "authentication" && Number.isInteger(status)) return [`assert_eq!(client.wait_for_auth().await?.status_code, ${status});`];
  const json = rustJson(data) ?? `serde_json::from_str::<Value>(${rustText(data)})?`;
  return [`assert_eq!(client.receive_json().await?, ${json});`];
}

function receivingBytes(data) {
  const bytes = rustBytes(data);
  const received = "client.receive_binary().await?";
  return bytes ? `assert_eq!(${received}, ${bytes});` : `assert_eq!(${received}.len(), ${data.byteLength});`;
}

function closing({ code, isByUser }) {
  if (isByUser) return ["client.disconnect().await?;"];
  const isSendable = code !== 1005 && code !== 1006 && code !== 1015;
  return isSendable ? [`client.assert_closed(${code}).await;`] : ["client.receive_close().await?;"];
}

function nameOf(endpoint) {
  const words = endpoint.name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_|_$/g, "");
  return `${/^[a-z]/.test(words) ? words : `endpoint_${words}`}_answers_as_recorded`;
}
