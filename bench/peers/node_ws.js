// Node with the package `ws`. A group is a set of sockets, and a message for it is written once and sent to each.

const { WebSocketServer } = require("ws");
const { READY, COMPLETE, echo, said, announce } = require("./words.js");

const members = new Set();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false });

server.on("connection", (socket, request) => {
  socket.on("message", (text) => hear(socket, request.url, text));
  // One that breaks is one that has left.
  socket.on("error", () => {});
  if (request.url === "/room/") enter(socket);
});
server.on("listening", () => announce(server.address().port));

function enter(socket) {
  members.add(socket);
  socket.on("close", () => members.delete(socket));
  socket.send(READY);
}

function hear(socket, path, text) {
  const { action, payload } = JSON.parse(text);
  if (action === "say") return say(JSON.stringify(said(payload)));
  if (action !== "echo") return;
  socket.send(JSON.stringify(echo(payload)));
  if (path === "/completed/") socket.send(COMPLETE);
}

function say(text) {
  for (const member of members) member.send(text);
}
