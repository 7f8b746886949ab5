// Tells people what happened: in words on the screen for a moment, and to those who listen instead.

import { el } from "./dom.js";

const STAYS = 5000;

/** Says a sentence. */
export function announce(text, level = "info") {
  const place = document.getElementById("announcements");
  const note = el(`p.announcement.${level}`, {}, text);
  place.append(note);
  while (place.children.length > 3) place.firstChild.remove();
  setTimeout(() => note.remove(), STAYS);
}
