// A newcomer's walk, all of it on 360 px: a survey is made of the template HME, asked in a round that nobody can link, answered
// by personal links, closed, and its report is read; axe looks at what is met on the way, with the rules of WCAG 2.2 A and AA.
//
// LARKA_ADDRESS, LARKA_LOGIN, LARKA_PASSWORD: an instance with people and nothing else. LARKA_ANSWERING: how many answer. More is
// told as walking.mjs has it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { address, button, check, enter, follow, named, open, until, walk } from "./walking.mjs";

const answering = Number(process.env.LARKA_ANSWERING);
assert.ok(answering, "LARKA_ANSWERING says how many answer");

/** A survey of the template, asked in a round; gives the personal links. */
async function ask(page) {
  await enter(page);
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
  await until(page, page.getByText("Stäng nu", { exact: true }));
  await check(page, "open round");
  const waiting = page.waitForEvent("download");
  await named(page, "Hämta listan över personliga länkar").click();
  const list = readFileSync(await (await waiting).path(), "utf8").trimEnd().split("\r\n").slice(1);
  const links = list.map((line) => line.split(";").at(-1).replaceAll('"', ""));
  // They lead to where the instance listens.
  for (const link of links) assert.equal(new URL(link).port, new URL(address).port);
  return links;
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
  await page.getByText("Stäng nu", { exact: true }).click();
  await check(page, "about to close");
  await follow(page, button(page, "Stäng omgången"));
  await until(page, named(page, "Läs rapporten"));
  await check(page, "closed round");
  // What came out of the ballot box was stored just now: until it is in reports the page says so.
  await follow(page, named(page, "Läs rapporten"));
  await until(page, page.locator("svg.drawing").first());
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

await walk(async () => {
  const page = await open();
  const links = await ask(page);
  for (const [number, link] of links.slice(0, answering).entries()) await answer(link, number);
  await read(page, links.length);
  assert.deepEqual(page.faults, []);
});
