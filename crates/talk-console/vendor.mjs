#!/usr/bin/env node
// Checks the libraries in assets/vendor against the packages that vendor.json names, or writes them.
//
// usage: vendor.mjs [--write]
//
// Each package is fetched through npm and its archive compared with `integrity`. The files are copied
// as they are, except for imports of other packages, which become paths: the content security policy
// of the console allows no import map.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const isWriting = process.argv.includes("--write");

/** Import names of packages, and the files that stand for them. */
const IMPORTS = {
  preact: "./preact.js",
  "preact/hooks": "./hooks.js",
  "@preact/signals-core": "./signals-core.js",
};

/**
 * Replaces the names of packages in imports and exports by paths, and drops the reference to a source
 * map, which is not served.
 * @param {string} source
 */
function rewritten(source) {
  const named = source.replace(/(from|import)"([^"./][^"]*)"/g, (whole, keyword, name) => {
    const path = IMPORTS[/** @type {keyof typeof IMPORTS} */ (name)];
    if (!path) throw new Error(`no file for the import ${name}`);
    return `${keyword}"${path}"`;
  });
  return named.replace(/\n?\/\/# sourceMappingURL=.*\n?$/, "\n");
}

const folder = mkdtempSync(join(tmpdir(), "vendor-"));
let differences = 0;
try {
  const packages = JSON.parse(readFileSync(join(here, "vendor.json"), "utf8"));
  for (const { package: name, version, integrity, license, files } of packages) {
    const packed = execFileSync("npm", ["pack", "--silent", `${name}@${version}`], { cwd: folder });
    const archive = join(folder, packed.toString().trim().split("\n").at(-1) ?? "");
    const digest = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
    if (digest !== integrity) throw new Error(`${name}@${version} has the integrity ${digest}`);
    execFileSync("tar", ["-xzf", archive, "-C", folder]);
    for (const [from, to] of Object.entries(files)) {
      const head = `/* ${name} ${version}, ${from}, ${license} */\n`;
      const wanted = head + rewritten(readFileSync(join(folder, "package", from), "utf8"));
      const path = join(here, "assets/vendor", String(to));
      if (isWriting) writeFileSync(path, wanted);
      else if (readFileSync(path, "utf8") !== wanted) {
        console.error(`assets/vendor/${to} is not ${from} of ${name} ${version}`);
        differences += 1;
      }
    }
    rmSync(join(folder, "package"), { recursive: true });
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (differences) process.exit(1);
console.log(isWriting ? "the libraries were written" : "the libraries are those of vendor.json");
