// What the JavaScript servers have in common: the words, and how a server begins and ends.

const READY = JSON.stringify({ action: "ready", payload: null });
const COMPLETE = JSON.stringify({ action: "complete", payload: null });

// A reply to the one who sent the message.
function echo(payload) {
  return { action: "echo", payload };
}

// What all members of the group are told. Nobody learns who said it, so that one text serves all.
function said(payload) {
  return { action: "said", payload, is_mine: false, is_current: false };
}

// Tells the measurement where the server is, and ends with it.
function announce(port) {
  console.log(`127.0.0.1:${port}`);
  process.stdin.on("end", () => process.exit());
  process.stdin.resume();
}

module.exports = { READY, COMPLETE, echo, said, announce };
