// The message that is being written: one text, which all views share, and what was written for other actions.

import { has, isObject, parse } from "./json-value.js";
import { compact, indent } from "./json-text.js";

/** Event `change` (detail: who changed it). */
export class Draft extends EventTarget {
  #kept = new Map();

  constructor(endpoint) {
    super();
    this.endpoint = endpoint;
    this.actionKey = endpoint.wire.action_key;
    this.action = endpoint.incoming[0]?.action ?? null;
    this.text = this.exampleText();
  }

  /** The declared message with the present action. */
  get message() {
    return this.endpoint.incoming.find((message) => message.action === this.action) ?? null;
  }

  exampleText() {
    return this.message ? indent(JSON.stringify(this.message.example)) : "{}";
  }

  /** Replaces the text; its action decides which message it is. */
  write(text, by) {
    this.text = text;
    const action = this.#actionOf(text);
    if (action !== undefined) this.action = action;
    this.#changed(by);
  }

  /** Goes to another message and what was last written for it. */
  choose(action, by) {
    this.#kept.set(this.action, this.text);
    this.action = action;
    this.text = this.#kept.get(action) ?? this.exampleText();
    this.#changed(by);
  }

  reset(by) {
    this.text = this.exampleText();
    this.#changed(by);
  }

  /** The text's value, or `{problem}`. */
  read() {
    try {
      return { value: parse(this.text) };
    } catch (error) {
      const words = error instanceof RangeError ? "This is nested too deeply for the form." : `This is not JSON: ${error.message}`;
      return { problem: words };
    }
  }

  /** What leaves: compact if it is JSON, with a `ref` if one is wanted and there is none; otherwise as it stands. */
  outgoing(ref) {
    const { value, problem } = this.read();
    if (problem && !this.#isJson()) return this.text;
    const text = compact(this.text);
    if (!ref || !isObject(value) || has(value, "ref")) return text;
    return `${text.slice(0, -1)}${text === "{}" ? "" : ","}"ref":${JSON.stringify(ref)}}`;
  }

  #isJson() {
    try {
      JSON.parse(this.text);
      return true;
    } catch {
      return false;
    }
  }

  #actionOf(text) {
    try {
      const action = JSON.parse(text)?.[this.actionKey];
      return typeof action === "string" ? action : null;
    } catch {
      return undefined;
    }
  }

  #changed(by) {
    this.dispatchEvent(new CustomEvent("change", { detail: by }));
  }
}
