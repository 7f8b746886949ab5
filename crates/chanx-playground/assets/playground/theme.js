// Light or dark, as the system has it or as somebody chose.

import { announce } from "./announce.js";
import { iconButton } from "./dom.js";
import { keep, recall } from "./storage.js";

const ORDER = ["auto", "light", "dark"];
const WORDS = { auto: "as the system", light: "light", dark: "dark" };

/** A button that goes through the choices. */
export function themeSwitch() {
  let theme = recall("theme", "auto");
  if (!ORDER.includes(theme)) theme = "auto";
  const control = iconButton("theme", "", () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    keep("theme", theme);
    apply();
    announce(`Colors: ${WORDS[theme]}`);
  });
  const apply = () => {
    document.documentElement.dataset.theme = theme;
    const label = `Colors: ${WORDS[theme]}; change`;
    control.setAttribute("aria-label", label);
    control.title = label;
  };
  apply();
  return control;
}
