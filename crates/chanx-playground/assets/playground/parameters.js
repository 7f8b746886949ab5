// What may stand in the parameters of an address, and what is wrong with a value.

const HINTS = {
  int: "a whole number, such as 123",
  str: "anything without a slash",
  slug: "letters, digits, hyphens and underscores",
  uuid: "a UUID in lower case",
  path: "anything, slashes included",
};

/** What is wrong with the value of a path parameter, if anything. */
export function pathFault(parameter, value) {
  if (value === "") return "A value is needed.";
  if (!matchesWhole(parameter.pattern, value)) return `This should be ${hint(parameter)}.`;
  return value.split("/").some((part) => part === "." || part === "..") ? "Browsers take “.” and “..” out of addresses." : "";
}

/** Words for what a path parameter takes. */
export function hint(parameter) {
  return HINTS[parameter.converter] ?? `text that matches ${parameter.pattern}`;
}

/** What is wrong with the value of a declared query parameter, if anything. */
export function queryFault(parameter, value) {
  if (value === "") return parameter.required ? "A value is needed." : "";
  const { type, pattern, minimum, maximum, enum: choices, minLength = 0, maxLength = Infinity } = scalar(parameter.schema);
  if (choices && !choices.some((choice) => String(choice) === value)) return `This should be one of ${choices.join(", ")}.`;
  if (type === "integer" && !/^-?\d+$/.test(value)) return "This should be a whole number.";
  if (type === "number" && !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return "This should be a number.";
  if (type === "boolean" && !/^(true|false)$/.test(value)) return "This should be true or false.";
  if (minimum !== undefined && Number(value) < minimum) return `This should be at least ${minimum}.`;
  if (maximum !== undefined && Number(value) > maximum) return `This should be at most ${maximum}.`;
  const length = type === "string" ? [...value].length : minLength;
  if (length < minLength) return `This needs ${minLength} characters or more.`;
  if (length > maxLength) return `This has room for ${maxLength} characters.`;
  return type === "string" && pattern && !contains(pattern, value) ? `This should match ${pattern}.` : "";
}

/** The schema of a value that may also be absent: what it is when it is there. */
export function scalar(schema) {
  if (typeof schema !== "object" || schema === null) return {};
  const branches = schema.anyOf ?? schema.oneOf ?? [];
  const present = branches.filter((branch) => branch.type !== "null");
  const inner = present.length === 1 ? present[0] : {};
  const reference = inner.$ref ?? schema.$ref;
  const target = reference?.startsWith("#/$defs/") ? schema.$defs?.[decodeURIComponent(reference.slice(8))] : inner;
  const merged = { ...schema, ...target };
  return Array.isArray(merged.type) ? { ...merged, type: merged.type.find((type) => type !== "null") } : merged;
}

function matchesWhole(pattern, value) {
  return contains(`^(?:${pattern})$`, value);
}

/** A pattern that this browser does not understand is left to the server. */
function contains(pattern, value) {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(pattern, flags).test(value);
    } catch {
      continue;
    }
  }
  return true;
}
