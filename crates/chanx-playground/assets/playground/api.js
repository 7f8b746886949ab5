// What the page asks the server for over plain HTTP. All addresses are relative to the page.

/** The endpoints of the application. Throws an `Error` with words for people. */
export async function endpoints() {
  const response = await get("../websocket-info/");
  if (!response.ok) throw new Error(`The list of endpoints could not be loaded: ${await problem(response)}`);
  const list = await response.json();
  if (!Array.isArray(list)) throw new Error(`The list of endpoints could not be loaded: ${list?.detail ?? "it is no list"}`);
  return list;
}

/** Who is logged in, and where to log in or out; nothing if the application knows no accounts. */
export async function session() {
  try {
    const response = await get("../websocket-session/");
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** The faults that the server would find in a text. Throws an `Error` if it could not be asked. */
export async function faults(pattern, text, signal) {
  const address = new URL(`../websocket-check/?endpoint=${encodeURIComponent(pattern)}`, document.baseURI);
  const headers = { "Content-Type": "text/plain; charset=utf-8", Accept: "application/json" };
  const response = await fetch(address, { method: "POST", body: text, headers, credentials: "same-origin", signal });
  if (!response.ok) throw new Error(await problem(response));
  const answer = await response.json();
  return Array.isArray(answer?.faults) ? answer.faults : [];
}

function get(path) {
  const headers = { Accept: "application/json" };
  return fetch(new URL(path, document.baseURI), { headers, credentials: "same-origin", cache: "no-store" });
}

async function problem(response) {
  const status = `${response.status} ${response.statusText}`.trim();
  const body = await response.json().catch(() => null);
  return typeof body?.detail === "string" ? `${status}, ${body.detail}` : status;
}
