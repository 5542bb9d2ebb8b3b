// Uploaded files never run anything in a browser, however they are opened.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, Server } from "../support.mjs";

/** The code of every file: it would report to a page that opened it, and to the server. */
const RUN = "globalThis.ran?.();(globalThis.opener??globalThis.parent)?.ran?.();new Image().src='/ran'";

/** The beginning of a real picture in each format. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const JPEG = Buffer.from("ffd8ffe000104a46494600010100000100010000", "hex");
const WEBP = Buffer.from("RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0", "latin1");
const BMP = Buffer.from("424d46000000000000003600000028000000", "hex");

const SCRIPT = `<script>${RUN}</script>`;
const PAGE = `<!doctype html><html><body onload="${RUN}">${SCRIPT}<img src=x onerror="${RUN}"></body></html>`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload="${RUN}"><script>${RUN}</script></svg>`;

/**
 * A text in UTF-16 with a byte order mark.
 * @param {string} text
 */
const utf16 = (text) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);

/**
 * A PDF whose document runs a script when it is opened.
 */
const PDF = `%PDF-1.7
1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(${RUN})>>>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj
trailer<</Root 1 0 R>>`;

/** Names that would leave a folder, a header or an attribute. */
const NAMES = [
  "a.html",
  "a.svg",
  "a.png",
  "a.png.html",
  "../../a.html",
  "..\\..\\a.html",
  "/etc/passwd.html",
  "a.html\0.png",
  "a\r\nContent-Type: text/html\r\n\r\n<script>globalThis.ran()</script>.png",
  'a"; filename="b.html',
  "a%0d%0aX-Injected: yes.html",
  "a\u202egnp.html",
  `"><script>${RUN}</script>.png`,
  `${"a".repeat(200)}.html`,
];

/** Declared types that a server might believe. */
const TYPES = [
  "text/html",
  "image/png",
  "image/svg+xml",
  "application/xhtml+xml",
  "text/xml",
  "text/plain",
  "application/javascript",
  "multipart/x-mixed-replace; boundary=x",
  "message/rfc822",
  "application/pdf",
];

/** @type {[string, string | Buffer][]} */
const BODIES = [
  ["page", PAGE],
  ["page behind a byte order mark", `\ufeff${PAGE}`],
  ["page behind white space", `${" \r\n\t".repeat(400)}${PAGE}`],
  ["page behind a comment", `<!-- ${"x".repeat(6_000)} -->${PAGE}`],
  ["page behind a comment longer than what is sniffed", `<!-- ${"x".repeat(20_000)} -->${PAGE}`],
  ["page in UTF-16", utf16(PAGE)],
  ["page in UTF-7", "+ADw-script+AD4-globalThis.ran()+ADw-/script+AD4-"],
  ["page behind NUL", `\0\0${PAGE}`],
  ["page behind text", `hello ${"x".repeat(9_000)}${PAGE}`],
  ["script alone", RUN],
  ["drawing", SVG],
  ["drawing with a declaration", `<?xml version="1.0"?>${SVG}`],
  ["drawing with a doctype", `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">${SVG}`],
  ["drawing in UTF-16", utf16(SVG)],
  ["page as XML", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">${SCRIPT}</html>`],
  ["style sheet as XML", `<?xml-stylesheet type="text/xsl" href="data:text/xsl,${SCRIPT}"?><a/>`],
  ["element of another name", `<x:script xmlns:x="http://www.w3.org/1999/xhtml">${RUN}</x:script>`],
  ["picture and page, PNG", Buffer.concat([PNG, Buffer.from(PAGE)])],
  ["picture and page, JPEG", Buffer.concat([JPEG, Buffer.from(`/*${PAGE}*/${RUN}`)])],
  ["picture and script, GIF", `GIF89a/*${"\0".repeat(9)}*/=1;${RUN};${PAGE}`],
  ["picture and page, WebP", Buffer.concat([WEBP, Buffer.from(PAGE)])],
  ["picture and page, BMP", Buffer.concat([BMP, Buffer.from(PAGE)])],
  ["document with a script, PDF", PDF],
  ["document and page, PDF", `%PDF-1.7\n${PAGE}`],
  ["archive and page, ZIP", Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.from(PAGE)])],
  ["parts of a mail", `MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n${PAGE}`],
  ["parts that replace each other", `--x\r\nContent-Type: text/html\r\n\r\n${PAGE}\r\n--x--`],
  ["nothing", ""],
];

/** @type {Server} */
let server;
/** @type {Browser} */
let browser;

before(async () => {
  server = await Server.start({ TALK_PUBLIC_URL: "http://talk.example" });
  browser = await Browser.start();
});

after(async () => {
  await browser?.stop();
  server?.stop();
});

/**
 * Uploads a file as Alice. The form is written byte by byte, since libraries repair names.
 * @param {string} name
 * @param {string} type
 * @param {string | Buffer} bytes
 */
async function upload(name, type, bytes) {
  const head = `--edge\r\nContent-Disposition: form-data; name="file"; filename="${name.replaceAll('"', '\\"')}"`;
  const body = Buffer.concat([
    Buffer.from(`${head}\r\nContent-Type: ${type}\r\n\r\n`),
    Buffer.from(bytes),
    Buffer.from("\r\n--edge--\r\n"),
  ]);
  const answer = await fetch(`${server.url}/v1.0/service_agents/files`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${server.agents.alice.token}`,
      "Content-Type": "multipart/form-data; boundary=edge",
    },
    body,
  });
  return { status: answer.status, file: await answer.json() };
}

/**
 * Opens an address in every way in which a page can, and returns when each is done.
 * @param {import("playwright-core").Page} page
 * @param {string} url
 */
async function open(page, url) {
  await page.evaluate(async (url) => {
    const done = (/** @type {HTMLElement} */ element) =>
      new Promise((resolve) => {
        element.onload = element.onerror = resolve;
        // A download never loads.
        setTimeout(resolve, 150);
        document.body.append(element);
      });
    const elements = ["iframe", "img", "embed", "object", "script", "video"].map((name) => {
      const element = document.createElement(name);
      element.setAttribute(name === "object" ? "data" : "src", url);
      return done(element);
    });
    await Promise.all(elements);
    document.body.replaceChildren();
  }, url);
}

test("no file runs anything, embedded, opened or as a script", async () => {
  const page = await browser.page("about:blank");
  // A page of the same origin without the policy of the console: only the answers protect it.
  await page.context().route(`${server.url}/bare`, (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><body>" }),
  );
  await page.goto(`${server.url}/bare`);
  let ran = 0;
  await page.context().exposeFunction("ran", () => (ran += 1));
  const requested = [];
  page.context().on("request", (request) => {
    if (new URL(request.url()).pathname === "/ran") requested.push(request.url());
  });
  // The same bytes as a careless server would serve them do run.
  let careless = 0;
  for (const [, bytes] of BODIES) {
    const body = Buffer.from(bytes);
    await page.context().route(`${server.url}/careless`, (route) => route.fulfill({ contentType: "text/html", body }));
    ran = 0;
    await open(page, `${server.url}/careless`);
    careless += Math.min(ran, 1);
    await page.context().unroute(`${server.url}/careless`);
  }
  assert.ok(careless >= 15, `only ${careless} files run anything at all`);
  ran = 0;
  requested.length = 0;

  let opened = 0;
  for (const [index, [what, bytes]] of BODIES.entries()) {
    const disguises = [
      ["a.html", "text/html"],
      [NAMES[index % NAMES.length] ?? "", TYPES[index % TYPES.length] ?? ""],
    ];
    for (const [name = "", type = ""] of disguises) {
      const { status, file } = await upload(name, type, bytes);
      // A name that ends its header, and a form in a form, are refused.
      if (status !== 200 && (/[\r\n\0]/.test(name) || type.startsWith("multipart/"))) {
        assert.equal(status, 400, JSON.stringify(file));
        continue;
      }
      assert.equal(status, 200, `${what} as ${type}: ${JSON.stringify(file)}`);
      const token = encodeURIComponent(server.agents.alice.token);
      const link = new URL(file.uri_download).pathname;
      for (const path of [`/v1.0/service_agents/files/${file.id}/file?token=${token}`, link]) {
        const url = server.url + path;
        const answer = await fetch(url);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get("x-injected"), null);
        assert.equal(answer.headers.get("content-security-policy"), "sandbox; default-src 'none'");
        await open(page, url);
        const popup = await page.context().newPage();
        // A download ends the navigation with an error.
        await popup.goto(url).catch(() => undefined);
        await popup.close();
        assert.equal(ran, 0, `${what} as ${type} ran, named ${name}`);
        assert.deepEqual(requested, [], `${what} as ${type} loaded something`);
        opened += 1;
      }
    }
  }
  assert.ok(opened >= 2 * BODIES.length, `only ${opened} were opened`);
  console.log(`${careless} of ${BODIES.length} files would run; ${opened} addresses opened in 7 ways: 0 executions`);
});
