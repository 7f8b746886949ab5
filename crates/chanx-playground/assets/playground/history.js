// What went over one connection: a bounded list, oldest first, and which answer belongs to which message.

const MOST_ENTRIES = 2000;
/** Payloads beyond this are forgotten, oldest entries first. */
const MOST_BYTES = 64_000_000;
/** Longer texts are not parsed when they arrive; what matters stands at their beginning. */
const LONGEST_PARSED = 200_000;

export const LIMITS = { entries: MOST_ENTRIES, bytes: MOST_BYTES };

/** Entries `{id, direction, kind, at, size, data, action, ref, …}`; events `add` (detail: entry), `update`, `drop`, `clear`. */
export class History extends EventTarget {
  constructor(wire) {
    super();
    this.wire = wire;
    this.entries = [];
    this.dropped = 0;
    this.bytes = 0;
    this.unanswered = [];
    this.nextId = 1;
  }

  /** Notes a message that leaves. */
  sent(data) {
    const entry = this.#add({ direction: "sent", ...describe(data, this.wire) });
    if (entry.action !== null || entry.kind === "text") this.unanswered.push(entry);
    return entry;
  }

  /** Notes a message that arrived, and how long its question had to wait. `isUnasked` knows actions that answer nothing. */
  received(data, isUnasked) {
    const described = describe(data, this.wire);
    const answer = this.#answer(described, isUnasked(described.action) || described.message?.isMine !== undefined);
    return this.#add({ direction: "received", ...described, ...answer });
  }

  /** Notes something that happened to the connection. `level` is `info`, `good` or `bad`. */
  event(text, level = "info", details = {}) {
    return this.#add({ direction: "system", kind: "event", action: null, size: 0, data: text, level, ...details });
  }

  /** What was asked on a connection that is gone is never answered. */
  forgetQuestions() {
    this.unanswered = [];
  }

  clear() {
    this.entries = [];
    this.dropped = 0;
    this.bytes = 0;
    this.dispatchEvent(new Event("clear"));
  }

  #answer({ action, ref }, isUnasked) {
    const named = ref === null ? undefined : this.unanswered.find((question) => question.ref === ref);
    const question = named ?? (isUnasked ? undefined : this.unanswered.find((it) => it.ref === null));
    if (!question) return {};
    const isLast = !this.wire.send_completion || action === "complete";
    if (isLast) this.unanswered.splice(this.unanswered.indexOf(question), 1);
    const latency = performance.now() - question.clock;
    if (question.latency === undefined) {
      question.latency = latency;
      this.#tell("update", question);
    }
    return { answers: question.id, latency };
  }

  #add(entry) {
    const whole = { id: this.nextId, at: Date.now(), clock: performance.now(), ...entry };
    this.nextId += 1;
    this.entries.push(whole);
    this.bytes += whole.size;
    this.#tell("add", whole);
    while (this.entries.length > MOST_ENTRIES || (this.bytes > MOST_BYTES && this.entries.length > 1)) this.#drop();
    return whole;
  }

  #drop() {
    const oldest = this.entries.shift();
    this.bytes -= oldest.size;
    this.dropped += 1;
    this.#tell("drop", oldest);
  }

  #tell(type, entry) {
    this.dispatchEvent(new CustomEvent(type, { detail: entry }));
  }
}

function describe(data, wire) {
  if (typeof data !== "string") return { kind: "binary", data, size: data.byteLength, action: null, ref: null };
  return { data, size: new TextEncoder().encode(data).length, ...look(data, wire.action_key) };
}

/** What a text is: `json` or `text`, and its action and `ref` if it is a message. */
function look(text, actionKey) {
  if (text.length > LONGEST_PARSED) return glance(text, actionKey);
  try {
    const value = JSON.parse(text);
    return { kind: "json", action: textOr(value?.[actionKey]), ref: textOr(value?.ref), message: partsOf(value) };
  } catch {
    return { kind: "text", action: null, ref: null };
  }
}

/** What the page itself wants to know of a message. */
function partsOf(value) {
  return { payload: value?.payload, isMine: value?.is_mine ?? value?.isMine };
}

function textOr(value) {
  return typeof value === "string" ? value : null;
}

function glance(text, actionKey) {
  const begin = text.slice(0, 4000);
  if (!/^\s*[{["]/.test(begin)) return { kind: "text", action: null, ref: null };
  return { kind: "json", action: early(begin, actionKey), ref: early(begin, "ref") };
}

function early(begin, key) {
  const place = begin.indexOf(`${JSON.stringify(key)}:`);
  const value = place === -1 ? null : /^\s*("(?:[^"\\]|\\.)*")/.exec(begin.slice(place + JSON.stringify(key).length + 1));
  try {
    return value ? JSON.parse(value[1]) : null;
  } catch {
    return null;
  }
}
