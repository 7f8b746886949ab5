// Who is logged in on this page, shown at its head.

import { session as load } from "./api.js";
import { el, pageAddress, refill } from "./dom.js";
import { isolated } from "./safe-text.js";

/** `{isKnown, user, loginUrl, logoutUrl}`; unknown where the application has no accounts. `fragment` keeps the page's state. */
export const session = { isKnown: false, user: null, loginUrl: null, logoutUrl: null, fragment: () => location.hash };

/** Asks again and shows the answer in `place`. */
export async function refreshSession(place) {
  const answer = await load();
  session.isKnown = answer !== null;
  session.user = answer?.user ?? null;
  session.loginUrl = pageAddress(answer?.login_url);
  session.logoutUrl = pageAddress(answer?.logout_url);
  refill(place, session.isKnown && view());
}

/** A link to the login page, which leads back to the same state of this page; nothing without such a page. */
export function loginLink(words) {
  return linkBack(session.loginUrl, words);
}

function linkBack(address, words) {
  if (!address) return null;
  return el("a", { href: withNext(address), onclick: ({ currentTarget }) => { currentTarget.href = withNext(address); } }, words);
}

function withNext(address) {
  const url = new URL(address);
  url.searchParams.set("next", location.pathname + location.search + session.fragment());
  return url.href;
}

function view() {
  const isLoggedIn = session.user !== null;
  const words = isLoggedIn ? ["Logged in as ", el("strong", {}, isolated(session.user))] : "Not logged in";
  return el("span.session", {}, el("span", {}, words), isLoggedIn ? linkBack(session.logoutUrl, "Log out") : loginLink("Log in"));
}
