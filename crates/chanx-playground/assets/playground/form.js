// A form for a value of a schema. It changes the value in place and says so; parts that the schema does not know stay.

import { el } from "./dom.js";
import { kindOf, resolve } from "./schema.js";
import { anyField, booleanField, choiceField, fixedField, nullField, numberField, textField } from "./form-scalars.js";
import { arrayField, mapField, objectField, unionField } from "./form-compounds.js";

const FIELDS = {
  any: anyField, array: arrayField, boolean: booleanField, choice: choiceField, fixed: fixedField, integer: numberField,
  map: mapField, null: nullField, number: numberField, object: objectField, string: textField, union: unionField,
};
/** Below this, the rest is edited as JSON. */
const DEEPEST = 10;

/**
 * A form for `value`; `changed` is called after each change.
 *
 * A field is `{element, children?, inner?, mark(words)}`; `children` has the fields of its parts by key or index, `inner` is the
 * field of the chosen branch of a union.
 */
export function buildForm(schema, value, changed) {
  const holder = { value };
  const context = { root: schema, changed, field: (...args) => buildField(context, ...args) };
  const slot = { get: () => holder.value, set: (next) => { holder.value = next; }, label: "", depth: 0 };
  const field = buildField(context, schema, slot);
  return { element: el("div.form", {}, field.element), read: () => holder.value, mark: (faults) => markAll(field, faults) };
}

function buildField(context, schema, slot) {
  const resolved = resolve(schema, context.root);
  const kind = slot.depth > DEEPEST ? "any" : kindOf(resolved);
  return FIELDS[kind](context, resolved, slot);
}

/** Shows each fault at the field that its `loc` leads to; the faults that have none. */
function markAll(root, faults) {
  clear(root);
  const words = new Map();
  for (const fault of faults) {
    const field = find(root, fault.loc.slice(1));
    words.set(field, [...(words.get(field) ?? []), fault.msg]);
  }
  for (const [field, messages] of words) field.mark?.(messages.join(" "));
}

function clear(field) {
  field.mark?.("");
  for (const child of field.children?.values() ?? []) clear(child);
  if (field.inner) clear(field.inner);
}

/** A `loc` names the branches of unions too; what is no part of the form is passed over. */
function find(root, loc) {
  let at = root;
  for (const segment of loc) {
    while (at.inner) at = at.inner;
    at = at.children?.get(String(segment)) ?? at;
  }
  while (at.inner) at = at.inner;
  return at;
}
