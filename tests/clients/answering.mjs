// The answer pages in a real browser: every type of question with and without scripts, by keyboard alone, on a phone of
// 360 px; what the browser's own back, forward and reload do; and axe on every state, with the rules of WCAG 2.2 A and AA.
//
// LARKA_ADDRESS: where the pages are. LARKA_CODES: the codes of their rounds as JSON, those of services/survey/tests/rig
// unless set. LARKA_BRIEFLY: one walk of a kind, where somebody else has looked at all of them. CHROMIUM: the browser,
// /usr/bin/chromium unless set. LARKA_SHOTS: a folder for pictures of the pages, if wanted.

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";

import { accessible } from "./axe.mjs";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");

const { LARKA_ADDRESS: address, LARKA_SHOTS: shots } = process.env;
const codes = {
  open: "ALLT", personal: "PERSON", token: "anna-1", closed: "STANGD", soon: "SNART",
  ...JSON.parse(process.env.LARKA_CODES ?? "{}"),
};
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
assert.ok(address, "LARKA_ADDRESS says what to test");
assert.ok(existsSync(executablePath), `there is no browser at ${executablePath}; install chromium or set CHROMIUM`);
if (shots) mkdirSync(shots, { recursive: true });

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const LOOKS = {
  desk: { viewport: { width: 1280, height: 900 } },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  // What is left of 1280 px at a zoom of 200 %.
  zoomed: { viewport: { width: 640, height: 450 } },
  phone: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
};
const browser = await chromium.launch({
  executablePath,
  // How days are typed follows from the browser's own language.
  env: { ...process.env, LANGUAGE: "en_US" },
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
let looked = 0;

/** A page of its own session, in which nothing may fail unseen. */
async function open(look, scripts = true, locale = "sv-SE") {
  const context = await browser.newContext({ ...LOOKS[look], locale, javaScriptEnabled: scripts });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.faults = [];
  // axe waits for timers, which do not run where scripts do not: it looks at the same page in another window.
  if (!scripts) {
    page.twin = await (await browser.newContext({ ...LOOKS[look], locale })).newPage();
    await page.twin.route(`${address}/s/twin`, async (route) => {
      const body = (await page.content()).replaceAll(/<script[^>]*><\/script>/g, "");
      await route.fulfill({ body, contentType: "text/html; charset=utf-8" });
    });
  }
  page.on("console", (message) => {
    const refused = message.text().includes("the server responded with a status of 4");
    if (["error", "warning"].includes(message.type()) && !refused) page.faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.faults.push(`script: ${error.message}`));
  page.on("response", (response) => {
    if (!response.url().startsWith(`${address}/s/`) && !response.url().startsWith("data:")) page.faults.push(`another site: ${response.url()}`);
  });
  return page;
}

/** Whether the focus comes to an element: a browser moves it when it draws the page, which may be after it has loaded. */
async function focused(page, selector) {
  for (let tries = 0; tries < 40; tries += 1) {
    if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** What holds of every page; `focus` is where the reader stands. */
async function check(page, name, focus) {
  looked += 1;
  assert.deepEqual(page.faults, [], name);
  const found = await page.evaluate(() => {
    const seen = (element) => element.checkVisibility();
    const targets = [...document.querySelectorAll("button:not([aria-hidden]), select, textarea, label.choice, input:not([type=hidden], [type=radio], [type=checkbox]), .summary a")];
    return {
      headings: document.querySelectorAll("h1").length,
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      ids: [...document.querySelectorAll("[id]")].map((element) => element.id),
      anchors: [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href").slice(1)),
      described: [...document.querySelectorAll("[aria-describedby], [aria-labelledby]")].flatMap((element) =>
        ["aria-describedby", "aria-labelledby"].flatMap((name) => (element.getAttribute(name) ?? "").split(" ").filter(Boolean))),
      small: targets.filter(seen).map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 43.5 || height < 43.5).map(([html, { width, height }]) => `${html} ${width}x${height}`),
      focused: document.activeElement.outerHTML.slice(0, 60),
    };
  });
  assert.equal(found.headings, 1, `${name}: one h1`);
  assert.ok(found.wide <= 0, `${name}: scrolls sideways by ${found.wide} px`);
  assert.equal(new Set(found.ids).size, found.ids.length, `${name}: every id once`);
  for (const id of [...found.anchors, ...found.described]) assert.ok(found.ids.includes(id), `${name}: #${id} is not there`);
  assert.deepEqual(found.small, [], `${name}: targets of 44 px`);
  if (focus) assert.ok(await focused(page, focus), `${name}: the focus is on ${focus}, not ${found.focused}`);
  assert.deepEqual(await page.context().cookies(), [], `${name}: no cookies`);
  const seen = page.twin ?? page;
  await page.twin?.goto(`${address}/s/twin`);
  await accessible(seen, name, RULES);
  if (shots) await page.screenshot({ path: `${shots}/${name.replaceAll(/[^\p{L}\d]+/gu, "-")}.png`, fullPage: true });
}

/** A button, and the page that it leads to, loaded. */
async function press(page, go) {
  const loaded = page.waitForEvent("load");
  await page.locator(`button[value="${go}"]`).click();
  await loaded;
}

const choice = (page, name, value) => page.locator(`label.choice:has(> input[name="${name}"][value="${value}"])`);

async function choosing(page) {
  await choice(page, "dator", "ja").click();
  await page.selectOption('[name="arskurs"]', "7");
  await choice(page, "anvander", "skriva").click();
  await choice(page, "anvander", "other").click();
  await page.fill('[name="anvander-Comment"]', "spela");
  await choice(page, "amnen", "ma").click();
  await choice(page, "amnen", "so").click();
  await choice(page, "trivs", "4").click();
  await choice(page, "hemma", "true").click();
}

async function writing(page) {
  const texts = {
    namn: "Anki", timmar: "2,5", dag: "2026-08-17", manad: "2026-08", epost: "klass@exempel.se", telefon: "08-123 45",
    sida: "https://exempel.se/", tankar: "Rad ett\nrad två",
  };
  for (const [name, text] of Object.entries(texts)) await page.fill(`[name="${name}"]`, text);
}

async function ordering(page) {
  for (const [row, column] of [["lugnt", "1"], ["hjalp", "3"], ["roligt", "2"]]) {
    await page.locator(`label.choice:has(> input[name="pastaenden[${row}]"][value="${column}"])`).click();
  }
  const ranks = { "viktigast[lärare]": "2", "viktigast[kamrater]": "1", "viktigast[dator]": "3", "helst[rita]": "1" };
  for (const [name, place] of Object.entries(ranks)) await page.selectOption(`[name="${name}"]`, place);
  await choice(page, "tavla", "false").click();
  await page.fill('[name="tavla-Comment"]', "Den var släckt.");
}

/** The whole survey with all of its states, and one answer in the end. */
async function walk(look, scripts) {
  const page = await open(look, scripts);
  const name = `${look} ${scripts ? "with" : "without"} scripts`;
  await page.goto(`${address}/s/${codes.open}`);
  await check(page, `${name} start`);
  await press(page, "start");
  await check(page, `${name} first fresh`, "h1");
  await press(page, "next");
  await check(page, `${name} first wrong`, ".summary");
  await page.locator(".summary a").first().click();
  assert.equal(await page.evaluate(() => document.activeElement.name), "dator", `${name}: the summary leads to the field`);
  await choosing(page);
  await check(page, `${name} first filled in`);
  await press(page, "next");
  await check(page, `${name} second fresh`, "h1");
  await page.fill('[name="timmar"]', "många");
  await page.fill('[name="epost"]', "klassen");
  await press(page, "next");
  await check(page, `${name} second wrong`, ".summary");
  assert.equal(await page.inputValue('[name="timmar"]'), "många", `${name}: what is wrong stays to be put right`);
  await writing(page);
  await press(page, "back");
  await check(page, `${name} back on the first`, "h1");
  assert.ok(await page.isChecked('[name="anvander"][value="other"]'), `${name}: back loses nothing`);
  await press(page, "next");
  assert.equal(await page.inputValue('[name="tankar"]'), "Rad ett\nrad två", `${name}: nor what was filled in after`);
  await press(page, "next");
  await check(page, `${name} last fresh`, "h1");
  await press(page, "send");
  await check(page, `${name} last wrong`, ".summary");
  await ordering(page);
  await press(page, "send");
  await check(page, `${name} thanks`, "h1");
  assert.match(await page.textContent("h1"), /^Tack/);
  // Once more: it says the same, and the desk has it once.
  await page.reload();
  assert.match(await page.textContent("h1"), /^Tack/, `${name}: thanks after a reload`);
  await page.context().close();
}

/** Parts of a page come and go at once, and what is not there is not sent. */
async function comingAndGoing() {
  const page = await open("desk");
  await page.goto(`${address}/s/${codes.open}`);
  await press(page, "start");
  const asked = page.locator('[name="varfor"]').first();
  assert.ok(!(await asked.isVisible()) && (await asked.isDisabled()), "it is not there yet");
  await choice(page, "dator", "nej").click();
  assert.ok((await asked.isVisible()) && (await asked.isEnabled()), "it comes at once");
  const seven = page.locator('[name="arskurs"] option[value="7"]');
  assert.ok(await seven.evaluate((option) => option.hidden && option.disabled), "a choice goes at once");
  await choice(page, "varfor", "other").click();
  await page.fill('[name="varfor-Comment"]', "såld");
  await choice(page, "dator", "ja").click();
  assert.ok(!(await asked.isVisible()), "it goes at once");
  assert.ok(await seven.evaluate((option) => !option.hidden && !option.disabled), "and the choice is back");
  await choice(page, "trivs", "1").click();
  await press(page, "next");
  assert.equal(await page.textContent(".place"), "Sida 2 av 3");
  await press(page, "back");
  await choice(page, "dator", "nej").click();
  await check(page, "shown at once");
  await page.context().close();
}

/** What is shut opens and shuts at once; an answer that a page or a panel asks for is told of where it is asked. */
async function openingAndShutting() {
  for (const [look, scripts] of [["phone", true], ["desk", false]]) {
    const page = await open(look, scripts);
    const name = `${look} ${scripts ? "with" : "without"} scripts, shut`;
    await page.goto(`${address}/s/LAST`);
    await press(page, "start");
    const shut = ['[name="tid[ratta]"][value="1"]', '[name="viktigt[lön]"]', '[name="plats"][value="lärarrummet"]'];
    const all = async (there, when) => {
      for (const one of shut) assert.equal(await page.locator(one).isEnabled(), there, `${name}: ${one} ${when}`);
    };
    await all(false, "before anything is chosen");
    await check(page, `${name} first`, "h1");
    await choice(page, "larare", "ja").click();
    if (scripts) {
      await all(true, "at once");
      await choice(page, "larare", "nej").click();
      await all(false, "shut again");
      await choice(page, "larare", "ja").click();
    }
    await choice(page, "tid[lasa]", "1").click();
    if (!scripts) {
      await press(page, "next");
      await check(page, `${name} first wrong`, ".summary");
    }
    await all(true, "once the server knows");
    await choice(page, "tid[ratta]", "2").click();
    await press(page, "next");
    await press(page, "next");
    await check(page, `${name} page wrong`, ".summary");
    await page.locator(".summary a").first().click();
    assert.equal(await page.evaluate(() => document.activeElement.id), "page", `${name}: the summary leads to the page's fault`);
    await page.fill('[name="amne"]', "slöjd");
    await press(page, "next");
    await press(page, "send");
    await check(page, `${name} panel wrong`, ".summary");
    await page.locator(".summary a").first().click();
    assert.equal(await page.evaluate(() => document.activeElement.id), "p0", `${name}: the summary leads to the panel`);
    await page.fill('[name="bra"]', "rasten");
    await press(page, "send");
    assert.match(await page.textContent("h1"), /^Tack/);
    await page.context().close();
  }
}

/** The browser's own buttons lose nothing and count nothing twice. */
async function ownButtons() {
  const page = await open("phone");
  await page.goto(`${address}/s/${codes.open}`);
  await press(page, "start");
  await choosing(page);
  await press(page, "next");
  await writing(page);
  const there = async (selector, what) => {
    await page.locator(selector).waitFor({ state: "attached" });
    await page.waitForLoadState("load");
    assert.deepEqual(page.faults, [], what);
  };
  await page.goBack();
  await there('[name="dator"][value="ja"]:checked', "back");
  assert.equal(await page.inputValue('[name="anvander-Comment"]'), "spela", "back: all of it is there");
  await page.goForward();
  await there('[name="tankar"]', "forward");
  assert.equal(await page.inputValue('[name="tankar"]'), "Rad ett\nrad två", "forward: what was typed and not sent is there");
  await page.reload();
  await there('[name="tankar"]', "reload");
  assert.equal(await page.inputValue('[name="timmar"]'), "2,5", "reload: it is there");
  await press(page, "next");
  await ordering(page);
  await press(page, "send");
  assert.match(await page.textContent("h1"), /^Tack/);
  for (const step of ["goBack", "goBack", "goForward", "reload"]) {
    await page[step]();
    await there("form[data-sent]", step);
    assert.match(await page.textContent("h1"), /^Tack/, `${step} after the thanks: the thanks, and nobody's answers`);
  }
  await check(page, "thanks by the back button", "h1");
  await page.context().close();
}

/** Without scripts a reload sends the same again, and it counts once. */
async function ownButtonsWithoutScripts() {
  const page = await open("desk", false);
  await page.goto(`${address}/s/${codes.open}`);
  await press(page, "start");
  await choosing(page);
  await press(page, "next");
  await page.reload();
  assert.equal(await page.textContent(".place"), "Sida 2 av 3", "a reload is the same page");
  await writing(page);
  await press(page, "next");
  await ordering(page);
  await press(page, "send");
  await page.reload();
  assert.match(await page.textContent("h1"), /^Tack/, "and so it is after the last one");
  await page.context().close();
}

/** A second press before the first is answered. */
async function twice() {
  const page = await open("desk");
  await page.goto(`${address}/s/${codes.open}`);
  await press(page, "start");
  await choosing(page);
  await press(page, "next");
  await writing(page);
  await press(page, "next");
  await ordering(page);
  const loaded = page.waitForEvent("load");
  await page.evaluate(() => {
    const button = document.querySelector('button[value="send"]');
    button.click();
    button.click();
  });
  await loaded;
  await page.locator("form[data-sent]").waitFor({ state: "attached" });
  await page.context().close();
}

/** From the first page to the thanks with nothing but keys. */
async function byKeyboard(scripts) {
  const page = await open("desk", scripts);
  const name = `by keyboard ${scripts ? "with" : "without"} scripts`;
  await page.goto(`${address}/s/${codes.open}`);
  const stops = [];
  const to = async (selector) => {
    for (let tries = 0; tries < 60; tries += 1) {
      await page.keyboard.press("Tab");
      const found = await page.evaluate((selector) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
        return { here: document.activeElement.matches(selector), seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2, what: document.activeElement.outerHTML.slice(0, 90) };
      }, selector);
      if (found.what.startsWith("<body")) continue;
      assert.ok(found.seen, `${name}: focus is seen on ${found.what}`);
      stops.push(found.what);
      if (found.here) return;
    }
    assert.fail(`${name}: ${selector} is not reached; ${stops.slice(-5)}`);
  };
  const enter = async (go) => {
    await to(`button[value="${go}"]`);
    const loaded = page.waitForEvent("load");
    await page.keyboard.press("Enter");
    await loaded;
  };
  const keys = async (...all) => { for (const key of all) await page.keyboard.press(key); };
  await enter("start");
  await to('[name="dator"]');
  await keys("Space");
  await to('[name="arskurs"]');
  await page.keyboard.type("7");
  await to('[name="anvander"][value="skriva"]');
  await keys("Space");
  await to('[name="anvander"][value="other"]');
  await keys("Space");
  await to('[name="anvander-Comment"]');
  await page.keyboard.type("spela");
  await to('[name="amnen"][value="ma"]');
  await keys("Space");
  await to('[name="amnen"][value="so"]');
  await keys("Space");
  await to('[name="trivs"]');
  await keys("Space", "ArrowRight", "ArrowRight", "ArrowRight");
  await to('[name="hemma"]');
  await keys("Space");
  await enter("next");
  await check(page, `${name} second`, "h1");
  for (const [field, text] of [["namn", "Anki"], ["timmar", "2,5"]]) {
    await to(`[name="${field}"]`);
    await page.keyboard.type(text);
  }
  await to('[name="dag"]');
  await page.keyboard.type("08172026");
  await to('[name="manad"]');
  await page.keyboard.type("August");
  await keys("Tab");
  await page.keyboard.type("2026");
  for (const [field, text] of [["epost", "klass@exempel.se"], ["telefon", "08-123 45"], ["sida", "https://exempel.se/"]]) {
    await to(`[name="${field}"]`);
    await page.keyboard.type(text);
  }
  await to('[name="tankar"]');
  await page.keyboard.type("Rad ett");
  await keys("Enter");
  await page.keyboard.type("rad två");
  const days = await page.$$eval('[name="dag"], [name="manad"]', (fields) => fields.map((field) => field.value));
  assert.deepEqual(days, ["2026-08-17", "2026-08"], name);
  await enter("next");
  await check(page, `${name} last`, "h1");
  for (const [row, steps] of [["lugnt", 0], ["hjalp", 2], ["roligt", 1]]) {
    await to(`[name="pastaenden[${row}]"]`);
    await keys("Space", ...Array(steps).fill("ArrowRight"));
  }
  for (const [field, place] of [["viktigast[lärare]", "2"], ["viktigast[kamrater]", "1"], ["viktigast[dator]", "3"], ["helst[rita]", "1"]]) {
    await to(`[name="${field}"]`);
    await page.keyboard.type(place);
  }
  await to('[name="tavla"]');
  await keys("Space", "ArrowDown");
  await to('[name="tavla-Comment"]');
  await page.keyboard.type("Den var släckt.");
  await enter("send");
  assert.match(await page.textContent("h1"), /^Tack/, name);
  await page.context().close();
}

/** A personal code leaves the address, and lets in once. */
async function personal() {
  const page = await open("phone");
  await page.goto(`${address}/s/${codes.personal}#${codes.token}`);
  await page.waitForURL(`${address}/s/${codes.personal}`);
  assert.equal(await page.inputValue("#token"), codes.token);
  await check(page, "personal start");
  // Whoever comes back from another language has the code still.
  await press(page, "en");
  assert.equal(await page.inputValue("#token"), codes.token);
  await page.goBack();
  await page.locator("html[lang=sv] #token").waitFor();
  assert.equal(await page.inputValue("#token"), codes.token, "back on the first page");
  await page.fill("#token", "nils");
  await press(page, "start");
  await check(page, "personal unknown", ".summary");
  await page.fill("#token", codes.token);
  await press(page, "start");
  await check(page, "personal first", "h1");
  const bare = (text) => text.replaceAll("-", "").toUpperCase();
  assert.ok(!bare(await page.content()).includes(bare(codes.token)), "the code stands in no page");
  await choosing(page);
  await press(page, "next");
  await writing(page);
  await press(page, "next");
  await ordering(page);
  await press(page, "send");
  // The page stands already, and only what is behind the # is new.
  await page.goto(`${address}/s/${codes.personal}#${codes.token}`);
  await page.locator("#token").waitFor();
  await page.waitForURL(`${address}/s/${codes.personal}`);
  await press(page, "start");
  assert.equal(await page.textContent("h1"), "Du har redan svarat");
  await check(page, "personal answered", "h1");
  await page.context().close();
}

/** What stands in the way, in both languages; and a language from right to left. */
async function others() {
  for (const [locale, closed, soon] of [["sv-SE", "Enkäten är stängd", "Enkäten har inte öppnat"], ["en-GB", "The survey is closed", "The survey has not opened"]]) {
    const page = await open("phone", true, locale);
    for (const [path, heading] of [[codes.closed, closed], [codes.soon, soon], ["NEJ", null], ["", null]]) {
      await page.goto(`${address}/s/${path}`);
      if (heading) assert.equal(await page.textContent("h1"), heading);
      await check(page, `${locale} ${path || "code"}`);
    }
    await page.fill("#code", `${codes.open.slice(0, 2)} ${codes.open.slice(2).toLowerCase()}`);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${address}/s/${codes.open}`);
    await page.context().close();
  }
  for (const look of ["desk", "phone"]) {
    const page = await open(look);
    await page.goto(`${address}/s/${codes.open}`);
    const spoken = async (tag, where) => {
      assert.equal(await page.evaluate(() => document.documentElement.lang), tag, `${look}: the language of ${where}`);
    };
    for (const tag of ["en", "sv", "ar"]) {
      await press(page, tag);
      await spoken(tag, "the first page");
    }
    await check(page, `${look} ar start`);
    await press(page, "start");
    await spoken("ar", "the first questions");
    await check(page, `${look} ar first`, "h1");
    await press(page, "next");
    await check(page, `${look} ar wrong`, ".summary");
    await press(page, "sv");
    await spoken("sv", "the same page, chosen there");
    await page.context().close();
  }
}

const brief = Boolean(process.env.LARKA_BRIEFLY);
try {
  for (const look of brief ? ["phone"] : Object.keys(LOOKS)) await walk(look, true);
  for (const look of brief ? ["desk"] : ["desk", "phone"]) await walk(look, false);
  await ownButtons();
  await personal();
  if (!brief) {
    await comingAndGoing();
    await openingAndShutting();
    await ownButtonsWithoutScripts();
    await twice();
    await byKeyboard(true);
    await byKeyboard(false);
    await others();
  }
  console.log(`${looked} states of the answer pages are as they should be`);
} finally {
  await browser.close();
}
