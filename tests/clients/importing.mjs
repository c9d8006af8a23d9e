// Answers in files, on a round's page and all of it on 360 px: of each kind of file it is shown what would be taken, what not and
// why, in both languages; then it is taken, and comes once more. What cannot be taken is told of. axe looks at all of it.
//
// LARKA_FILES: a folder with LimeSurvey's exports. LARKA_TAKEN: kinds of files as JSON, each with `round`, `file`, `fields` by name,
// what the page `says` in each language, and its numbers. LARKA_REFUSED: files that are not, the same. More is told as walking.mjs
// has it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { address, button, check, enter, follow, named, open, walk } from "./walking.mjs";

const { LARKA_FILES: folder } = process.env;
const [taken, refused] = [process.env.LARKA_TAKEN, process.env.LARKA_REFUSED].map((list) => JSON.parse(list));

const WORDS = {
  sv: {
    look: "Visa vad som skulle tas", take: "Ta in svaren", done: "Filen är intagen", shown: "Ingenting är taget ännu", refused: "Ingenting i filen kan tas",
    rows: "Svarande i filen", taken: "Skulle tas", in: "Finns nu i omgången", not: "Tas inte", new: "varav nya", before: "varav fanns redan", again: "Pröva igen",
    more: "När filen behöver mer",
  },
  en: {
    look: "Show what would be taken", take: "Take the answers in", done: "The file is taken in", shown: "Nothing is taken yet", refused: "Nothing of the file can be taken",
    rows: "Respondents in the file", taken: "Would be taken", in: "Are in the round now", not: "Not taken", new: "of which new", before: "of which were in already", again: "Try again",
    more: "Where the file needs more",
  },
};

/** What a table of the page says of something. */
async function number(page, label) {
  const row = page.locator("main tr", { has: page.getByRole("rowheader", { name: label, exact: true }) });
  return Number(await row.locator("td").last().textContent());
}

/** The page of a round's files, with a file in it. */
async function choose(page, lang, { round, file, fields }) {
  await page.goto(`${address}/surveys/rounds/${round}?lang=${lang}`);
  await follow(page, named(page, lang === "sv" ? "Ta in svar från en fil" : "Take in answers from a file"));
  await page.setInputFiles("#file", join(folder, file));
  await fill(page, WORDS[lang], fields);
}

async function fill(page, words, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`#${name}, [name="${name}"]`).first();
    if (!(await field.isVisible())) await page.getByText(words.more).click();
    if (name === "structure") await field.setInputFiles(join(folder, value));
    else if (value === true) await field.check();
    else await field.fill(value);
  }
}

async function says(page, what, name) {
  const text = (await page.innerText("main")).replaceAll(/\s+/g, " ");
  for (const words of what) assert.ok(text.includes(words), `${name}: “${words}” is not on: ${text}`);
  assert.ok(!text.includes("--"), `${name}: a page says nothing of flags: ${text}`);
}

await walk(async () => {
  const page = await open();
  await enter(page);
  for (const kind of taken) {
    const { file, numbers } = kind;
    for (const lang of ["en", "sv"]) {
      const [words, name] = [WORDS[lang], `${lang} ${file}`];
      await choose(page, lang, kind);
      if (file === taken[0].file) await check(page, `${lang} file chosen`);
      await follow(page, button(page, words.look));
      await says(page, [words.shown, ...kind.says[lang]], name);
      const shown = [await number(page, words.rows), await number(page, words.taken), await number(page, words.not)];
      assert.deepEqual(shown, numbers, name);
      await check(page, name);
    }
    const words = WORDS.sv;
    // What is shown is taken: the file is kept, and not sent again. Once more it changes nothing.
    for (const [fresh, before] of [[numbers[1], 0], [0, numbers[1]]]) {
      if (before > 0) {
        await choose(page, "sv", kind);
        await follow(page, button(page, words.look));
      }
      await follow(page, button(page, words.take));
      await says(page, [words.done], file);
      const counted = [await number(page, words.in), await number(page, words.new), await number(page, words.before)];
      assert.deepEqual(counted, [numbers[1], fresh, before], file);
    }
    await check(page, `taken ${file}`);
  }
  for (const wrong of refused) {
    for (const lang of ["en", "sv"]) {
      const [words, name] = [WORDS[lang], `${lang} refused ${wrong.file}`];
      await choose(page, lang, wrong);
      await follow(page, button(page, words.look));
      await says(page, [words.refused, ...wrong.says[lang]], name);
      assert.equal(await button(page, words.take).count(), 0, name);
      await check(page, name);
    }
    // The file is kept: what it needed is said beside it.
    if (wrong.then) {
      await fill(page, WORDS.sv, wrong.then);
      await follow(page, button(page, WORDS.sv.again));
      await says(page, [WORDS.sv.shown], wrong.file);
      await check(page, `mended ${wrong.file}`);
    }
  }
  assert.deepEqual(page.faults, []);
});
