// One socket after another to one endpoint: its state, what it was refused for, and what goes over it.

import { explain, explainFailedHandshake } from "./close-codes.js";
import { History } from "./history.js";
import { Reconnect } from "./reconnect.js";
import { withoutSecrets } from "./secrets.js";

/** States: `idle`, `connecting`, `open`, `closing`, `waiting` (to connect again), `closed`. Event `state`. */
export class Connection extends EventTarget {
  #socket = null;
  #timer = null;
  #reconnect = new Reconnect();
  #unasked;

  constructor(endpoint) {
    super();
    this.endpoint = endpoint;
    this.history = new History(endpoint.wire);
    this.#unasked = unaskedActions(endpoint);
    this.state = "idle";
    this.reconnects = false;
    this.user = null;
    this.url = "";
    this.protocols = [];
    this.refusal = null;
    this.ending = null;
    this.retryAt = 0;
  }

  get isOpen() {
    return this.state === "open";
  }

  get isIdle() {
    return this.state === "idle" || this.state === "closed";
  }

  /** Opens a socket. `user` is who is logged in on this page, as far as it knows. */
  connect(url, protocols, user) {
    this.#reconnect.reset();
    Object.assign(this, { url, protocols, user });
    this.#open();
  }

  #open() {
    this.#abandon();
    Object.assign(this, { refusal: null, ending: null, openedAt: 0, isByUser: false });
    try {
      this.#socket = this.protocols.length ? new WebSocket(this.url, this.protocols) : new WebSocket(this.url);
    } catch (error) {
      this.history.event(`The browser refuses to connect: ${error.message}`, "bad");
      this.#enter("closed");
      return;
    }
    this.#socket.binaryType = "arraybuffer";
    this.#listen(this.#socket);
    this.history.event(`Connecting to ${withoutSecrets(this.url)}`, "info", { isOpening: true });
    this.#enter("connecting");
  }

  #listen(socket) {
    const on = (type, handle) => socket.addEventListener(type, (event) => socket === this.#socket && handle(event));
    on("open", () => this.#opened(socket));
    on("message", ({ data }) => this.#received(data));
    on("close", (event) => this.#closed(event));
  }

  #opened(socket) {
    this.openedAt = performance.now();
    this.history.event(socket.protocol ? `Connected, with the subprotocol ${socket.protocol}` : "Connected", "good");
    this.#enter("open");
  }

  #received(data) {
    const entry = this.history.received(data, (action) => this.#unasked.has(action));
    if (entry.action !== "authentication") return;
    this.refusal = refusalOf(entry.message?.payload);
    this.dispatchEvent(new Event("state"));
  }

  #closed({ code, reason, wasClean }) {
    const lived = this.openedAt ? performance.now() - this.openedAt : 0;
    const meaning = this.openedAt ? explain(code, this.endpoint) : explainFailedHandshake(code, this.endpoint, this.protocols);
    this.ending = { ...meaning, reason, wasClean, isByUser: this.isByUser };
    const words = reason ? `Closed with ${code}, “${reason}”: ${meaning.meaning}` : `Closed with ${code}: ${meaning.meaning}`;
    this.history.event(words, code === 1000 ? "info" : "bad", { close: { code, reason, isByUser: this.isByUser } });
    this.history.forgetQuestions();
    this.#socket = null;
    this.#afterwards(code, lived);
  }

  #afterwards(code, lived) {
    if (!this.reconnects || this.isByUser) return this.#enter("closed");
    const { delay, attempt, reason } = this.#reconnect.after(code, this.endpoint, lived);
    if (delay === undefined) {
      this.history.event(`Not connecting again: ${reason}`);
      return this.#enter("closed");
    }
    this.history.event(`Connecting again in ${(delay / 1000).toFixed(1)} s (attempt ${attempt})`);
    this.retryAt = Date.now() + delay;
    this.#timer = setTimeout(() => this.#open(), delay);
    return this.#enter("waiting");
  }

  /** Connects at once instead of waiting longer. */
  retryNow() {
    if (this.state === "waiting") this.#open();
  }

  /** Begins the closing handshake, or gives up connecting. */
  disconnect(code, reason) {
    this.isByUser = true;
    if (this.state === "waiting") {
      clearTimeout(this.#timer);
      this.history.event("No further attempts");
      this.#enter("closed");
    } else if (this.#socket) {
      this.#socket.close(code, reason);
      this.#enter("closing");
    }
  }

  /** Sends a text or bytes; the entry of the history. */
  send(data) {
    const entry = this.history.sent(data);
    this.#socket.send(data);
    return entry;
  }

  /** Closes without a word, because the page needs the connection no more. */
  #abandon() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  destroy() {
    this.#abandon();
    this.#enter("closed");
  }

  #enter(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

/** What comes by the server's own accord: group messages, unless the same is also an answer, and two of chanx's own. */
function unaskedActions(endpoint) {
  const answers = new Set(endpoint.outgoing.map((message) => message.action));
  const others = endpoint.group_messages.map((message) => message.action).filter((action) => !answers.has(action));
  return new Set(["authentication", "group_complete", ...others]);
}

function refusalOf(payload) {
  const status = payload?.status_code ?? payload?.statusCode;
  if (typeof status !== "number" || status === 200) return null;
  const { data } = payload;
  const detail = typeof data?.detail === "string" ? data.detail : JSON.stringify(data ?? null);
  return { status, text: String(payload.status_text ?? payload.statusText ?? ""), detail };
}
