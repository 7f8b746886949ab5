// A list of tabs that arrow keys move through, each of which shows one panel.

import { el, freshId } from "./dom.js";

/** Tabs over panels: `tabs` are `{key, label, panel, shown?}`. */
export function tabbed(title, tabs, chosen) {
  const list = el("div.tabs", { role: "tablist", "aria-label": title });
  const show = (key) => {
    for (const tab of tabs) {
      const isShown = tab.key === key;
      tab.button.setAttribute("aria-selected", String(isShown));
      tab.button.tabIndex = isShown ? 0 : -1;
      tab.panel.hidden = !isShown;
      if (isShown) tab.shown?.();
    }
  };
  for (const tab of tabs) {
    const id = freshId("tab");
    tab.panel.id ||= freshId("panel");
    tab.panel.setAttribute("role", "tabpanel");
    tab.panel.setAttribute("aria-labelledby", id);
    tab.button = el("button.tab", { type: "button", role: "tab", id, "aria-controls": tab.panel.id, onclick: () => show(tab.key) }, tab.label);
    list.append(tab.button);
  }
  moveByArrows(list);
  show(chosen ?? tabs[0].key);
  return { list, show };
}

/** Lets arrow keys, Home and End choose among the tabs of a list. */
export function moveByArrows(list) {
  list.addEventListener("keydown", (event) => {
    const tabs = [...list.querySelectorAll('[role="tab"]')];
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at === -1 || to === undefined) return;
    event.preventDefault();
    const key = tabs[(to + tabs.length) % tabs.length].id;
    document.getElementById(key).click();
    document.getElementById(key).focus();
  });
}
