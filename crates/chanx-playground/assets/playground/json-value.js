// JSON as values, without losing what JavaScript's numbers cannot hold.

/** A number as it is written, where JavaScript would write another. */
export class Exact {
  constructor(source) {
    this.source = source;
  }
}

/** The value of a text. Throws a `SyntaxError`, or a `RangeError` on more nesting than the browser can walk. */
export function parse(text) {
  return JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context?.source !== undefined && String(value) !== context.source
      ? new Exact(context.source)
      : value,
  );
}

/** The text of a value, compact. */
export function write(value) {
  if (value instanceof Exact) return value.source;
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (isObject(value)) return `{${Object.keys(value).map((key) => `${JSON.stringify(key)}:${write(value[key])}`).join(",")}}`;
  return JSON.stringify(value);
}

/** Whether a value is a JSON object. */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Exact);
}

/** Whether an object has a key of its own. */
export function has(object, key) {
  return Object.prototype.hasOwnProperty.call(object, key);
}

/** Sets a key, `__proto__` like any other. */
export function put(object, key, value) {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** The number that a text writes in JSON, or the text itself if it writes none: the server says what is wrong with it. */
export function numberOr(text) {
  const trimmed = text.trim();
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(trimmed)) return text;
  return String(Number(trimmed)) === trimmed ? Number(trimmed) : new Exact(trimmed);
}

/**
 * The keys and indices that a fault's `loc` leads to. A `loc` names the branches of unions as well, which are no part of
 * the value; so what is not found is passed over.
 */
export function pathOf(value, loc) {
  const path = [];
  let at = value;
  for (const segment of loc) {
    const isThere = Array.isArray(at) ? Number.isInteger(segment) && segment < at.length : isObject(at) && has(at, segment);
    if (!isThere) continue;
    path.push(segment);
    at = at[segment];
  }
  return path;
}
