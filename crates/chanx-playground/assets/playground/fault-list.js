// What the server finds wrong with a message, before it is sent.

import { button, el } from "./dom.js";
import { isolated } from "./safe-text.js";

const MOST_SHOWN = 20;

/** The verdict in words; `goTo` shows the place of a fault. */
export function faultList(verdict, draft, goTo) {
  if (verdict === null) return null;
  if (verdict.problem) return el("p.hint", {}, verdict.problem);
  if (verdict.faults.length === 0) return el("p.good", {}, "The server finds no fault in this message.");
  const rest = verdict.faults.length - MOST_SHOWN;
  return el("div.problem", {},
    el("p", {}, el("strong", {}, verdict.faults.length === 1 ? "1 fault" : `${verdict.faults.length} faults`)),
    el("ul.faults", {}, verdict.faults.slice(0, MOST_SHOWN).map((fault) => el("li", {}, place(fault, draft, goTo), isolated(fault.msg)))),
    rest > 0 && el("p", {}, `and ${rest} more`));
}

function place(fault, draft, goTo) {
  if (fault.loc.length === 0) return null;
  const words = el("code", {}, isolated(fault.loc.join(" › ")));
  return draft.read().problem ? [words, " "] : button(words, () => goTo(fault), { class: "link", title: "Show in the JSON" });
}
