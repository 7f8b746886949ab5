// Bun: its own WebSocket server, written in C++, and its own publish and subscribe.
//
// At `/echo/` a message is answered, at `/completed/` a second message follows the reply, and who connects to `/room/` is
// in the group.

const { READY, COMPLETE, echo, said, announce } = require("./words.js");

const GROUP = "room";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const { pathname } = new URL(request.url);
    if (!server.upgrade(request, { data: { pathname } })) return new Response("no", { status: 400 });
  },
  websocket: {
    idleTimeout: 0,
    perMessageDeflate: false,
    open: enter,
    message: hear,
  },
});

function enter(socket) {
  if (socket.data.pathname !== "/room/") return;
  socket.subscribe(GROUP);
  socket.send(READY);
}

function hear(socket, text) {
  const { action, payload } = JSON.parse(text);
  if (action === "say") return server.publish(GROUP, JSON.stringify(said(payload)));
  if (action !== "echo") return;
  socket.send(JSON.stringify(echo(payload)));
  if (socket.data.pathname === "/completed/") socket.send(COMPLETE);
}

announce(server.port);
