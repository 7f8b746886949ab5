"use strict";

// The chat's pages. The lobby only needs colors and times; a room also has a conversation. Whatever people have
// written is put on the page as text, never as HTML.

const MINUTE = 60_000;
const element = (id) => document.getElementById(id);

/** A new element with a class and children: nodes, or text. */
function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function makeButton(label, action, className = "") {
  const button = make("button", className, label);
  button.type = "button";
  button.addEventListener("click", action);
  return button;
}

// ---- Names and times, on both pages ----

/** A hue for a name, always the same one. */
function hue(name) {
  let hash = 2_166_136_261;
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0), 16_777_619) >>> 0;
  return hash % 360;
}

function paint(avatar) {
  avatar.style.setProperty("--hue", hue(avatar.dataset.name));
}

function makeAvatar(name) {
  const avatar = make("span", "avatar", ([...name][0] ?? "?").toUpperCase());
  avatar.dataset.name = name;
  avatar.setAttribute("aria-hidden", "true");
  paint(avatar);
  return avatar;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

const dayOf = (at) => new Date(at).toDateString();
const isToday = (at) => dayOf(at) === dayOf(Date.now());
const isYesterday = (at) => dayOf(at) === dayOf(Date.now() - 24 * 60 * MINUTE);

/** How long ago for what is fresh, otherwise when. */
function relative(at, wantsDay) {
  const minutes = Math.floor((Date.now() - at) / MINUTE);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (isToday(at) || !wantsDay) return clock.format(at);
  return isYesterday(at) ? "yesterday" : shortDay.format(at);
}

function dayName(at) {
  if (isToday(at)) return "Today";
  return isYesterday(at) ? "Yesterday" : weekday.format(at);
}

/** Writes the words of a time that is marked with milliseconds since 1970. */
function tell(time) {
  const at = Number(time.dataset.at);
  const words = relative(at, "wantsDay" in time.dataset);
  if (time.textContent !== words) time.textContent = words;
}

function makeTime(at) {
  const time = make("time");
  time.dataset.at = at;
  fillTime(time);
  return time;
}

function fillTime(time) {
  const at = Number(time.dataset.at);
  time.dateTime = new Date(at).toISOString();
  time.title = exact.format(at);
  tell(time);
}

for (const avatar of document.querySelectorAll(".avatar")) paint(avatar);
for (const time of document.querySelectorAll("time[data-at]")) {
  time.dataset.wantsDay = "";
  fillTime(time);
}
setInterval(() => document.querySelectorAll("time[data-at]").forEach(tell), MINUTE / 2);

// ---- A room ----

const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;
/** A message that is not confirmed by then is a sign of a dead connection. */
const CONFIRMED_IN = 10_000;
/** How many messages are asked for again after an interruption, since deliveries may overtake one another. */
const OVERLAP = 20;
/** How long it takes until somebody counts as silent, and how often the others are reminded before. */
const TYPING_ENDS = 4_000;
const TYPING_AGAIN = 2_500;
/** Messages of one person within this time form a block. */
const BLOCK = 5 * MINUTE;
/** Whoever comes back within this time was not away: a page is loaded again, a connection breaks. */
const AWAY_AFTER = 4_000;

/** What a close code means to the reader, for those after which nobody tries again. */
const FINAL = {
  4401: "You are not logged in.",
  4403: "You may not enter this room.",
  4404: "There is no such room.",
  4900: "You have left this room.",
};

/** The same for those after which it is worth another try. */
const TEMPORARY = {
  1001: "The server is restarting.",
  1006: "The connection was lost.",
  1009: "A message was too large.",
  1011: "The server had a problem.",
  1012: "The server is restarting.",
  1013: "The server is busy.",
  4408: "The connection was silent for too long.",
  4413: "The connection was too slow.",
  4500: "The server had a problem.",
};

if (element("chat")) startRoom(element("chat"));

function startRoom(page) {
  const me = { id: Number(page.dataset.me), name: page.dataset.myName };
  const roomName = document.querySelector("h1").textContent;
  const [log, text, composer] = [element("log"), element("text"), element("composer")];

  // ---- The connection ----

  let socket = null;
  let state = "connecting";
  let delay = FIRST_DELAY;
  let timer = null;
  let refusal = null;

  function connect() {
    clearTimeout(timer);
    const address = new URL(page.dataset.socket, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const after = entries.at(-1 - OVERLAP) ?? entries[0];
    if (after) address.searchParams.set("after", after.message.id);
    const opened = new WebSocket(address);
    socket = opened;
    opened.addEventListener("message", (event) => socket === opened && receive(JSON.parse(event.data)));
    opened.addEventListener("close", (event) => socket === opened && closed(event));
  }

  function receive({ action, payload, ref }) {
    switch (action) {
      case "authentication": return authenticated(payload);
      case "roster": return setRoster(payload);
      case "history": return addPage(payload);
      case "sent": return confirm(ref, payload);
      case "said": return hear(payload);
      case "whispered": return hearWhisper(payload);
      case "membership": return changeMembership(payload);
      case "typing": return showTyping(payload);
      case "online": return setOnline(payload, true);
      case "offline": return setOnline(payload, false);
      case "refused": return fail(ref, payload.detail);
      case "error": return fail(ref, describe(payload));
    }
  }

  function authenticated(outcome) {
    if (outcome.status_code !== 200) {
      refusal = outcome.data?.detail ?? outcome.status_text;
      return;
    }
    delay = FIRST_DELAY;
    show("connected", "Connected");
    hideBanner();
  }

  /** An error is a list of faults, or one failure with an id for the log of the server. */
  function describe(payload) {
    if (Array.isArray(payload)) return payload.map((fault) => fault.msg.replace(/^Value error, /, "")).join("; ");
    return payload.id ? `The server had a problem (${payload.id})` : payload.detail;
  }

  function closed(event) {
    socket = null;
    forgetTyping();
    if (event.code in FINAL) return end(event);
    show("reconnecting", "Reconnecting…");
    const why = TEMPORARY[event.code] ?? (event.reason || "The connection was closed.");
    // A random part keeps many pages from coming back in the same moment.
    const wait = delay * (0.5 + Math.random() / 2);
    delay = Math.min(delay * 2, LONGEST_DELAY);
    timer = setTimeout(connect, wait);
    // What is over in a moment is not worth a banner.
    if (wait > 2 * FIRST_DELAY) showBanner(`${why} Trying again…`, makeButton("Try now", connect));
  }

  function end(event) {
    show("closed", event.code === 4900 ? "Left" : "Closed");
    const link = make("a", "", "All rooms");
    link.href = "/chat/";
    const login = make("a", "", "Log in");
    login.href = `/admin/login/?next=${encodeURIComponent(location.pathname)}`;
    const words = refusal ?? (event.reason || FINAL[event.code]);
    showBanner(words, ...(event.code === 4900 || event.code === 4404 ? [link] : [login, link]));
    page.classList.add("is-closed");
    openMembers(false);
    for (const item of pending.values()) setFailed(item, "Not sent");
  }

  function show(newState, words) {
    state = newState;
    const pill = element("status");
    pill.dataset.state = newState;
    pill.firstElementChild.textContent = words;
  }

  function showBanner(words, ...more) {
    const banner = element("banner");
    banner.replaceChildren(make("span", "", words), ...more);
    banner.hidden = false;
  }

  function hideBanner() {
    element("banner").hidden = true;
  }

  function transmit(action, payload, ref) {
    if (state !== "connected" || socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(ref === undefined ? { action, payload } : { action, payload, ref }));
    return true;
  }

  /** Leaves a connection that seems to be dead, and makes another. */
  function abandon() {
    const dead = socket;
    socket = null;
    dead?.close();
    closed({ code: 1006, reason: "" });
  }

  // A page that comes back to the front does not wait for its timer.
  function hurry() {
    if (!document.hidden && state === "reconnecting" && !socket) connect();
  }
  document.addEventListener("visibilitychange", () => { hurry(); see(); });
  addEventListener("online", hurry);
  addEventListener("focus", see);

  // ---- The messages, in the order of their ids ----

  /** Each has the message, its node, and the separator of the day before it, if it is the day's first. */
  const entries = [];
  let hasOlder = false;
  let isLoading = false;

  const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  /** Whether the newest message stays in sight when the log changes its size. Only scrolling back ends that. */
  let sticks = true;
  let last = { top: 0, size: "" };

  function toEnd() {
    sticks = true;
    log.scrollTop = log.scrollHeight;
  }

  /** A log that changes its size scrolls as well; that is nobody's wish. */
  function noteScroll() {
    const now = { top: log.scrollTop, size: `${log.clientWidth} ${log.clientHeight}` };
    if (isAtEnd()) sticks = true;
    else if (now.top < last.top && now.size === last.size) sticks = false;
    last = now;
  }

  function addPage({ span, messages, has_older }) {
    if (span === "older") return addOlder(messages, has_older);
    const stays = span === "since" && !isAtEnd();
    if (span === "latest") clear();
    for (const message of messages) insert(message);
    if (span === "latest") setHasOlder(has_older);
    resend();
    if (!stays) toEnd();
    else if (messages.length) element("to-end").hidden = isAtEnd();
    see();
  }

  function addOlder(messages, has_older) {
    const height = log.scrollHeight - log.scrollTop;
    for (const message of messages) insert(message);
    setHasOlder(has_older);
    // What the reader looks at stays where it is.
    log.scrollTop = log.scrollHeight - height;
    isLoading = false;
    requestAnimationFrame(() => log.removeAttribute("aria-busy"));
  }

  function setHasOlder(value) {
    hasOlder = value;
    log.querySelector(".begin")?.remove();
    if (!value) log.prepend(make("li", "begin", `This is the beginning of ${roomName}.`));
  }

  function clear() {
    entries.length = 0;
    for (const node of [...log.children]) if (!node.classList.contains("pending")) node.remove();
  }

  function loadOlder() {
    if (!hasOlder || isLoading || log.scrollTop > 200 || !entries.length) return;
    isLoading = transmit("load_history", { before: entries[0].message.id });
    // Nobody wants a page of old messages read out.
    if (isLoading) log.setAttribute("aria-busy", "true");
  }

  /** Puts a message where it belongs. One that is there already stays. */
  function insert(message) {
    let index = entries.length;
    while (index > 0 && entries[index - 1].message.id >= message.id) index -= 1;
    if (entries[index]?.message.id === message.id) return;
    const entry = { message, node: draw(message), day: null };
    const next = entries[index];
    const before = next ? next.day ?? next.node : log.querySelector(".pending");
    entries.splice(index, 0, entry);
    log.insertBefore(entry.node, before);
    dress(index);
    dress(index + 1);
  }

  /** Gives a message what depends on the one before: the separator of its day, and its place in a block. */
  function dress(index) {
    const [previous, entry] = [entries[index - 1], entries[index]];
    if (!entry) return;
    const isFirst = !previous || dayOf(previous.message.at) !== dayOf(entry.message.at);
    if (isFirst && !entry.day) {
      entry.day = make("li", "day", dayName(entry.message.at));
      log.insertBefore(entry.day, entry.node);
    } else if (!isFirst && entry.day) {
      entry.day.remove();
      entry.day = null;
    }
    const follows = !isFirst && entry.node.previousElementSibling === previous.node && isBlock(previous.message, entry.message);
    entry.node.classList.toggle("follows", follows);
  }

  function isBlock(first, second) {
    const isSaid = first.kind === "said" && second.kind === "said";
    return isSaid && first.sender.id === second.sender.id && first.to?.id === second.to?.id && second.at - first.at < BLOCK;
  }

  function draw(message) {
    const node = message.kind === "said" ? drawSaid(message) : drawNotice(message);
    node.dataset.id = message.id;
    return node;
  }

  function drawNotice({ kind, sender, at }) {
    const words = kind === "joined" ? " joined the room" : " left the room";
    return make("li", "notice", make("bdi", "", sender.name), words, " · ", makeTime(at));
  }

  function drawSaid({ sender, to, text: words, at }) {
    const node = make("li", "message");
    if (sender.id === me.id) node.classList.add("own");
    const from = make("p", "from", make("bdi", "sender", sender.name));
    if (to) {
      node.classList.add("private");
      from.append(make("span", "secret", "private to ", make("bdi", "", to.id === me.id ? "you" : to.name)));
    }
    const said = make("span", "text", ...withLinks(words));
    said.dir = "auto";
    node.append(makeAvatar(sender.name), from, make("div", "bubble", said, makeTime(at)));
    return node;
  }

  /** The text in pieces, of which those that are web addresses are links. */
  function withLinks(words) {
    return words.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)])/).map((piece, index) => {
      if (index % 2 === 0 || !URL.canParse(piece)) return piece;
      const link = make("a", "", piece);
      link.href = piece;
      link.rel = "noopener noreferrer nofollow";
      link.target = "_blank";
      return link;
    });
  }

  // ---- What others say ----

  let unread = 0;

  function hear(message) {
    stopTyping(message.sender.id);
    arrive(message);
  }

  function hearWhisper({ room, message }) {
    if (room.slug === page.dataset.room) return arrive(message);
    if (message.sender.id !== me.id) toast(room, message);
  }

  function arrive(message) {
    const wasAtEnd = isAtEnd();
    insert(message);
    if (wasAtEnd) toEnd();
    if (message.sender.id !== me.id && (document.hidden || !wasAtEnd)) count(unread + 1);
    see();
  }

  /** A private message from another room. */
  function toast(room, { sender, text: words }) {
    const link = make("a", "", make("bdi", "", room.name));
    link.href = `/chat/${encodeURIComponent(room.slug)}/`;
    const node = make("div", "toast", makeAvatar(sender.name));
    const close = makeButton("✕", () => node.remove());
    close.setAttribute("aria-label", "Close");
    const body = make("p", "", make("strong", "", make("bdi", "", sender.name)), " privately in ", link, ": ", make("bdi", "", words));
    node.append(body, close);
    toasts.append(node);
  }

  const toasts = make("div", "toasts");
  toasts.setAttribute("role", "status");
  page.append(toasts);

  function count(messages) {
    unread = messages;
    document.title = `${unread ? `(${unread}) ` : ""}${roomName} · Chat`;
    element("to-end").hidden = isAtEnd();
    element("to-end-text").textContent = unread ? `${unread} new ${unread === 1 ? "message" : "messages"}` : "Newest messages";
  }

  let readUpTo = 0;
  let readTimer = null;

  /** Notes what the reader has before the eyes, and tells the server after a moment. */
  function see() {
    if (document.hidden || !isAtEnd()) return;
    count(0);
    const newest = entries.at(-1)?.message.id ?? 0;
    if (newest <= readUpTo) return;
    clearTimeout(readTimer);
    readTimer = setTimeout(() => {
      if (transmit("read", { up_to: newest })) readUpTo = newest;
    }, 800);
  }

  log.addEventListener("scroll", () => {
    noteScroll();
    loadOlder();
    if (isAtEnd()) see();
    else if (!unread) count(0);
  }, { passive: true });
  element("to-end").addEventListener("click", () => { toEnd(); text.focus(); });
  new ResizeObserver(() => {
    noteScroll();
    if (sticks) toEnd();
  }).observe(log);

  // ---- What this page says ----

  /** By their refs: what was written here and is not confirmed. */
  const pending = new Map();
  let nextRef = 1;

  function say() {
    const words = text.value.trim();
    if (!words || state === "closed") return;
    const item = { ref: `m${nextRef}`, words, to: whisperTo, since: entries.at(-1)?.message.id ?? 0, timer: null };
    nextRef += 1;
    item.node = drawSaid({ sender: me, to: item.to, text: words, at: Date.now() });
    item.node.classList.add("pending");
    item.fate = make("p", "fate", "Sending…");
    item.node.append(item.fate);
    pending.set(item.ref, item);
    log.append(item.node);
    post(item);
    text.value = "";
    fit();
    // The message itself says that its writer has stopped.
    clearTimeout(typingTimer);
    toldTypingAt = 0;
    toEnd();
  }

  function post(item) {
    const isSent = item.to
      ? transmit("whisper", { to: item.to.id, text: item.words }, item.ref)
      : transmit("say", item.words, item.ref);
    item.node.classList.remove("failed");
    item.fate.textContent = isSent ? "Sending…" : "Waiting for the connection…";
    clearTimeout(item.timer);
    item.timer = isSent ? setTimeout(abandon, CONFIRMED_IN) : null;
  }

  function confirm(ref, message) {
    const item = pending.get(ref);
    if (item) drop(item);
    insert(message);
    if (item) toEnd();
    see();
  }

  function fail(ref, why) {
    const item = pending.get(ref);
    if (item) setFailed(item, why);
    else if (ref === undefined && isLoading) isLoading = false;
  }

  function setFailed(item, why) {
    clearTimeout(item.timer);
    item.node.classList.add("failed");
    const again = makeButton("Try again", () => post(item));
    const discard = makeButton("Discard", () => drop(item));
    item.fate.replaceChildren(`${why} `, again, discard);
    toEnd();
  }

  function drop(item) {
    clearTimeout(item.timer);
    pending.delete(item.ref);
    item.node.remove();
  }

  /**
   * After an interruption: what is in the history has arrived, the rest is sent once more. A message is recognized by
   * its words, and each one of the history stands for one.
   */
  function resend() {
    const mine = entries.filter(({ message }) => message.sender.id === me.id);
    const taken = new Set();
    for (const item of [...pending.values()]) {
      const kept = mine.find(({ message }) =>
        message.id > item.since && message.text === item.words && message.to?.id === item.to?.id && !taken.has(message.id));
      if (kept) {
        taken.add(kept.message.id);
        drop(item);
      } else if (!item.node.classList.contains("failed")) {
        post(item);
      }
    }
  }

  composer.addEventListener("submit", (event) => { event.preventDefault(); say(); text.focus(); });
  text.addEventListener("keydown", (event) => {
    // Input methods use Enter for themselves.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      say();
    } else if (event.key === "Escape" && whisperTo) {
      whisper(null);
    }
  });
  text.addEventListener("input", () => { fit(); noteTyping(); });

  /** As high as the text, up to what the style sheet allows. */
  function fit() {
    const atEnd = isAtEnd();
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
    if (atEnd) toEnd();
  }

  // ---- Private messages ----

  let whisperTo = null;

  function whisper(person) {
    whisperTo = person;
    element("private").hidden = !person;
    element("private-name").textContent = person?.name ?? "";
    composer.classList.toggle("is-private", Boolean(person));
    text.placeholder = person ? `Only ${person.name} will read this` : "Write a message";
    endTyping();
    openMembers(false);
    text.focus();
  }

  element("private-end").addEventListener("click", () => whisper(null));

  // ---- Who is typing ----

  const typists = new Map();
  let toldTypingAt = 0;
  let typingTimer = null;

  /** A private message is nobody else's business, not even that it is being written. */
  function noteTyping() {
    if (whisperTo || !text.value.trim()) return endTyping();
    clearTimeout(typingTimer);
    typingTimer = setTimeout(endTyping, TYPING_ENDS);
    if (Date.now() - toldTypingAt < TYPING_AGAIN) return;
    if (transmit("typing", { is_typing: true })) toldTypingAt = Date.now();
  }

  function endTyping() {
    clearTimeout(typingTimer);
    if (toldTypingAt) transmit("typing", { is_typing: false });
    toldTypingAt = 0;
  }

  function showTyping({ person, is_typing }) {
    if (person.id === me.id) return;
    stopTyping(person.id);
    if (!is_typing) return;
    const timeout = setTimeout(() => stopTyping(person.id), TYPING_ENDS + TYPING_AGAIN);
    typists.set(person.id, { name: person.name, timeout });
    writeTyping();
  }

  function stopTyping(id) {
    clearTimeout(typists.get(id)?.timeout);
    if (typists.delete(id)) writeTyping();
  }

  function forgetTyping() {
    for (const id of [...typists.keys()]) stopTyping(id);
    toldTypingAt = 0;
  }

  function writeTyping() {
    const names = [...typists.values()].map(({ name }) => name);
    const several = names.length > 3 ? "Several people are typing…" : `${names.join(", ")} are typing…`;
    element("typing").textContent = names.length > 1 ? several : names.length ? `${names[0]} is typing…` : "";
  }

  // ---- Who is there ----

  const members = new Map();
  const online = new Set();
  const leaving = new Map();

  function setRoster(roster) {
    members.clear();
    online.clear();
    for (const person of roster.members) members.set(person.id, person);
    for (const id of roster.online) online.add(id);
    drawMembers();
  }

  function setOnline(person, isOnline) {
    clearTimeout(leaving.get(person.id));
    const wasLeaving = leaving.delete(person.id);
    if (!isOnline) {
      stopTyping(person.id);
      leaving.set(person.id, setTimeout(() => {
        leaving.delete(person.id);
        note(person, "went offline");
      }, AWAY_AFTER));
    } else if (!wasLeaving && !online.has(person.id) && person.id !== me.id) {
      note(person, "is online");
    }
    if (isOnline) online.add(person.id);
    else online.delete(person.id);
    drawMembers();
  }

  /** A line that nobody keeps. Several about one person in a row become one. */
  function note(person, words) {
    const wasAtEnd = isAtEnd();
    const node = make("li", "notice passing", make("bdi", "", person.name), ` ${words} · `, makeTime(Date.now()));
    node.dataset.person = person.id;
    const before = log.querySelector(".pending");
    const last = before ? before.previousElementSibling : log.lastElementChild;
    if (last?.classList.contains("passing") && last.dataset.person === String(person.id)) last.remove();
    log.insertBefore(node, before);
    if (wasAtEnd) toEnd();
  }

  function changeMembership(message) {
    if (message.kind === "joined") members.set(message.sender.id, message.sender);
    else members.delete(message.sender.id);
    if (message.kind === "left" && whisperTo?.id === message.sender.id) whisper(null);
    drawMembers();
    arrive(message);
  }

  function drawMembers() {
    const isOnline = (person) => online.has(person.id) || person.id === me.id;
    const sorted = [...members.values()].sort((a, b) => isOnline(b) - isOnline(a) || a.name.localeCompare(b.name));
    element("member-list").replaceChildren(...sorted.map((person) => make("li", "", drawMember(person, isOnline(person)))));
    const there = sorted.filter(isOnline).length;
    element("online-count").textContent = there;
    element("members-count").textContent = `${there} of ${sorted.length} online`;
  }

  function drawMember(person, isOnline) {
    const isMe = person.id === me.id;
    const node = isMe ? make("div") : makeButton("", () => whisper(person));
    node.className = `member${isOnline ? " is-online" : ""}`;
    const hint = make("span", "hint", isMe ? "you" : "write");
    node.append(makeAvatar(person.name), make("bdi", "name", person.name), make("span", "hidden", isOnline ? ", online" : ", offline"), hint);
    node.title = isMe ? person.name : `Write privately to ${person.name}`;
    return node;
  }

  // ---- The drawer with the members, on phones ----

  const isNarrow = matchMedia("(max-width: 45rem)");

  function openMembers(isOpen) {
    const wasOpen = page.classList.contains("shows-members");
    page.classList.toggle("shows-members", isOpen);
    element("veil").hidden = !isOpen;
    element("open-members").setAttribute("aria-expanded", isOpen);
    if (isOpen) element("close-members").focus();
    else if (wasOpen) element("open-members").focus();
  }

  element("open-members").addEventListener("click", () => openMembers(true));
  element("close-members").addEventListener("click", () => openMembers(false));
  element("veil").addEventListener("click", () => openMembers(false));
  isNarrow.addEventListener("change", () => openMembers(false));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && page.classList.contains("shows-members")) openMembers(false);
  });

  connect();
}
