// Fields of a form that have parts: objects, lists, maps and alternatives.

import { button, el, fill, freshId, iconButton, refill } from "./dom.js";
import { has, isObject, put } from "./json-value.js";
import { branchesOf, fits, nameOf, resolve, startOf } from "./schema.js";

/** A group of fields that can be drawn again after its structure changed. */
function group(context, schema, slot, draw) {
  const fault = el("p.fault", { hidden: true });
  const body = el("div.group-body");
  const legend = slot.label !== "" && el("legend", {}, slot.label, slot.isRequired && el("span.required", { "aria-hidden": "true" }, " *"));
  const words = schema.description && slot.depth > 0 && el("p.hint", {}, schema.description);
  const frame = slot.label === "" ? el("div.group.plain") : el("fieldset.group");
  fill(frame, legend, slot.tools && el("div.group-tools", {}, slot.tools), words || null, fault, body);
  const field = { element: frame, children: new Map(), mark: (text) => { fault.textContent = text; fault.hidden = text === ""; } };
  field.draw = () => {
    field.children.clear();
    refill(body, draw(field));
  };
  field.redraw = () => {
    context.changed();
    field.draw();
    (body.querySelector("input, select, textarea, button") ?? frame.closest("fieldset")?.querySelector("button"))?.focus();
  };
  field.draw();
  return field;
}

function part(slot, key, more) {
  return {
    get: () => slot.get()[key],
    set: (value) => put(slot.get(), key, value),
    name: String(key),
    depth: slot.depth + 1,
    ...more,
  };
}

function wrongKind(context, slot, start) {
  return el("p.hint", {}, "The value is of another kind. ", button("Start anew", () => {
    slot.set(start());
    context.changed();
    slot.redraw();
  }, { class: "small" }));
}

export function objectField(context, schema, slot) {
  return group(context, schema, slot, (field) => {
    if (!isObject(slot.get())) return restart(context, schema, slot, field);
    const names = Object.keys(schema.properties ?? {});
    const others = Object.keys(slot.get()).filter((name) => !names.includes(name));
    // The action of a message is chosen elsewhere.
    const shown = names.filter((name) => slot.depth > 0 || !has(schema.properties[name], "const"));
    return [
      ...shown.map((name) => property(context, schema, slot, field, name)),
      ...others.map((name) => removable(context, slot, field, name, schemaOfOthers(schema), name)),
      isObject(schema.additionalProperties) && adder(context, schema.additionalProperties, slot, field),
    ];
  });
}

function restart(context, schema, slot, field) {
  return wrongKind(context, { ...slot, redraw: field.redraw }, () => startOf(schema, context.root));
}

function schemaOfOthers(schema) {
  return isObject(schema.additionalProperties) ? schema.additionalProperties : {};
}

function property(context, schema, slot, field, name) {
  const inner = schema.properties[name];
  const isRequired = schema.required?.includes(name) ?? false;
  if (!has(slot.get(), name)) return missing(context, inner, slot, field, name, isRequired);
  if (!isRequired) return removable(context, slot, field, name, inner, name);
  const child = context.field(inner, part(slot, name, { label: name, isRequired }));
  field.children.set(name, child);
  return child.element;
}

function missing(context, schema, slot, field, name, isRequired) {
  const add = () => {
    put(slot.get(), name, startOf(schema, context.root));
    field.redraw();
  };
  return el("div.absent", {}, el("span", {}, name), el("span.hint", {}, isRequired ? "missing" : "left out"),
    button("Add", add, { class: "small", "aria-label": `Add ${name}` }));
}

function removable(context, slot, field, key, schema, label) {
  const remove = () => {
    const value = slot.get();
    if (Array.isArray(value)) value.splice(key, 1);
    else delete value[key];
    field.redraw();
  };
  const tools = iconButton("close", `Remove ${label}`, remove, { class: "icon-button small" });
  const child = context.field(schema, part(slot, key, { label, tools }));
  field.children.set(String(key), child);
  return child.element;
}

export function arrayField(context, schema, slot) {
  return group(context, schema, slot, (field) => {
    const list = slot.get();
    if (!Array.isArray(list)) return restart(context, schema, slot, field);
    const places = schema.prefixItems ?? [];
    const add = () => {
      list.push(startOf(places[list.length] ?? schema.items ?? {}, context.root));
      field.redraw();
    };
    const takesMore = schema.items !== false && list.length < (schema.maxItems ?? Infinity);
    return [
      list.slice(0, 100).map((_, index) => removable(context, slot, field, index, places[index] ?? schema.items ?? {}, `Item ${index + 1}`)),
      list.length > 100 && el("p.hint", {}, `${list.length - 100} more items can be edited as JSON.`),
      takesMore && button("Add item", add, { class: "small" }),
    ];
  });
}

export function mapField(context, schema, slot) {
  return group(context, schema, slot, (field) => {
    const map = slot.get();
    if (!isObject(map)) return restart(context, schema, slot, field);
    const values = schemaOfOthers(schema);
    return [...Object.keys(map).map((key) => removable(context, slot, field, key, values, key)), adder(context, values, slot, field)];
  });
}

/** A field for a new key. */
function adder(context, schema, slot, field) {
  const name = el("input", { type: "text", placeholder: "new key", "aria-label": `New key of ${slot.label || "the object"}`, autocomplete: "off" });
  const add = () => {
    if (has(slot.get(), name.value)) return;
    put(slot.get(), name.value, startOf(schema, context.root));
    field.redraw();
  };
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    add();
  });
  return el("div.control-row", {}, name, button("Add", add, { class: "small" }));
}

export function unionField(context, schema, slot) {
  const branches = branchesOf(schema).map((branch) => resolve(branch, context.root));
  const field = { mark: () => {} };
  let chosen = branches.findIndex((branch) => fits(branch, slot.get()));
  if (chosen === -1) chosen = Math.max(0, branches.findIndex((branch) => branch.type !== "null"));
  const body = el("div");
  const draw = () => {
    field.inner = context.field(branches[chosen], { ...slot, depth: slot.depth + 1, tools: [picker, slot.tools] });
    refill(body, field.inner.element);
  };
  const options = branches.map((branch, index) => el("option", { value: index, selected: index === chosen }, nameOf(branch, index)));
  const picker = el("select.small", { id: freshId("kind"), "aria-label": `Kind of ${slot.label || slot.name || "value"}` }, options);
  picker.addEventListener("change", () => {
    chosen = Number(picker.value);
    slot.set(startOf(branches[chosen], context.root));
    context.changed();
    draw();
    picker.focus();
  });
  draw();
  field.element = body;
  return field;
}
