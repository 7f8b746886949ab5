// Where the documentation page has an endpoint or a message. Both sides name these places by the same rules, in the same order.

import { pageAddress } from "./dom.js";

const DIRECTIONS = { incoming: "incoming", outgoing: "outgoing", group_messages: "group", builtin: "builtin", events: "event" };

/** The place of each endpoint and each message that was seen. */
const places = new WeakMap();

/** Names the places of all endpoints of the application. A name that was given before gets a number. */
export function namePlaces(endpoints) {
  const taken = new Set();
  for (const endpoint of endpoints) {
    const place = take(taken, `endpoint-${slug(endpoint.route_name ?? endpoint.name)}`);
    places.set(endpoint, place);
    nameMessages(endpoint, place.replace(/^(endpoint-)+/, ""), taken);
  }
}

function nameMessages(endpoint, owner, taken) {
  for (const [key, direction] of Object.entries(DIRECTIONS)) {
    for (const message of endpoint[key]) {
      places.set(message, take(taken, `message-${owner}-${direction}-${slug(message.action)}`));
    }
  }
}

function take(taken, name) {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}`;
  taken.add(free);
  return free;
}

/** Lower-case letters and digits with hyphens between them. */
function slug(text) {
  return text.replaceAll(/[^A-Za-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").toLowerCase();
}

/** The address of an endpoint's or a message's place, or nothing without such a page. */
export function docsOf(described) {
  const page = pageAddress(document.querySelector('meta[name="chanx:docs"]')?.content);
  return page && places.has(described) ? `${page}#${places.get(described)}` : null;
}
