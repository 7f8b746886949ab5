// Values as Rust writes them.

import { isObject, parse, Exact } from "./json-value.js";

const LONGEST_JSON = 4000;
/** `json!` is a recursive macro, and the compiler stops at 128. */
const DEEPEST_JSON = 20;
const MOST_BYTES = 2000;
/** rustc refuses text that turns the direction of writing, and nobody can read the rest. */
const ESCAPED = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** A string literal. */
export function rustText(text) {
  const safe = text.replaceAll(/\p{Surrogate}/gu, "\ufffd").replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n");
  return `"${safe.replaceAll(ESCAPED, (character) => `\\u{${character.codePointAt(0).toString(16)}}`)}"`;
}

/** A reference to bytes, or nothing if they are too many to be written out. */
export function rustBytes(buffer) {
  const all = new Uint8Array(buffer);
  if (all.length === 0) return "&[0_u8; 0]";
  return all.length > MOST_BYTES ? null : `&[${Array.from(all, String).join(", ")}]`;
}

/** A `json!`, or nothing if the text is too long, too deep, or has numbers that no literal can hold. */
export function rustJson(text) {
  if (text.length > LONGEST_JSON) return null;
  try {
    const value = literal(parse(text), 0);
    return `json!(${value})`;
  } catch {
    return null;
  }
}

function literal(value, depth) {
  if (depth > DEEPEST_JSON) throw new RangeError("too deep");
  if (value instanceof Exact || typeof value === "number") return numberLiteral(value.source ?? String(value));
  if (typeof value === "string") return stringLiteral(value);
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, depth + 1)).join(", ")}]`;
  if (isObject(value)) return objectLiteral(value, depth);
  return String(value);
}

function objectLiteral(value, depth) {
  const fields = Object.keys(value).map((key) => `${stringLiteral(key)}: ${literal(value[key], depth + 1)}`);
  return `{${fields.join(", ")}}`;
}

function stringLiteral(text) {
  if (/\p{Surrogate}/u.test(text)) throw new RangeError("no Rust string holds half a surrogate pair");
  return rustText(text);
}

/** Integers without a suffix are `i32`, so larger ones name their type. */
function numberLiteral(source) {
  if (!/^-?\d+$/.test(source)) return floatLiteral(source);
  const number = BigInt(source);
  if (number >= -(2n ** 31n) && number < 2n ** 31n) return source;
  if (number >= -(2n ** 63n) && number < 2n ** 63n) return `${source}_i64`;
  if (number >= 0n && number < 2n ** 64n) return `${source}_u64`;
  throw new RangeError("too large");
}

function floatLiteral(source) {
  if (!Number.isFinite(Number(source))) throw new RangeError("too large");
  return /[.eE]/.test(source) ? source.replace("E", "e") : `${source}.0`;
}
