// Socket.IO on Node: an event that is acknowledged for an echo, and a room for a group.

const { createServer } = require("node:http");
const { Server } = require("socket.io");
const { echo, said, announce } = require("./words.js");

const GROUP = "room";
const QUIET = { pingInterval: 300_000, pingTimeout: 100_000 };

const http = createServer();
const io = new Server(http, { path: "/", serveClient: false, transports: ["websocket"], perMessageDeflate: false, ...QUIET });

io.on("connection", (socket) => {
  socket.on("echo", ({ payload }, acknowledge) => acknowledge(echo(payload)));
  socket.on("say", ({ payload }) => io.to(GROUP).emit("said", said(payload)));
  if (socket.handshake.url.startsWith("/room/")) socket.join(GROUP);
  socket.emit("ready");
});

http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => announce(http.address().port));
