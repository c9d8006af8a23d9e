// A newcomer's walk, all of it on 360 px: a survey is made of the template HME, asked in a round that nobody can link, answered
// by personal links, closed, and its report is read; axe looks at what is met on the way, with the rules of WCAG 2.2 A and AA.
//
// LARKA_ADDRESS, LARKA_LOGIN, LARKA_PASSWORD: an instance with people and nothing else. LARKA_ANSWERING: how many answer.
// CHROMIUM: the browser, /usr/bin/chromium unless set. LARKA_SHOTS: a folder for pictures of the pages, if wanted.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const { LARKA_ADDRESS: address, LARKA_LOGIN: login, LARKA_PASSWORD: password, LARKA_SHOTS: shots } = process.env;
const answering = Number(process.env.LARKA_ANSWERING);
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
assert.ok(address && login && password && answering, "LARKA_… say what to test");
assert.ok(existsSync(executablePath), `there is no browser at ${executablePath}; install chromium or set CHROMIUM`);
if (shots) mkdirSync(shots, { recursive: true });

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, locale: "sv-SE" };
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
let looked = 0;

async function open() {
  const context = await browser.newContext({ ...PHONE, acceptDownloads: true });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.faults.push(`script: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400) page.faults.push(`${response.status()}: ${response.url()}`);
  });
  return page;
}

/** What holds of every page. */
async function check(page, name) {
  looked += 1;
  assert.deepEqual(page.faults, [], name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name}: scrolls sideways by ${wide} px`);
  await page.evaluate(axe);
  const result = await page.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values } }), RULES);
  const violations = result.violations.map(
    (found) => `${found.id} (${found.impact}) ${found.help}: ${found.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`,
  );
  assert.deepEqual(violations, [], `${name}: axe`);
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

/** A press that leads to another page, and that page, loaded. */
async function follow(page, locator) {
  await Promise.all([page.waitForEvent("load"), locator.click()]);
}

const named = (page, name) => page.locator("main").getByRole("link", { name });
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Loads the page again until something is on it. */
async function until(page, locator) {
  for (const patience = Date.now(); (await locator.count()) === 0; await page.reload()) {
    const waits = Date.now() - patience < 60_000;
    assert.ok(waits, waits || `waited in vain for ${locator} on: ${await page.textContent("main")}`);
  }
}

/** A survey of the template, asked in a round; gives the personal links. */
async function ask(page) {
  await page.goto(address);
  await page.fill("#user", login);
  await page.fill("#password", password);
  await follow(page, page.locator("button.main"));
  await check(page, "begin");
  await follow(page, page.locator(".top nav").getByRole("link", { name: "Enkäter", exact: true }));
  await check(page, "surveys");
  await follow(page, named(page, "Gör en enkät"));
  await follow(page, page.locator('main a[href*="/new"][href*="ready=hme"]'));
  await check(page, "template");
  await follow(page, button(page, "Spara enkäten"));
  await check(page, "saved");
  await follow(page, named(page, "Fråga den i en omgång"));
  await page.fill("#title", "Så har vi det");
  await check(page, "new round");
  await follow(page, button(page, "Spara omgången"));
  await follow(page, button(page, "Öppna nu"));
  await until(page, button(page, "Stäng nu"));
  await check(page, "open round");
  const waiting = page.waitForEvent("download");
  await named(page, "Hämta listan över personliga länkar").click();
  const list = readFileSync(await (await waiting).path(), "utf8").trimEnd().split("\r\n").slice(1);
  // The instance does not know which port it was given.
  return list.map((line) => line.split(";").at(-1).replaceAll('"', "").replace(/^https?:\/\/[^/]+/, address));
}

/** Somebody answers, by their own link. */
async function answer(link, number) {
  const page = await open();
  const look = (name) => (number === 0 ? check(page, name) : undefined);
  await page.goto(link);
  await look("before the first question");
  await follow(page, button(page, "Börja"));
  for (let pages = 1; ; pages += 1) {
    await look(`questions ${pages}`);
    const questions = new Set(await page.locator("input[type=radio]").evaluateAll((all) => all.map((one) => one.name)));
    assert.equal(questions.size, 3);
    let place = 0;
    for (const name of questions) {
      const choices = page.locator(`label.choice:has(> input[name="${name}"])`);
      await choices.nth((number + place++) % (await choices.count())).click();
    }
    const next = button(page, "Nästa");
    if ((await next.count()) === 0) break;
    await follow(page, next);
  }
  await follow(page, button(page, "Skicka in"));
  await look("thanks");
  assert.ok((await page.textContent("h1")).includes("Tack"), await page.textContent("main"));
  assert.deepEqual([await page.context().cookies(), page.faults], [[], []]);
  await page.context().close();
}

/** The round is closed, and its report is read where one looks for it. */
async function read(page, asked) {
  await follow(page, button(page, "Stäng nu"));
  await until(page, named(page, "Läs rapporten"));
  await check(page, "closed round");
  // What came out of the ballot box was stored just now, and is in reports once the followers of the log have it.
  while (!(await (await page.request.get(`${address}/api/v1/status`)).json()).settled);
  await follow(page, named(page, "Läs rapporten"));
  await check(page, "report");
  const report = await page.textContent("main");
  assert.ok(report.includes(`${answering} av ${asked}`), "how many have answered");
  assert.ok(report.includes("Motivation") && report.includes("Styrning"), "the parts of HME");
  assert.ok((await page.locator("main table").count()) > 5 && (await page.locator("svg.drawing").count()) > 0);
  // It is the one that is met without looking for it, too.
  const title = await page.textContent("h1");
  await page.goto(address);
  await follow(page, page.locator(".top nav").getByRole("link", { name: "Enkätresultat" }));
  assert.equal(await page.textContent("h1"), title);
}

try {
  const page = await open();
  const links = await ask(page);
  for (const [number, link] of links.slice(0, answering).entries()) await answer(link, number);
  await read(page, links.length);
  assert.deepEqual(page.faults, []);
  console.log(`${looked} pages: as they should be`);
} finally {
  await browser.close();
}
