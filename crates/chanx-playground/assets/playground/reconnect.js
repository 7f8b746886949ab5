// When to connect again: after growing, random delays, and never where it would end the same way.

import { explain, isFinal } from "./close-codes.js";

const FIRST_DELAY = 1000;
const LONGEST_DELAY = 30_000;
const MOST_ATTEMPTS = 12;
/** A connection that lived this long was a good one, and the delays begin anew. */
const LONG_ENOUGH = 10_000;

/** The delays of one connection. */
export class Reconnect {
  constructor() {
    this.attempts = 0;
  }

  /** The delay before the next attempt, or why there is none. `lived` is how long the connection was open. */
  after(code, endpoint, lived) {
    const { action } = explain(code, endpoint);
    if (isFinal(action)) return { reason: "connecting again would end the same way" };
    if (lived >= LONG_ENOUGH) this.attempts = 0;
    if (this.attempts >= MOST_ATTEMPTS) return { reason: `${MOST_ATTEMPTS} attempts failed` };
    const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.attempts);
    this.attempts += 1;
    return { delay: ceiling * (0.5 + Math.random() / 2), attempt: this.attempts };
  }

  reset() {
    this.attempts = 0;
  }
}
