// What the documentation can do beside being read: filter its messages, copy examples.

const wide = matchMedia("(min-width: 60rem)");
const contents = document.querySelector(".contents details");

/** The table of contents is always open where there is room for it beside the text. */
function unfoldContents() {
  contents.open = wide.matches;
}

wide.addEventListener("change", unfoldContents);
unfoldContents();

/** Nothing is hidden on paper. */
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});
addEventListener("afterprint", unfoldContents);

function matches(element, words) {
  const text = element.textContent.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Shows the messages with all the words, the groups and endpoints that still hold one, and their entries. */
function filter(words) {
  const messages = [...document.querySelectorAll("[data-filter]")];
  for (const message of messages) message.hidden = !matches(message, words);
  for (const group of document.querySelectorAll("[data-filter-group]")) {
    group.hidden = words.length > 0 && !group.querySelector("[data-filter]:not([hidden])");
  }
  for (const facts of document.querySelectorAll("[data-filter-fact], #general")) facts.hidden = words.length > 0;
  for (const entry of document.querySelectorAll("[data-entry]")) entry.hidden = document.getElementById(entry.dataset.entry).hidden;
  if (words.length > 0) for (const folded of document.querySelectorAll("details.folded")) folded.open = true;
  const shown = messages.filter((message) => !message.hidden).length;
  status.textContent = words.length > 0 ? `${shown} of ${messages.length} messages` : "";
}

const field = document.querySelector("#filter");
const status = document.querySelector("#filter-status");
field.closest(".filter").hidden = false;
field.addEventListener("input", () => filter(field.value.toLowerCase().split(/\s+/).filter(Boolean)));

/** What an address leads to is shown, whatever is folded and whatever the filter says. */
function reveal() {
  const target = document.getElementById(location.hash.slice(1));
  const folded = target?.closest("details:not([open])");
  if (!folded && !target?.closest("[hidden]")) return;
  field.value = "";
  filter([]);
  target.closest("details")?.setAttribute("open", "");
  target.scrollIntoView();
}

addEventListener("hashchange", reveal);
reveal();

/** A button that copies what stands in an example, where the browser allows it. */
function addCopyButton(example) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(example.querySelector("pre").textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser does not allow copying";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  example.querySelector("figcaption").append(button);
}

if (navigator.clipboard) document.querySelectorAll(".example").forEach(addCopyButton);
