// A page of another origin, in a real browser, which sends its credentials with everything and posts more than is taken.
// LARKA_ADDRESS, LARKA_KEY, LARKA_SECRET: the server and a credential. PAGE_PORT: where the page is, an origin that the
// server was told of. CHROMIUM: the browser, /usr/bin/chromium unless set.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const { LARKA_ADDRESS: address, LARKA_KEY: key, LARKA_SECRET: secret, PAGE_PORT: port } = process.env;

const server = createServer((_, response) => {
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  response.end("<!doctype html><html lang=sv><title>Verktyg</title>");
});
await new Promise((listening) => server.listen(Number(port), "127.0.0.1", listening));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const ask = (path, method, bytes, own) =>
    page.evaluate(
      async ([url, method, bytes, authorization]) => {
        const headers = { "X-Experience-API-Version": "1.0.3", "Content-Type": "application/json" };
        if (authorization) headers.Authorization = authorization;
        const body = bytes ? new Blob([new Uint8Array(bytes)]) : undefined;
        // Without a log-in the browser would ask its user for one.
        const credentials = authorization ? "include" : "omit";
        const response = await fetch(url, { method, headers, body, credentials });
        return [response.status, (await response.text()).length > 0];
      },
      [`${address}${path}`, method, bytes, own && `Basic ${Buffer.from(`${key}:${secret}`).toString("base64")}`],
    );
  assert.deepEqual(await ask("/xapi/statements", "GET", 0, true), [200, true]);
  for (const bytes of [17 << 20, 100 << 20]) {
    assert.deepEqual(await ask("/xapi/statements", "POST", bytes, true), [413, true]);
    assert.deepEqual(await ask("/xapi/statements", "POST", bytes, false), [401, true]);
    assert.deepEqual(await ask("/xapi/nothing", "POST", bytes, true), [404, true]);
  }
} finally {
  await browser.close();
  server.close();
}
