// Keys, and the dialog that tells of them.

import { button, el, toggle } from "./dom.js";
import { keep, recall } from "./storage.js";

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
const ALT = isApple ? "⌥" : "Alt";
const ROWS = [
  [`${isApple ? "⌘" : "Ctrl"} Enter`, "Send the message"], ["/", "Search endpoints"], ["?", "This help"],
  [`${ALT} N`, "New connection to the same endpoint"], [`${ALT} W`, "Close this connection’s tab"], [`${ALT} 1 … 9`, "Go to a connection"],
  [`${ALT} C`, "Connect or disconnect"], [`${ALT} K`, "Clear the history"], [`${ALT} L`, "Go to the newest message"],
  ["← →", "Move between tabs"], ["Delete", "Close a connection, on its tab"],
];

/** Listens for keys. `does` has a function for each: `send`, `search`, `another`, `close`, `activateAt`, `connect`, `clear`, `follow`. */
export function shortcuts(does) {
  const dialog = help();
  document.body.append(dialog);
  document.addEventListener("keydown", (event) => {
    const act = actionOf(event, { ...does, help: () => dialog.showModal() });
    if (!act || dialog.open) return;
    event.preventDefault();
    act();
  });
  return { help: () => dialog.showModal() };
}

function actionOf(event, does) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return does.send;
  if (event.ctrlKey || event.metaKey) return null;
  if (event.altKey) return withAlt(event.code, does);
  if (isWriting(event.target) || !recall("single-keys", true)) return null;
  return { "/": does.search, "?": does.help }[event.key];
}

/** By the key's place: with Alt, some keyboards write other characters. */
function withAlt(code, does) {
  const digit = /^Digit([1-9])$/.exec(code);
  if (digit) return () => does.activateAt(Number(digit[1]) - 1);
  return { KeyN: does.another, KeyW: does.close, KeyC: does.connect, KeyK: does.clear, KeyL: does.follow }[code];
}

function isWriting(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") !== null;
}

function help() {
  const rows = ROWS.map(([keys, words]) => [el("dt", {}, el("kbd", {}, keys)), el("dd", {}, words)]);
  const dialog = el("dialog", { "aria-labelledby": "help-title" },
    el("h2", { id: "help-title" }, "Keys"),
    el("dl.keys", {}, rows),
    toggle("Use the keys / and ?", recall("single-keys", true), (is) => keep("single-keys", is)),
    el("p.hint", {}, "Messages that you save and these choices stay in this browser. Links hold endpoint, parameters and message, without values whose names look secret."),
    el("p", {}, button("Close", () => dialog.close(), { class: "primary" })));
  return dialog;
}
