"use strict";

// A small client for the echo: connects, says what happens, and connects again when the connection is lost.

const page = document.querySelector("main");
const log = document.getElementById("chat-log");
const status = document.getElementById("status");
const composer = document.getElementById("composer");
const input = document.getElementById("message-input");
const buttons = [document.getElementById("send-button"), document.getElementById("ping-button")];

const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;

let socket = null;
let delay = FIRST_DELAY;
let timer = null;
let refused = false;

function connect() {
  clearTimeout(timer);
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}${page.dataset.socket}`);
  socket.addEventListener("message", (event) => receive(JSON.parse(event.data)));
  socket.addEventListener("close", lost);
}

// What each message means to the reader.
function receive(message) {
  switch (message.action) {
    case "authentication":
      return authenticated(message.payload);
    case "status":
      return write(message.payload, "status");
    case "echo":
      return write(`Echo: ${message.payload}`, "received");
    case "pong":
      return write("Received pong response", "received");
    case "error":
      return write(`Error: ${describe(message.payload)}`, "error");
    case "complete":
      return;
    default:
      write(`Unknown message: ${message.action}`, "error");
  }
}

function authenticated(outcome) {
  if (outcome.status_code === 200) {
    delay = FIRST_DELAY;
    show("connected", "Connected");
    return;
  }
  refused = outcome.status_code < 500;
  write(`Refused: ${outcome.data.detail ?? outcome.status_text}`, "error");
}

// An error is a list of faults, or one failure with an id for the log of the server.
function describe(payload) {
  if (Array.isArray(payload)) {
    return payload.map((fault) => [fault.loc.join("."), fault.msg].filter(Boolean).join(": ")).join("; ");
  }
  return payload.id ? `${payload.detail} (${payload.id})` : payload.detail;
}

function lost() {
  if (refused) {
    show("refused", "Not logged in");
    writeLogin();
    return;
  }
  if (status.dataset.state === "connected") write("Connection lost", "status");
  show("reconnecting", "Reconnecting…");
  // A random part keeps many pages from coming back in the same moment.
  timer = setTimeout(connect, delay * (0.5 + Math.random() / 2));
  delay = Math.min(delay * 2, LONGEST_DELAY);
}

function send(message, words) {
  socket.send(JSON.stringify(message));
  write(words, "sent");
}

function show(state, words) {
  status.dataset.state = state;
  status.textContent = words;
  for (const button of buttons) button.disabled = state !== "connected";
}

// Everything is written as text, never as HTML.
function write(words, kind) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const entry = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString();
  entry.className = kind;
  entry.append(time, words);
  log.append(entry);
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function writeLogin() {
  const entry = document.createElement("li");
  const link = document.createElement("a");
  link.href = page.dataset.login;
  link.textContent = "Log in";
  entry.className = "error";
  entry.append(link, " to use this page.");
  log.append(entry);
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text || status.dataset.state !== "connected") return;
  send({ action: "echo", payload: text }, `Sent: ${text}`);
  input.value = "";
});

buttons[1].addEventListener("click", () => send({ action: "ping" }, "Sent: ping"));

// A page that comes back to the front does not wait for its timer.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && status.dataset.state === "reconnecting") connect();
});

connect();
