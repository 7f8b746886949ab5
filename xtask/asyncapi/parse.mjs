// Reads AsyncAPI documents with the official parser. All that it says about them counts, but for the remarks that are accepted here.

import { createRequire } from "node:module";

// The packages are where the program was started, not here.
const { Parser, fromFile } = createRequire(`${process.cwd()}/`)("@asyncapi/parser");

/** The code of a remark, and why it may stay. */
const ACCEPTED = new Map([
  ["asyncapi-latest-version", "3.0.0 is what most tools read; nothing that was added since is needed"],
]);

async function read(parser, file) {
  const { document, diagnostics } = await fromFile(parser, file).parse();
  const remarks = diagnostics.filter(({ code }) => !ACCEPTED.has(code));
  for (const { code, message, path } of remarks) console.error(`${file}: ${path.join(".")}: ${message} (${code})`);
  if (document) console.log(`${file}: ${document.channels().length} channels, ${document.allMessages().length} messages`);
  return Boolean(document) && remarks.length === 0;
}

const parser = new Parser();
let areGood = true;
for (const file of process.argv.slice(2)) areGood = (await read(parser, file)) && areGood;
process.exitCode = areGood ? 0 : 1;
