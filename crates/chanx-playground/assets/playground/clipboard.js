// Copies texts and saves files.

import { announce } from "./announce.js";
import { el } from "./dom.js";

/** Copies a text and says so. */
export async function copy(text, what) {
  const done = await write(text);
  announce(done ? `${what} copied` : "The browser does not allow copying", done ? "good" : "bad");
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writeBySelection(text);
  }
}

/** Pages that came over plain HTTP from another machine have no clipboard but this. */
function writeBySelection(text) {
  const focused = document.activeElement;
  const area = el("textarea.visually-hidden", { "aria-hidden": "true", value: text });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus?.();
  return done;
}

/** Offers content as a file. */
export function download(content, name, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
