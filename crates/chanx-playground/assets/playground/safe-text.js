// Shows text as it is: what cannot be seen is made visible, and what turns the direction of writing stays within bounds.

import { el } from "./dom.js";

const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;
const CONTROLS = "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(" ");
const NAMES = new Map([
  ...CONTROLS.map((name, code) => [code, name]), [0x7f, "DEL"],
  [0x200b, "ZWSP"], [0x200c, "ZWNJ"], [0x200d, "ZWJ"], [0x200e, "LRM"], [0x200f, "RLM"], [0x202a, "LRE"], [0x202b, "RLE"],
  [0x202c, "PDF"], [0x202d, "LRO"], [0x202e, "RLO"], [0x2066, "LRI"], [0x2067, "RLI"], [0x2068, "FSI"], [0x2069, "PDI"],
  [0xfeff, "BOM"],
]);

/** The text as nodes. A joiner between emoji is shown as well: the page tells what is there, not what it looks like. */
export function safeText(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(UNSEEN)) {
    if (match.index > from) nodes.push(text.slice(from, match.index));
    nodes.push(visible(match[0].codePointAt(0)));
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

/** The text in one element of its own, so that it cannot reorder its surroundings. */
export function isolated(text, tag = "bdi") {
  return el(tag, {}, safeText(text));
}

function visible(code) {
  const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return el("span.unseen", { title: number }, NAMES.get(code) ?? number);
}

/** The beginning of a text in one line. */
export function preview(text, length = 200) {
  if (text === "") return ["(empty)"];
  const cut = text.length > length ? `${text.slice(0, length)}…` : text;
  return safeText(cut.replaceAll(/[\n\t]+/g, " "));
}

/** A number of bytes for people. */
export function bytes(count) {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(1)} kB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

/** A duration in milliseconds for people. */
export function milliseconds(duration) {
  if (duration < 10) return `${duration.toFixed(1)} ms`;
  return duration < 10_000 ? `${Math.round(duration)} ms` : `${(duration / 1000).toFixed(1)} s`;
}
