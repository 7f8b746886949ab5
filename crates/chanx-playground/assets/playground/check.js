// Asks the server what is wrong with a message: a moment after the last change, and once more before it leaves.

import { faults } from "./api.js";

const QUIET_FOR = 300;
/** Longer texts are checked only before they leave. */
const LONGEST_WHILE_TYPING = 100_000;

/** Verdicts: `{text, faults}`, or `{text, problem}` where the server could not be asked. Event `verdict` (detail: verdict). */
export class Checker extends EventTarget {
  #timer = null;
  #running = null;
  #verdict = null;

  constructor(pattern) {
    super();
    this.pattern = pattern;
  }

  /** Checks a text soon, unless another comes first. */
  later(text) {
    this.stop();
    if (text.length > LONGEST_WHILE_TYPING) return;
    this.#timer = setTimeout(() => this.now(text), QUIET_FOR);
  }

  /** The verdict about a text; nothing if another check came in between. */
  async now(text) {
    if (this.#verdict?.text === text && !this.#verdict.problem) return this.#verdict;
    this.stop();
    const running = new AbortController();
    this.#running = running;
    const verdict = await this.#ask(text, running.signal);
    if (running.signal.aborted) return null;
    this.#verdict = verdict;
    this.dispatchEvent(new CustomEvent("verdict", { detail: verdict }));
    return verdict;
  }

  async #ask(text, signal) {
    try {
      return { text, faults: await faults(this.pattern, text, signal) };
    } catch (error) {
      return { text, problem: `The server could not check this message: ${error.message}` };
    }
  }

  stop() {
    clearTimeout(this.#timer);
    this.#running?.abort();
  }
}
