// The content of a message, however large: a part at once, and more when it is asked for.

import { button, el } from "./dom.js";
import { bytes, safeText } from "./safe-text.js";
import { pretty } from "./json-text.js";

const PART = 20_000;
const BYTES_IN_PART = 512;
const BYTES_IN_ROW = 16;

/** The content of an entry. */
export function contentView(entry) {
  const parts = { json: jsonParts, text: textParts, binary: byteParts }[entry.kind](entry.data);
  return parted(parts, entry);
}

/** Shows one part, and a button for the next one as long as there is one. */
function parted(parts, entry) {
  const code = el("pre.content", { tabIndex: 0, role: "group", "aria-label": "Content" });
  const more = button("Show more", () => show(), { class: "small", hidden: true });
  let next = parts.next();
  const show = () => {
    if (!next.done) code.append(...next.value);
    next = parts.next();
    more.hidden = next.done;
    more.textContent = `Show more of ${bytes(entry.size)}`;
  };
  show();
  return el("div", {}, code, more);
}

function* textParts(text) {
  for (let at = 0; at < text.length; at += PART) yield safeText(text.slice(at, at + PART));
}

function* jsonParts(text) {
  let part = [];
  let room = PART;
  for (const [kind, whole] of pretty(text)) {
    for (let at = 0; at < whole.length; ) {
      const piece = whole.slice(at, at + room);
      part.push(kind === "space" || kind === "mark" ? piece : el(`span.${kind}`, {}, safeText(piece)));
      at += piece.length;
      room -= piece.length;
      if (room > 0) continue;
      yield part;
      [part, room] = [[], PART];
    }
  }
  yield part;
}

function* byteParts(buffer) {
  const all = new Uint8Array(buffer);
  for (let at = 0; at < all.length; at += BYTES_IN_PART) yield [hexRows(all, at, Math.min(at + BYTES_IN_PART, all.length))];
}

function hexRows(all, from, to) {
  let rows = "";
  for (let at = from; at < to; at += BYTES_IN_ROW) rows += hexRow(at, all.subarray(at, Math.min(at + BYTES_IN_ROW, to)));
  return rows;
}

function hexRow(at, row) {
  const digits = Array.from(row, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const letters = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
  return `${at.toString(16).padStart(8, "0")}  ${digits.padEnd(BYTES_IN_ROW * 3 - 1)}  ${letters}\n`;
}
