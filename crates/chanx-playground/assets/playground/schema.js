// Reads a JSON Schema as far as a form needs it: what kind of control, which choices, what to begin with.

import { Exact, has, isObject } from "./json-value.js";

const DEEPEST_START = 6;

/** A schema with its reference followed and a lone `allOf` branch folded in; words beside the reference win. */
export function resolve(schema, root) {
  let at = isObject(schema) ? schema : {};
  for (let steps = 0; steps < 20; steps += 1) {
    const { $ref: reference, allOf, ...rest } = at;
    if (reference !== undefined) at = { ...target(reference, root), ...rest };
    else if (allOf?.length === 1) at = { ...allOf[0], ...rest };
    else return at;
  }
  return {};
}

function target(reference, root) {
  if (reference === "#") return root;
  let at = root;
  for (const part of reference.replace(/^#\//, "").split("/")) {
    at = at?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return isObject(at) ? at : {};
}

/** The kind of control for a resolved schema. */
export function kindOf(schema) {
  if (has(schema, "const")) return "fixed";
  if (choicesOf(schema)) return "choice";
  const branches = branchesOf(schema);
  if (branches) return schema.properties ? "any" : "union";
  if (schema.properties) return "object";
  if (schema.type === "object") return schema.additionalProperties === false ? "object" : "map";
  if (schema.type === "array") return "array";
  return ["string", "number", "integer", "boolean", "null"].includes(schema.type) ? schema.type : "any";
}

/** The values that a schema lists, as `[value, words]`, or nothing if it lists none. */
export function choicesOf(schema) {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => [value, ""]);
  const branches = schema.oneOf ?? schema.anyOf;
  if (!branches?.every((branch) => isObject(branch) && (has(branch, "const") || Array.isArray(branch.enum)))) return null;
  return branches.flatMap((branch) => (branch.enum ?? [branch.const]).map((value) => [value, branch.description ?? ""]));
}

/** The alternatives of a schema, or nothing if it has none. */
export function branchesOf(schema) {
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return schema.oneOf ?? schema.anyOf ?? null;
}

/** What to call an alternative. */
export function nameOf(schema, index) {
  const tags = Object.values(schema.properties ?? {}).filter((property) => has(property, "const"));
  if (tags.length > 0) return String(tags[0].const);
  if (schema.title) return schema.title;
  if (has(schema, "const")) return String(schema.const);
  const required = schema.required ?? [];
  if (required.length === 1 && Object.keys(schema.properties ?? {}).length === 1) return required[0];
  return schema.format ?? schema.type ?? `variant ${index + 1}`;
}

/** Whether a value looks as if it were meant for this schema: its type and its tags fit. */
export function fits(schema, value) {
  if (has(schema, "const")) return schema.const === value;
  if (Array.isArray(schema.enum)) return schema.enum.includes(value);
  if (!typeFits(schema.type, value)) return false;
  if (!isObject(value)) return true;
  const tags = Object.entries(schema.properties ?? {}).filter(([, property]) => isObject(property) && has(property, "const"));
  if (!tags.every(([name, property]) => value[name] === property.const)) return false;
  return (schema.required ?? []).every((name) => has(value, name));
}

function typeFits(type, value) {
  if (type === undefined) return true;
  const number = typeof value === "number" || value instanceof Exact;
  if (type === "integer") return number && /^-?\d+$/.test(value instanceof Exact ? value.source : String(value));
  if (type === "number") return number;
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  return type === "object" ? isObject(value) : typeof value === type;
}

/** A value to begin with; required parts only, so that recursive schemas come to an end. */
export function startOf(schema, root, depth = 0) {
  const it = resolve(schema, root);
  for (const given of [it.default, it.const, it.examples?.[0], it.enum?.[0]]) if (given !== undefined) return structuredClone(given);
  if (depth > DEEPEST_START) return null;
  const branches = branchesOf(it);
  if (branches) return startOf(branches.find((branch) => resolve(branch, root).type !== "null") ?? {}, root, depth + 1);
  if (it.type === "object" || it.properties) return startOfObject(it, root, depth);
  if (it.type === "array") return startOfArray(it, root, depth);
  return { string: "", integer: it.minimum ?? 0, number: it.minimum ?? 0, boolean: false }[it.type] ?? null;
}

function startOfObject(schema, root, depth) {
  const required = (schema.required ?? []).filter((name) => schema.properties?.[name] !== undefined);
  return Object.fromEntries(required.map((name) => [name, startOf(schema.properties[name], root, depth + 1)]));
}

function startOfArray(schema, root, depth) {
  const places = schema.prefixItems ?? Array(schema.minItems ?? 0).fill(schema.items);
  return places.map((item) => startOf(item, root, depth + 1));
}
