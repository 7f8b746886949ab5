// JSON as text: its tokens, its indented form and the place of a value in it, for texts of any length and depth.

const SPACE = /[ \t\n\r]+/y;
const WORD = /[^\s{}[\],:"]+/y;
/** Deeper lines are not indented further, or the spaces alone would fill the memory. */
const DEEPEST_INDENT = 24;

/** The tokens of a text that may be JSON or not, as `[kind, from, to]`, without the spaces between them. */
export function* tokens(text) {
  for (let at = afterSpace(text, 0); at < text.length; at = afterSpace(text, at)) {
    const character = text[at];
    const end = character === '"' ? afterString(text, at) : afterMatch(WORD, text, at) ?? at + 1;
    yield [kindOf(character), at, end];
    at = end;
  }
}

function kindOf(character) {
  if (character === '"') return "string";
  if ("{}[],:".includes(character)) return "mark";
  return "-0123456789".includes(character) ? "number" : "word";
}

function afterSpace(text, at) {
  return afterMatch(SPACE, text, at) ?? at;
}

function afterMatch(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function afterString(text, start) {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
  return text.length;
}

/** The text in lines, as pieces `[kind, text]`; as much of it as is asked for. */
export function* pretty(text) {
  const open = [];
  let before = "";
  let isKey = false;
  for (const [kind, from, to] of tokens(text)) {
    const token = text.slice(from, to);
    const closes = token === "}" || token === "]";
    if (closes) open.pop();
    if (closes && before !== "{" && before !== "[") yield ["space", lineBreak(open)];
    if (!closes && (before === "{" || before === "[" || before === ",")) yield ["space", lineBreak(open)];
    if (before === ":") yield ["space", " "];
    isKey = kind === "string" && open.at(-1) === "{" && (before === "{" || before === ",");
    yield [isKey ? "key" : kind, token];
    if (token === "{" || token === "[") open.push(token);
    before = kind === "mark" ? token : "";
  }
}

function lineBreak(open) {
  return `\n${"  ".repeat(Math.min(open.length, DEEPEST_INDENT))}`;
}

/** The indented form as one text. */
export function indent(text) {
  return Array.from(pretty(text), ([, piece]) => piece).join("");
}

/** The text without the spaces that mean nothing; numbers stay as they are written. */
export function compact(text) {
  return Array.from(tokens(text), ([, from, to]) => text.slice(from, to)).join("");
}

/** Where the value at a path of keys and indices stands in a valid text: `[from, to]`, or of its parent if it is missing. */
export function locate(text, path) {
  let found = null;
  let matched = -1;
  const open = [];
  for (const [kind, from, to] of tokens(text)) {
    const token = text.slice(from, Math.min(to, from + 1));
    const top = open.at(-1);
    if (top?.wantsKey && kind === "string") {
      top.key = JSON.parse(text.slice(from, to));
      top.wantsKey = false;
    } else if (token === ",") {
      if (top.isObject) top.wantsKey = true;
      else top.key += 1;
    } else if (token === "}" || token === "]") {
      open.pop();
    } else if (token !== ":") {
      const depth = open.length;
      if (depth > matched && depth <= path.length && open.every((level, index) => String(level.key) === String(path[index]))) {
        [found, matched] = [[from, to], depth];
      }
      if (token === "{") open.push({ isObject: true, wantsKey: true });
      if (token === "[") open.push({ isObject: false, key: 0 });
    }
  }
  return found;
}
