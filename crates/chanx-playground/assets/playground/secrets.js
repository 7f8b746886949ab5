// Which names look as if their values were secrets. Those are kept out of links, of the history and of what is exported.

const SECRET = /pass(word|wd|phrase)?$|secret|token|api_?-?key|credential|authorization|signature|session|cookie|^(pin|otp|auth|key|sig)$/i;

/** Whether a parameter or field with this name probably holds a secret. */
export function isSecret(name) {
  return SECRET.test(name);
}

/** A subprotocol, with dots in the place of the token that may be in it. */
export function withoutToken(subprotocol) {
  return subprotocol.replace(/^(chanx\.bearer\.).*$/s, "$1...");
}

/** The address with dots in the place of secrets in its query. */
export function withoutSecrets(address) {
  const [path, query] = [address.replace(/\?.*$/s, ""), address.slice(address.indexOf("?") + 1)];
  if (path === address) return address;
  return `${path}?${query.split("&").map(withoutSecret).join("&")}`;
}

function withoutSecret(pair) {
  const name = pair.replace(/=.*$/s, "");
  return isSecret(name) ? `${name}=...` : pair;
}
