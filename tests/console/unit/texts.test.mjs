// Every language has every text, with the same values, and the code names every text.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import ar from "../assets/texts/ar.js";
import en from "../assets/texts/en.js";

/** The values in a text, in all its forms. */
function values(text) {
  const forms = typeof text === "string" ? [text] : Object.values(text);
  return new Set(forms.flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)));
}

test("the languages have the same texts with the same values", () => {
  assert.deepEqual(Object.keys(ar).sort(), Object.keys(en).sort());
  for (const name of Object.keys(en)) {
    assert.deepEqual([...values(ar[name])].sort(), [...values(en[name])].sort(), name);
    if (typeof en[name] === "string") continue;
    for (const count of [0, 1, 2, 3, 11, 100]) {
      for (const [language, texts] of [["en", en], ["ar", ar]]) {
        const form = new Intl.PluralRules(language).select(count);
        assert.notEqual(texts[name][form], undefined, `${language} ${name} ${form}`);
      }
    }
  }
});

test("every text is used", () => {
  const files = readdirSync("assets", { recursive: true }).map(String);
  const code = files.filter((file) => file.endsWith(".js") && !/^(texts|vendor)\//.test(file));
  const source = code.map((file) => readFileSync(`assets/${file}`, "utf8")).join("\n");
  const unused = Object.keys(en).filter((name) => !source.includes(`"${name}"`));
  assert.deepEqual(unused, []);
});
