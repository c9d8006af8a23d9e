// What walks through the administration share: a browser, a phone of 360 px, what holds of every page.
//
// LARKA_ADDRESS, LARKA_LOGIN, LARKA_PASSWORD: the instance. CHROMIUM: the browser, /usr/bin/chromium unless set. LARKA_SHOTS: a
// folder for pictures of the pages, if wanted.

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";

import { accessible } from "./axe.mjs";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");

export const { LARKA_ADDRESS: address, LARKA_LOGIN: login, LARKA_PASSWORD: password, LARKA_SHOTS: shots } = process.env;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
assert.ok(address && login && password, "LARKA_ADDRESS, LARKA_LOGIN and LARKA_PASSWORD say what to test");
assert.ok(existsSync(executablePath), `there is no browser at ${executablePath}; install chromium or set CHROMIUM`);
if (shots) mkdirSync(shots, { recursive: true });

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, locale: "sv-SE" };
export const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
let looked = 0;

/** A page of its own session, in which nothing may fail unseen; `expected` are statuses that a page may have. */
export async function open(expected = []) {
  const context = await browser.newContext({ ...PHONE, acceptDownloads: true });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (message) => {
    const ours = expected.some((status) => message.text().includes(`status of ${status}`));
    if (["error", "warning"].includes(message.type()) && !ours) page.faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.faults.push(`script: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400 && !expected.includes(response.status())) page.faults.push(`${response.status()}: ${response.url()}`);
  });
  return page;
}

/** What holds of every page. */
export async function check(page, name) {
  looked += 1;
  assert.deepEqual(page.faults, [], name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name}: scrolls sideways by ${wide} px`);
  await accessible(page, name, RULES);
  if (shots) await page.screenshot({ path: `${shots}/${name.replaceAll(/[^\p{L}\d]+/gu, "-")}.png`, fullPage: true });
}

/** A press that leads to another page, and that page, loaded. */
export async function follow(page, locator) {
  await Promise.all([page.waitForEvent("load"), locator.click()]);
}

export const named = (page, name) => page.locator("main").getByRole("link", { name });
export const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Loads the page again until something is on it. */
export async function until(page, locator) {
  for (const patience = Date.now(); (await locator.count()) === 0; await page.reload()) {
    const waits = Date.now() - patience < 60_000;
    assert.ok(waits, waits || `waited in vain for ${locator} on: ${await page.textContent("main")}`);
  }
}

/** Logs in. */
export async function enter(page) {
  await page.goto(address);
  await page.fill("#user", login);
  await page.fill("#password", password);
  await follow(page, page.locator("button.main"));
}

/** Walks to the end, and says so. */
export async function walk(steps) {
  try {
    await steps();
    console.log(`${looked} pages: as they should be`);
  } finally {
    await browser.close();
  }
}
