// Every page in a real browser: both languages, light and dark, desk and phone; what a reader does on them; and axe
// on all of them, with the rules of WCAG 2.1 A and AA.
//
// LARKA_ADDRESS, LARKA_LOGIN, LARKA_PASSWORD: the demo. CHROMIUM: the browser, /usr/bin/chromium unless set.
// LARKA_SHOTS: a folder for pictures of the pages, if wanted.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { accessible } from "./axe.mjs";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");

const { LARKA_ADDRESS: address, LARKA_LOGIN: login, LARKA_PASSWORD: password, LARKA_SHOTS: shots } = process.env;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
assert.ok(address && login && password, "LARKA_ADDRESS, LARKA_LOGIN and LARKA_PASSWORD say what to test");
assert.ok(existsSync(executablePath), `there is no browser at ${executablePath}; install chromium or set CHROMIUM`);
if (shots) mkdirSync(shots, { recursive: true });

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const LOOKS = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true },
};
const LANGUAGES = {
  sv: {
    login: "Logga in", overview: "Översikt", competence: "Digital kompetens i Lärkby kommun", survey: "Enkätresultat", ordered: "Beställda rapporter", compared: "Jämför med den förra", refused: "Det gick inte", making: "Enkäter",
    sources: "Datakällor", system: "Drift", wrong: "stämmer inte", logout: "Logga ut", show: "Visa", missing: "Sidan finns inte",
  },
  en: {
    login: "Log in", overview: "Overview", competence: "Digital competence in Lärkby kommun", survey: "Survey results", ordered: "Ordered reports", compared: "Compare with the one before", refused: "That did not work", making: "Surveys",
    sources: "Data sources", system: "System", wrong: "is wrong", logout: "Log out", show: "Show", missing: "There is no such page",
  },
};

const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
const looked = { pages: 0, drawings: 0, links: 0 };

/** A page of its own session, in which nothing may fail unseen. */
async function open(look) {
  const context = await browser.newContext({ ...LOOKS[look], bypassCSP: false, acceptDownloads: true });
  const page = await context.newPage();
  page.faults = [];
  page.expected = new Set();
  page.on("console", (message) => {
    const ours = [...page.expected].some((status) => message.text().includes(`status of ${status}`));
    if (["error", "warning"].includes(message.type()) && !ours) page.faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.faults.push(`script: ${error.message}`));
  page.on("requestfailed", (request) => {
    // A download, or a click before the tab has its picture, ends a request early.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") page.faults.push(`request: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    const elsewhere = !response.url().startsWith(address) && !response.url().startsWith("data:");
    if (elsewhere) page.faults.push(`another site: ${response.url()}`);
    if (response.status() >= 400 && !page.expected.has(response.status())) {
      page.faults.push(`${response.status()}: ${response.url()}`);
    }
  });
  return page;
}

/** What holds of every page. */
async function check(page, name, lang) {
  looked.pages += 1;
  assert.deepEqual(page.faults, [], name);
  const found = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    title: document.title,
    headings: [...document.querySelectorAll("h1")].map((h1) => h1.textContent.trim()),
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    scripts: document.scripts.length,
    styled: document.querySelectorAll("[style]").length,
    drawings: [...document.querySelectorAll("svg.drawing")].map((svg) => ({
      role: svg.getAttribute("role"),
      named: (svg.getAttribute("aria-labelledby") ?? "").split(" ").every((id) => document.getElementById(id)),
      title: svg.querySelector(":scope > title")?.textContent.trim() ?? "",
      desc: svg.querySelector(":scope > desc")?.textContent.trim() ?? "",
      links: svg.querySelectorAll("a").length,
    })),
    ids: [...document.querySelectorAll("[id]")].map((element) => element.id),
    anchors: [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href").slice(1)),
  }));
  assert.equal(found.lang, lang, `${name}: the page's language`);
  assert.equal(found.headings.length, 1, `${name}: one h1, found ${JSON.stringify(found.headings)}`);
  assert.match(found.title, / – Lärka$/, `${name}: its title`);
  assert.ok(found.wide <= 0, `${name}: scrolls sideways by ${found.wide} px`);
  assert.equal(found.scripts, 0, `${name}: no scripts`);
  assert.equal(found.styled, 0, `${name}: no styles of its own`);
  assert.equal(new Set(found.ids).size, found.ids.length, `${name}: every id once`);
  for (const anchor of found.anchors) assert.ok(found.ids.includes(anchor), `${name}: #${anchor} is not there`);
  for (const drawing of found.drawings) {
    assert.ok(
      drawing.role === "img" && drawing.named && drawing.title && drawing.desc && drawing.links === 0,
      `${name}: a drawing that says what it shows: ${JSON.stringify(drawing)}`,
    );
  }
  looked.drawings += found.drawings.length;
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  const opened = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(opened <= 0, `${name}: scrolls sideways by ${opened} px when everything is open`);
  // One of several alike is enough for axe, which takes its time over every cell of a table.
  await page.evaluate(() => {
    const another = (details) => !details.parentElement.querySelector(":scope > details")?.isSameNode(details);
    [...document.querySelectorAll("details")].filter(another).forEach((details) => (details.open = false));
  });
  await accessible(page, name, RULES);
  if (shots) await page.screenshot({ path: `${shots}/${name.replaceAll(/[^\p{L}\d]+/gu, "-")}.png`, fullPage: true });
  return found;
}

/** A click that leads to another page, and that page, loaded. */
async function follow(page, locator) {
  const loaded = page.waitForEvent("load");
  await locator.click();
  await loaded;
}

async function enter(page, lang) {
  await page.goto(`${address}/login?lang=${lang}`);
  await page.fill("#user", login);
  await page.fill("#password", password);
  await follow(page, page.locator("button.main"));
}

/** The log-in: asked for, refused, granted, and on to the page that was asked for. */
async function logIn(page, look, lang) {
  const words = LANGUAGES[lang];
  await page.goto(`${address}/system?lang=${lang}`);
  assert.ok(new URL(page.url()).pathname === "/login", "a page without a session is the log-in");
  await check(page, `${look} ${lang} login`, lang);
  assert.equal(await page.textContent("h1"), words.login);
  page.expected.add(401);
  await page.fill("#user", login);
  await page.fill("#password", "not the password at all");
  await follow(page, page.locator("button.main"));
  const notice = page.locator(".notice");
  assert.ok((await notice.textContent()).includes(words.wrong), "a wrong password is told in words");
  await check(page, `${look} ${lang} wrong password`, lang);
  page.expected.delete(401);
  await page.fill("#user", login);
  await page.fill("#password", password);
  await follow(page, page.locator("button.main"));
  assert.equal(page.url(), `${address}/system?lang=${lang}`, "the log-in leads on to what was asked for");
  for (const cookie of await page.context().cookies()) {
    assert.ok(cookie.httpOnly && cookie.sameSite === "Lax" && cookie.path === "/", JSON.stringify(cookie));
  }
}

/** The pages of the navigation, by its links. */
async function navigate(page, look, lang) {
  const words = LANGUAGES[lang];
  const names = ["overview", "competence", "survey", "ordered", "making", "sources", "system"];
  for (const name of names) {
    await page.goto(`${address}/?lang=${lang}`);
    const links = page.locator(".top nav a");
    await follow(page, links.nth(names.indexOf(name)));
    await check(page, `${look} ${lang} ${name}`, lang);
    assert.equal(await page.locator('.top nav a[aria-current="page"]').count(), 1, `${name}: where the reader is`);
    if (name !== "survey") assert.equal((await page.textContent("h1")).trim(), words[name]);
    if (name === "sources") assert.ok((await page.locator("svg.drawing").count()) >= 2, "how fast the sources send is drawn");
  }
  await page.goto(`${address}/?lang=${lang}`);
  const cards = await page.locator(".card a").evaluateAll((links) => links.map((link) => link.href));
  assert.ok(cards.length >= 4, `the overview leads on, found ${cards.length} links`);
  for (const href of cards) {
    looked.links += 1;
    // Nothing is loaded where only the place within the page is another.
    const answer = await page.goto(href);
    assert.ok(!answer || answer.status() === 200, href);
    const place = new URL(href).hash.slice(1);
    if (place) assert.equal(await page.locator(`[id="${place}"]`).count(), 1, href);
  }
}

/** A place and a round by the form, further down by a link, back up, and over to the other language. */
async function choose(page, look, lang) {
  await page.goto(`${address}/reports/competence?lang=${lang}`);
  const child = page.locator("#units tbody a").first();
  const name = (await child.textContent()).trim();
  await follow(page, child);
  assert.ok((await page.textContent("h1")).includes(name), `the page of ${name}`);
  const down = new URL(page.url());
  assert.ok(down.searchParams.get("unit"), "the place stands in the address");
  await check(page, `${look} ${lang} place by link`, lang);
  await follow(page, page.locator(".period a").first());
  assert.ok(!(await page.textContent("h1")).includes(name), "and up again");

  const options = await page.locator("#unit option").evaluateAll((all) => all.map((option) => option.value));
  const [first, last] = [options.find((value) => value), options.at(-1)];
  for (const unit of new Set([first, last])) {
    await page.goto(`${address}/reports/competence?lang=${lang}`);
    await page.selectOption("#unit", unit);
    await follow(page, page.locator("form.choices button"));
    assert.equal(new URL(page.url()).searchParams.get("unit"), unit);
    await check(page, `${look} ${lang} place ${unit}`, lang);
  }

  await page.goto(`${address}/reports/survey?lang=${lang}`);
  const rounds = await page.locator("#round option").evaluateAll((all) => all.map((option) => option.value));
  assert.ok(rounds.length >= 3, "the demo has several rounds");
  // The rounds are one page with other figures: all of them in one language, the latest in the other.
  for (const round of lang === "sv" ? rounds : rounds.slice(0, 1)) {
    await page.goto(`${address}/reports/survey?lang=${lang}`);
    await page.selectOption("#round", round);
    await follow(page, page.locator("form.choices button"));
    assert.equal(await page.inputValue("#round"), round, "the round that was chosen stays chosen");
    const title = await page.locator("#round option:checked").textContent();
    assert.ok((await page.textContent("h1")).includes(title.trim()), `the page of ${title}`);
    await check(page, `${look} ${lang} round ${round}`, lang);
  }

  await page.selectOption("#unit", { index: 1 });
  await follow(page, page.locator("form.choices button"));
  const here = new URL(page.url());
  await follow(page, page.locator(".corner a[hreflang]"));
  const there = new URL(page.url());
  assert.notEqual(there.searchParams.get("lang"), lang);
  for (const kept of ["unit", "round"]) assert.equal(there.searchParams.get(kept), here.searchParams.get(kept), kept);
  assert.equal(there.pathname, here.pathname);
  assert.deepEqual(page.faults, []);
}

/** A survey is made of a ready-made one and asked in a round, which is refused, drafted, opened and closed. */
async function make(page, look, lang) {
  const main = page.locator("main");
  const id = `urn:larka:${look}-${lang}`;
  await page.goto(`${address}/surveys/new?lang=${lang}`);
  await check(page, `${look} ${lang} new survey`, lang);
  await follow(page, main.locator('a[href^="/surveys/new"][href*="ready=hme"]'));
  assert.equal(await main.locator(".asked").count(), 9, "shown before anything is written");
  const ready = await page.inputValue("#definition");
  await page.click("#made summary");
  await page.fill("#id", id);
  await page.fill("#definition", ready.replace('"radiogroup"', '"slider"'));
  page.expected.add(400);
  await follow(page, main.locator('button[value="save"]'));
  assert.ok((await page.textContent(".notice")).includes("slider"));
  assert.equal(await page.inputValue("#id"), id, "what was written is not lost");
  await check(page, `${look} ${lang} refused survey`, lang);
  page.expected.delete(400);
  assert.ok(await page.isVisible("#definition"), "what is wrong is not folded away");
  await page.fill("#definition", ready);
  await follow(page, main.locator('button[value="check"]'));
  assert.equal(await main.locator(".asked").count(), 9, "the survey as respondents meet it");
  await check(page, `${look} ${lang} checked survey`, lang);
  await follow(page, main.locator('button[value="save"]'));
  assert.ok(new URL(page.url()).pathname.includes(encodeURIComponent(id)), "what was saved is shown");
  await check(page, `${look} ${lang} survey`, lang);
  await page.goto(`${address}/surveys?lang=${lang}`);
  await check(page, `${look} ${lang} surveys and rounds`, lang);
  await follow(page, main.locator(`a[href*="${encodeURIComponent(id)}"]`));
  await follow(page, main.locator("a.action"));
  assert.equal(await page.inputValue("#survey"), `${id}\n1`, "the survey is chosen");
  await page.fill("#title", `${look} ${lang}`);
  await page.check("[name=again]");
  page.expected.add(400);
  await follow(page, main.locator("button.main"));
  assert.equal(await page.inputValue("#title"), `${look} ${lang}`);
  await check(page, `${look} ${lang} refused round`, lang);
  page.expected.delete(400);
  await page.uncheck("[name=again]");
  await page.selectOption("#mode", "named");
  await follow(page, main.locator("button.main"));
  assert.match(new URL(page.url()).pathname, /^\/surveys\/rounds\//);
  await check(page, `${look} ${lang} draft`, lang);
  await follow(page, main.locator("button.main"));
  await check(page, `${look} ${lang} open round`, lang);
  await follow(page, main.locator("button.main"));
  assert.equal(await main.locator("button.main").count(), 0, "a closed round stays closed");
  await check(page, `${look} ${lang} closed round`, lang);
}

/** Reports that are ordered: refused, listed, opened, compared, called otherwise, put on a schedule, and removed. */
async function order(page, look, lang) {
  const words = LANGUAGES[lang];
  const list = `${address}/reports/ordered?lang=${lang}`;
  const main = page.locator("main");
  const unfold = async () => {
    const form = page.locator("main > details:has(form)");
    if (!(await form.evaluate((details) => details.open))) await form.locator("> summary").click();
  };
  const send = async (name, definition) => {
    await page.goto(list);
    await page.fill("#name", name);
    await page.fill("#definition", definition);
    await follow(page, main.locator("button.main"));
  };
  page.expected.add(400);
  await send("x", "report = \"nothing\"");
  assert.ok((await page.textContent(".notice")).includes(words.refused));
  assert.equal(await page.inputValue("#definition"), "report = \"nothing\"", "what was written is not lost");
  await check(page, `${look} ${lang} refused order`, lang);
  page.expected.delete(400);
  await send(`${look} ${lang}`, "report = \"competence\"");
  const opened = new URL(page.url());
  assert.match(opened.pathname, /^\/reports\/ordered\/[0-9a-f]{32}$/);
  // A slow machine shows how far it has come first.
  while ((await page.locator("progress").count()) > 0) await follow(page, main.locator("a.action"));
  assert.equal((await page.textContent("h1")).trim(), words.competence);
  await check(page, `${look} ${lang} ordered report`, lang);
  const waiting = page.waitForEvent("download");
  await page.locator(".files a", { hasText: "CSV" }).click();
  assert.match((await waiting).suggestedFilename(), /^larka-competence-\d{4}-\d\d-\d\d\.csv$/);
  await unfold();
  await page.fill("#name", `${look} ${lang} again`);
  await follow(page, page.locator("form[action*='/name'] button"));
  assert.ok((await page.title()).startsWith(`${look} ${lang} again`));
  // The order itself was another event, so that the next one is of a later position.
  while (!(await (await page.request.get(`${address}/api/v1/status`)).json()).settled);
  await send(`${look} ${lang} later`, "report = \"competence\"");
  while ((await page.locator("progress").count()) > 0) await follow(page, main.locator("a.action"));
  await follow(page, main.getByRole("link", { name: words.compared }));
  while ((await page.locator("progress").count()) > 0) await follow(page, main.locator("a.action"));
  assert.ok((await page.locator("main table").count()) > 3, "a table for each part that can be compared");
  await check(page, `${look} ${lang} compared`, lang);
  await page.goto(list);
  await check(page, `${look} ${lang} ordered reports`, lang);
  await unfold();
  await page.fill("#schedule-name", `${look} ${lang}`);
  await follow(page, page.locator("form[action^='/reports/schedules?'] button"));
  const ends = page.locator("form[action*='/reports/schedules/'] button");
  assert.equal(await ends.count(), 1);
  await check(page, `${look} ${lang} schedule`, lang);
  await follow(page, ends.first());
  assert.equal(await ends.count(), 0);
  await page.goto(opened.href);
  while ((await page.locator("progress").count()) > 0) await follow(page, main.locator("a.action"));
  await unfold();
  await follow(page, page.locator("form[action*='/remove'] button"));
  assert.equal(new URL(page.url()).pathname, "/reports/ordered");
  assert.equal(await main.locator(`a[href*="${opened.pathname}"]`).count(), 0, "removed is off the list");
  assert.deepEqual(page.faults, []);
}

/** The files of a report, through the links that a reader has. */
async function download(page, lang) {
  for (const [path, unit] of [["competence", 0], ["survey", 1]]) {
    await page.goto(`${address}/reports/${path}?lang=${lang}`);
    await page.selectOption("#unit", { index: unit });
    await follow(page, page.locator("form.choices button"));
    const files = {};
    for (const [format, ending] of Object.entries({ HTML: "html", Excel: "xlsx", CSV: "csv", Parquet: "parquet", JSON: "json" })) {
      const waiting = page.waitForEvent("download");
      await page.locator(".files a", { hasText: format }).click();
      const file = await waiting;
      assert.match(file.suggestedFilename(), new RegExp(`^larka-${path}-\\d{4}-\\d\\d-\\d\\d\\.${ending}$`));
      files[format] = readFileSync(await file.path(), "utf8");
    }
    assert.ok(files.Excel.startsWith("PK"), "a workbook is a packed file");
    assert.ok(files.Parquet.startsWith("PAR1"));
    const json = JSON.parse(files.JSON);
    assert.equal(json.kind, path);
    const separator = lang === "sv" ? ";" : ",";
    const [head, ...lines] = files.CSV.trimEnd().split("\r\n");
    assert.ok(head.startsWith("\ufeff") && lines.length > 10, "CSV with a head and lines");
    assert.ok(head.split(separator).length >= 12 && lines.some((line) => line.startsWith("about")), "values, and what the file was made from");
    assert.ok(files.HTML.startsWith("<!DOCTYPE html>") && files.HTML.includes(`<html lang="${lang}">`));
    assert.ok(!/(?:src|href)="(?:https?:)?\/\//.test(files.HTML), "a page that stands alone asks no other site");
    assert.deepEqual(new Set(json.populations.map((population) => population.geometry)), new Set(["tree"]));
  }
  assert.deepEqual(page.faults, []);
}

/** With the keyboard alone: the skip link first, focus that is seen, details that open. */
async function keyboard(page) {
  await page.goto(`${address}/reports/competence`);
  await page.keyboard.press("Tab");
  const skip = await page.evaluate(() => {
    const { left, top, width, height } = document.activeElement.getBoundingClientRect();
    return { href: document.activeElement.getAttribute("href"), seen: left >= 0 && top >= 0 && width > 20 && height > 20 };
  });
  assert.deepEqual(skip, { href: "#innehall", seen: true }, "the first stop is the skip link, and it shows");
  await page.keyboard.press("Enter");
  // The address follows when the browser gets to it.
  await page.waitForURL((url) => url.hash === "#innehall");
  await page.keyboard.press("Tab");
  const inside = await page.evaluate(() => document.querySelector("main").contains(document.activeElement));
  assert.ok(inside, "the skip link leads past the navigation");
  const stops = new Set();
  for (let step = 0; step < 25; step += 1) {
    const stop = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return { name: document.activeElement.outerHTML.slice(0, 80), outline: style.outlineStyle, width: style.outlineWidth };
    });
    assert.ok(stop.outline !== "none" && parseFloat(stop.width) >= 2, `focus is seen on ${stop.name}`);
    stops.add(stop.name);
    await page.keyboard.press("Tab");
  }
  assert.ok(stops.size > 15, "the focus moves on");
  const summary = page.locator("summary").first();
  await summary.focus();
  await page.keyboard.press("Enter");
  assert.ok(await summary.evaluate((element) => element.parentElement.open), "details open by key");
}

/** What is not there is a page too, and what a program asks for stays a problem. */
async function errors(page, look, lang) {
  page.expected.add(404).add(400);
  for (const path of ["/nowhere", "/reports/nothing"]) {
    const answer = await page.goto(`${address}${path}?lang=${lang}`);
    assert.equal(answer.status(), 404);
    assert.equal(await page.textContent("h1"), LANGUAGES[lang].missing);
    await check(page, `${look} ${lang} missing ${path}`, lang);
  }
  for (const path of ["/reports/survey?round=none", "/reports/competence?at=soon", "/reports/competence?unit=none"]) {
    const answer = await page.goto(`${address}${path}&lang=${lang}`);
    assert.match(answer.headers()["content-type"], /^text\/html/, path);
    await check(page, `${look} ${lang} error ${path}`, lang);
  }
  const problem = await page.request.get(`${address}/api/v1/nothing`);
  assert.equal(problem.status(), 404);
  assert.match(problem.headers()["content-type"], /^application\/problem\+json/);
  page.expected.clear();
}

/** What lies between the margins of A4, in CSS pixels: 174 mm. */
const PAPER = 657;

/** On paper: everything within its width, nothing over another, nothing that only works on a screen, and a page is A4. */
async function print(page, lang) {
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  const before = page.viewportSize();
  await page.setViewportSize({ width: PAPER, height: 964 });
  // Of the latest round little is shown in a small municipality.
  for (const path of ["competence?", "survey?round=digital-sjalvskattning-2026-04&"]) {
    const name = `${lang} ${path} on paper`;
    await page.goto(`${address}/reports/${path}lang=${lang}`);
    const found = await page.evaluate(() => {
      const seen = (element) => element.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true });
      const all = (selector) => [...document.querySelectorAll(selector)];
      const box = (element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        return { what: element.outerHTML.slice(0, 90), left, right, top, bottom };
      };
      const style = (selector, property) => [...new Set(all(selector).map((element) => getComputedStyle(element)[property]))];
      return {
        wide: document.documentElement.scrollWidth,
        // What may not lie over another: tables and drawings, and the lines of text beside them.
        boxes: all("main table, main svg.drawing, main h2, main h3, main p, main summary").filter(seen).map(box),
        cells: all("main td, main th").filter(seen).map((cell) => ({ ...box(cell), over: cell.scrollWidth - cell.clientWidth })),
        tables: all("main table").length,
        open: all("main table").filter(seen).length,
        screen: all("nav, .choices, .contents, .corner, .skip, button, select").filter(seen).map((element) => element.className),
        heads: style("main thead", "display"),
        whole: style("main tr, main svg.drawing, main .pair", "breakInside"),
        figures: all("figure").map((figure) => [
          figure.getAttribute("role"), figure.getAttribute("aria-label") ?? figure.querySelector("figcaption")?.textContent,
        ]),
      };
    });
    assert.ok(found.wide <= PAPER, `${name}: ${found.wide} px wide`);
    for (const box of [...found.boxes, ...found.cells]) {
      assert.ok(box.left >= -1 && box.right <= PAPER + 1, `${name}: beyond the paper: ${JSON.stringify(box)}`);
    }
    for (const cell of found.cells) assert.ok(cell.over <= 1, `${name}: over its cell: ${JSON.stringify(cell)}`);
    const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    const down = found.boxes.toSorted((a, b) => a.top - b.top);
    down.forEach((box, at) => {
      for (let next = at + 1; next < down.length && down[next].top < box.bottom; next += 1) {
        assert.ok(!over(box, down[next]), `${name}: ${JSON.stringify(box)} and ${JSON.stringify(down[next])}`);
      }
    });
    assert.ok(found.tables > 5 && found.open === found.tables, `${name}: ${found.open} of ${found.tables} tables are there`);
    assert.deepEqual(found.screen, [], name);
    assert.deepEqual([found.heads, found.whole], [["table-header-group"], ["avoid"]], name);
    assert.ok(found.figures.length > 0, name);
    for (const figure of found.figures) assert.ok(figure[0] === "group" && figure[1], `${name}: ${JSON.stringify(figure)}`);
    // A browser makes everything smaller where something is too wide, and then a page holds more.
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    const sizes = new Set([...pdf.toString("latin1").matchAll(/\/MediaBox\s*\[([^\]]*)\]/g)].map((found) => found[1].trim()));
    assert.ok(sizes.size === 1, `${name}: ${[...sizes]}`);
    const [, , width, height] = [...sizes][0].split(" ").map(Number);
    assert.ok(Math.abs(width - 595) < 1 && Math.abs(height - 842) < 1, `${name}: ${width} by ${height} points are not A4`);
  }
  await page.setViewportSize(before);
  await page.emulateMedia({ media: null, colorScheme: "light" });
}

/** The headers that keep a page to itself. */
async function headers(page) {
  for (const path of ["/", "/reports/competence", "/sources", "/system", "/login"]) {
    const answer = await page.request.get(`${address}${path}`);
    const policy = answer.headers()["content-security-policy"] ?? "";
    assert.ok(policy.includes("default-src 'none'") && !policy.includes("unsafe"), `${path}: ${policy}`);
    assert.equal(answer.headers()["cache-control"], "no-store", path);
    assert.equal(answer.headers()["x-content-type-options"], "nosniff", path);
  }
}

/** Out, and the old session opens nothing. */
async function logOut(page, lang) {
  await page.goto(`${address}/?lang=${lang}`);
  const before = await page.context().cookies();
  await follow(page, page.getByRole("button", { name: LANGUAGES[lang].logout }));
  assert.equal(new URL(page.url()).pathname, "/login");
  const left = (await page.context().cookies()).map((cookie) => cookie.name);
  assert.deepEqual(left, ["larka_browser"], "the session's cookie is taken back; whose browser it is stays known");
  await page.context().addCookies(before);
  await page.goto(`${address}/system`);
  assert.equal(new URL(page.url()).pathname, "/login", "a session that has ended opens nothing");
  assert.deepEqual(page.faults, []);
}

try {
  for (const lang of Object.keys(LANGUAGES)) {
    for (const look of Object.keys(LOOKS)) {
      const page = await open(look);
      await logIn(page, look, lang);
      await navigate(page, look, lang);
      await choose(page, look, lang);
      if (look !== "dark") await order(page, look, lang);
      if (look === "light") {
        await errors(page, look, lang);
        await download(page, lang);
        await print(page, lang);
        await headers(page);
      }
      await logOut(page, lang);
      await page.context().close();
    }
  }
  // Last, because the newest round is the one whose report is shown first.
  for (const [look, lang] of [["light", "sv"], ["phone", "en"]]) {
    const page = await open(look);
    await enter(page, lang);
    await make(page, look, lang);
    await page.context().close();
  }
  const page = await open("light");
  await enter(page, "sv");
  await keyboard(page);
  await page.context().close();
  console.log(`${looked.pages} pages, ${looked.drawings} drawings, ${looked.links} links from the overview: as they should be`);
} finally {
  await browser.close();
}
