// Measures a round trip with the application's own `ping`.

import { button, el } from "./dom.js";
import { milliseconds } from "./safe-text.js";

const PATIENCE = 10_000;

/** A button and what came of it: `{element, stop}`. */
export function pinger(connection) {
  const { endpoint } = connection;
  const message = endpoint.incoming.find(({ action }) => action === "ping");
  const result = el("span.hint", { role: "status" });
  if (!message) {
    return { element: el("p.ping.hint", {}, "No ping: this endpoint declares no such message, and pages cannot send the protocol's own."), stop() {} };
  }
  let timer = null;
  let asked = null;
  const done = (words) => {
    clearTimeout(timer);
    asked = null;
    result.textContent = words;
    draw();
  };
  const ask = () => {
    asked = connection.send(JSON.stringify(message.example));
    result.textContent = "waiting for the answer…";
    timer = setTimeout(() => done("no answer in 10 s"), PATIENCE);
    draw();
  };
  const control = button("Ping", ask);
  const draw = () => { control.disabled = !connection.isOpen || asked !== null; };
  connection.history.addEventListener("update", ({ detail }) => detail === asked && done(`answered after ${milliseconds(detail.latency)}`));
  connection.addEventListener("state", () => (asked && !connection.isOpen ? done("the connection ended before the answer") : draw()));
  draw();
  return { element: el("p.ping", {}, control, result), stop: () => clearTimeout(timer) };
}
