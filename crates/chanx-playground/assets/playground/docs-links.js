// Where the documentation page has an endpoint or a message.

import { pageAddress } from "./dom.js";

/** The anchor's words: lower-case letters and digits, hyphens between them. */
function slug(text) {
  return text.replaceAll(/[^A-Za-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").toLowerCase();
}

function anchor(kind, ...parts) {
  const page = pageAddress(document.querySelector('meta[name="chanx:docs"]')?.content);
  return page && `${page}#${kind}-${parts.map(slug).join("-")}`;
}

/** The endpoint's place, or nothing without such a page. */
export function endpointDocs(endpoint) {
  return anchor("endpoint", endpoint.route_name ?? endpoint.name);
}

/** The message's place, or nothing without such a page. */
export function messageDocs(endpoint, action) {
  return anchor("message", endpoint.route_name ?? endpoint.name, action);
}
