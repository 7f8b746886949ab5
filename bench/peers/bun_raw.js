// Bun without a look at the messages: each goes back as it came.

const { announce } = require("./words.js");

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    if (!server.upgrade(request)) return new Response("no", { status: 400 });
  },
  websocket: {
    idleTimeout: 0,
    perMessageDeflate: false,
    message(socket, text) {
      socket.send(text);
    },
  },
});

announce(server.port);
