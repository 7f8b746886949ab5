// Builds elements. Nothing here, and nothing anywhere on this page, reads text as HTML.

const PROPERTIES = new Set([
  "value", "checked", "disabled", "hidden", "htmlFor", "textContent", "selected", "open", "readOnly", "required", "tabIndex",
]);

/** An element: `el("button.primary", {type: "button", onclick}, "Send")`. Children may be nodes, texts, lists, or nothing. */
export function el(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) assign(element, key, value);
  return fill(element, children);
}

/** Puts children behind those that are there already. */
export function fill(element, ...children) {
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts children in the place of those that are there. */
export function refill(element, ...children) {
  element.replaceChildren();
  return fill(element, children);
}

function assign(element, key, value) {
  if (typeof value === "function") element.addEventListener(key.slice(2), value);
  else if (PROPERTIES.has(key)) element[key] = value;
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value === true ? "" : value);
}

/** A button that does not submit anything. */
export function button(label, onclick, props = {}) {
  return el("button", { type: "button", onclick, ...props }, label);
}

/** A button that shows an icon and says its name to those who do not see it. */
export function iconButton(name, label, onclick, props = {}) {
  return el("button.icon-button", { type: "button", onclick, "aria-label": label, title: label, ...props }, icon(name));
}

let ids = 0;

/** An id that nothing else on the page has. */
export function freshId(prefix = "id") {
  ids += 1;
  return `${prefix}-${ids}`;
}

/** A control with its label, a hint below it if there is one, and a place for what is wrong with it. */
export function labelled(label, control, { hint = "", inline = false } = {}) {
  control.id ||= freshId("control");
  const caption = el("label", { htmlFor: control.id }, label);
  const note = hint && el("p.hint", { id: `${control.id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  return el(inline ? "div.field.inline" : "div.field", {}, inline ? [control, caption] : [caption, control], note);
}

/** A switch with its label. */
export function toggle(label, checked, onchange, props = {}) {
  const box = el("input", { type: "checkbox", checked, onchange: () => onchange(box.checked), ...props });
  return el("label.toggle", {}, box, el("span", {}, label));
}

/** An address that leads to a page, or nothing if it would do anything else. */
export function pageAddress(text) {
  if (!text) return null;
  try {
    const url = new URL(text, document.baseURI);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  add: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M6 5h7v9H6zM10 5V2H3v9h3",
  down: "M8 3v9M4 8.5l4 4 4-4",
  help: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M8 12.6v.4",
  link: "M7 9l2-2M6.5 6.5 9 4a2.1 2.1 0 0 1 3 3L9.5 9.5M9.5 9.5 7 12a2.1 2.1 0 0 1-3-3l2.5-2.5",
  received: "M8 3v9M4 8.5l4 4 4-4",
  save: "M3 3h8l2 2v8H3zM5.5 3v3.5h4.5V3M5 13V9.5h6V13",
  sent: "M8 13V4M4 7.5l4-4 4 4",
  system: "M8 7v5M8 4v.5",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  trash: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.5 9h6l.5-9",
};

/** A small picture that adds nothing to the words beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of [["viewBox", "0 0 16 16"], ["class", "icon"], ["aria-hidden", "true"], ["focusable", "false"]]) {
    svg.setAttribute(key, value);
  }
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Text of one or more paragraphs, with `code` set apart. */
export function prose(text) {
  const paragraphs = text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean);
  return paragraphs.map((part) => el("p", {}, inlineProse(part)));
}

/** Text within a line, with `code` set apart. */
export function inlineProse(text) {
  return text.split(/(`[^`\n]+`)/).map(proseSpan);
}

function proseSpan(part) {
  return /^`[^`\n]+`$/.test(part) ? el("code", {}, part.slice(1, -1)) : part;
}
