// Fields of a form that hold one value.

import { button, el, freshId } from "./dom.js";
import { Exact, numberOr, parse, write } from "./json-value.js";
import { indent } from "./json-text.js";
import { choicesOf } from "./schema.js";

/** Puts a control between its label and what is to be said about it. */
function framed(schema, slot, control, extra = null) {
  control.id = freshId("field");
  const fault = el("p.fault", { id: `${control.id}-fault`, hidden: true });
  const hint = el("p.hint", { id: `${control.id}-hint` }, hintOf(schema));
  control.setAttribute("aria-describedby", `${hint.id} ${fault.id}`);
  const caption = slot.label === "" ? null : el("label", { htmlFor: control.id }, slot.label, slot.isRequired && el("span.required", { "aria-hidden": "true" }, " *"));
  if (!caption) control.setAttribute("aria-label", slot.name ?? "Value");
  if (slot.isRequired) control.setAttribute("aria-required", "true");
  const head = el("div.field-head", {}, caption, slot.tools);
  const row = el("div.control-row", {}, control, extra);
  return { element: el("div.field", {}, head, row, hint.textContent && hint, fault), mark: (words) => mark(control, fault, words) };
}

function mark(control, place, words) {
  place.textContent = words;
  place.hidden = words === "";
  if (words) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

const LIMITS = [
  ["minimum", "at least"], ["exclusiveMinimum", "more than"], ["maximum", "at most"], ["exclusiveMaximum", "less than"],
  ["multipleOf", "a multiple of"], ["minLength", "length from"], ["maxLength", "length up to"], ["pattern", "matches"],
];
const LARGEST_SHOWN = 1e15;

function hintOf(schema) {
  const limits = LIMITS.filter(([key]) => schema[key] !== undefined && !(Math.abs(schema[key]) > LARGEST_SHOWN));
  const words = limits.map(([key, phrase]) => `${phrase} ${schema[key]}`);
  return [schema.description, [schema.format, ...words].filter(Boolean).join(", ")].filter(Boolean).join(" — ");
}

export function textField(context, schema, slot) {
  const value = slot.get();
  const text = typeof value === "string" ? value : write(value ?? "");
  const control = text.length > 60 || text.includes("\n") ? el("textarea", { rows: 3 }) : el("input", { type: "text" });
  Object.assign(control, { value: text, dir: "auto", spellcheck: false, autocomplete: "off" });
  control.addEventListener("input", () => change(context, slot, control.value));
  return framed(schema, slot, control, maker(schema, control));
}

const MAKERS = {
  "date-time": ["Now", () => new Date().toISOString()],
  date: ["Today", () => new Date().toISOString().slice(0, 10)],
  time: ["Now", () => new Date().toISOString().slice(11, 19)],
  uuid: ["New", freshUuid],
};

function freshUuid() {
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20)}`;
}

function maker(schema, control) {
  const [label, make] = MAKERS[schema.format] ?? [];
  return make && button(label, () => {
    control.value = make();
    control.dispatchEvent(new Event("input"));
  }, { class: "small" });
}

export function numberField(context, schema, slot) {
  const value = slot.get();
  const text = value instanceof Exact ? value.source : typeof value === "number" ? String(value) : typeof value === "string" ? value : write(value ?? null);
  const control = el("input", { type: "text", inputmode: schema.type === "integer" ? "numeric" : "decimal", value: text, autocomplete: "off" });
  control.addEventListener("input", () => change(context, slot, numberOr(control.value)));
  return framed(schema, slot, control);
}

export function booleanField(context, schema, slot) {
  return choices(context, schema, slot, [[true, ""], [false, ""]]);
}

export function choiceField(context, schema, slot) {
  return choices(context, schema, slot, choicesOf(schema));
}

function choices(context, schema, slot, list) {
  const present = slot.get();
  const isListed = list.some(([value]) => value === present);
  const all = isListed ? list : [...list, [present, "not one of the choices"]];
  const options = all.map(([value, words], index) =>
    el("option", { value: index, selected: value === present }, words ? `${label(value)} — ${words}` : label(value)));
  const control = el("select", { onchange: () => change(context, slot, all[control.value][0]) }, options);
  return framed(schema, slot, control);
}

function label(value) {
  return typeof value === "string" ? value : write(value ?? null);
}

export function fixedField(context, schema, slot) {
  const control = el("input", { type: "text", value: label(slot.get()), readOnly: true });
  return framed(schema, slot, control);
}

export function nullField(context, schema, slot) {
  const control = el("output", {}, "null");
  const frame = framed(schema, slot, control);
  if (slot.get() === undefined) slot.set(null);
  return frame;
}

/** Any JSON, as text. Text that is not JSON is not taken over, and says so. */
export function anyField(context, schema, slot) {
  const control = el("textarea.code", { rows: 3, value: indent(write(slot.get() ?? null)), spellcheck: "false" });
  const frame = framed(schema, slot, control);
  control.addEventListener("input", () => {
    try {
      const value = parse(control.value);
      frame.mark("");
      change(context, slot, value);
    } catch {
      frame.mark("This is not JSON; the message still has the former value.");
    }
  });
  return frame;
}

function change(context, slot, value) {
  slot.set(value);
  context.changed();
}
