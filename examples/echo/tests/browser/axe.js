// Asks axe-core, which is loaded already, what keeps people from using the page.

const done = arguments[arguments.length - 1];
const kinds = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const summary = ({ id, nodes }) => ({ id, count: nodes.length, first: `${nodes[0].html.slice(0, 200)}: ${nodes[0].failureSummary}` });
axe.run(document, { runOnly: kinds }).then(({ violations }) => done(violations.map(summary)), (error) => done(String(error)));
