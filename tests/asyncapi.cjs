// Checks an AsyncAPI document with AsyncAPI's own parser. Usage: asyncapi.cjs <document>
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

const text = readFileSync(process.argv[2], "utf8");
new Parser().parse(text).then(({ document, diagnostics }) => {
  const faults = diagnostics.filter(({ severity }) => severity <= 1); // errors and warnings
  for (const { path, message } of faults) console.error(`${path.join(".")}: ${message}`);
  if (!document || faults.length > 0) process.exit(1);
  console.log(`${document.allMessages().length} messages are described`);
});
