// `@xapi/cmi5` and `tincanjs`, unchanged, in a real browser: a course that an LMS launches from its own origin, which
// is another than the server's, and what an LMS does on its side of cmi5. LARKA_ADDRESS, LARKA_KEY, LARKA_SECRET: the
// server and the LMS's credential. LARKA_COURSE_KEY, LARKA_COURSE_SECRET: the one that the LMS gives the course.
// CHROMIUM: the browser, /usr/bin/chromium unless set.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const { LARKA_ADDRESS: address, LARKA_COURSE_KEY: key, LARKA_COURSE_SECRET: secret } = process.env;
const endpoint = `${address}/xapi/`;
const base64 = (key, secret) => Buffer.from(`${key}:${secret}`).toString("base64");
const own = base64(process.env.LARKA_KEY, process.env.LARKA_SECRET);
const token = base64(key, secret);

// The LMS: the page that a course is, and the address where a launched course fetches its log-in once (cmi5, 8.2).
const files = {
  "/course": ["text/html; charset=utf-8", "<!doctype html><html lang=sv><title>Kurs</title><script src=/cmi5.js></script><script src=/tincan.js></script>"],
  "/cmi5.js": ["text/javascript", readFileSync(new URL("node_modules/@xapi/cmi5/dist/Cmi5.umd.js", import.meta.url))],
  "/tincan.js": ["text/javascript", readFileSync(new URL("node_modules/tincanjs/build/tincan-min.js", import.meta.url))],
};
let fetched = 0;
const lms = createServer((request, response) => {
  const path = new URL(request.url, "http://lms").pathname;
  if (path === "/fetch" && request.method === "POST") {
    fetched += 1;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ "auth-token": token }));
  } else if (files[path]) {
    response.writeHead(200, { "Content-Type": files[path][0] });
    response.end(files[path][1]);
  } else {
    response.writeHead(404);
    response.end();
  }
});
await new Promise((listening) => lms.listen(0, "127.0.0.1", listening));
const origin = `http://127.0.0.1:${lms.address().port}`;

/** What the LMS itself sends. */
async function send(method, path, parameters, body, headers = {}) {
  const response = await fetch(`${endpoint}${path}?${new URLSearchParams(parameters)}`, {
    method,
    headers: {
      Authorization: `Basic ${own}`,
      "X-Experience-API-Version": "1.0.3",
      ...(body ? { "Content-Type": "application/json" } : {}),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text && JSON.parse(text);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => assert.fail(error.message));

  const actor = { objectType: "Agent", account: { homePage: "https://login.larkby.example", name: `cmi5-${randomUUID()}` } };
  const registration = randomUUID();
  const activityId = `https://larande.larkby.example/kurser/cmi5/${randomUUID()}`;
  const agent = JSON.stringify(actor);
  const place = { activityId, agent, registration };
  const category = [{ id: "https://w3id.org/xapi/cmi5/context/categories/cmi5" }];
  await send("PUT", "activities/state", { ...place, stateId: "LMS.LaunchData" }, {
    contextTemplate: {
      extensions: { "https://w3id.org/xapi/cmi5/context/extensions/sessionid": randomUUID() },
      contextActivities: { grouping: [{ id: "https://larande.larkby.example/utgivare/1" }] },
    },
    launchMode: "Normal",
    moveOn: "CompletedAndPassed",
    masteryScore: 0.7,
  });
  const preferences = { languagePreference: "sv-SE,en", audioPreference: "off" };
  await send("PUT", "agents/profile", { agent, profileId: "cmi5LearnerPreferences" }, preferences, { "If-None-Match": "*" });
  await send("POST", "statements", {}, {
    actor,
    verb: { id: "http://adlnet.gov/expapi/verbs/launched", display: { en: "launched" } },
    object: { id: activityId },
    context: { registration, contextActivities: { category } },
  });

  const launch = new URLSearchParams({ endpoint, fetch: `${origin}/fetch`, actor: agent, registration, activityId });
  await page.goto(`${origin}/course?${launch}`);
  const told = await page.evaluate(async () => {
    const course = new Cmi5();
    await course.initialize();
    await course.progress(40);
    await course.interactionTrueFalse("prov", "fraga-1", true, true, { sv: "Är en länk alltid vad den ser ut att vara?" });
    await course.xapi.setState({
      agent: course.launchParameters.actor,
      activityId: course.launchParameters.activityId,
      registration: course.launchParameters.registration,
      stateId: "bokmarke",
      state: { sida: 7, text: "åäö" },
    });
    const back = await course.xapi.getState({
      agent: course.launchParameters.actor,
      activityId: course.launchParameters.activityId,
      registration: course.launchParameters.registration,
      stateId: "bokmarke",
    });
    await course.pass(0.9);
    await course.complete();
    await course.terminate();
    return { preferences: course.getLearnerPreferences(), state: back.data, etag: back.headers.etag };
  });
  assert.equal(fetched, 1);
  assert.deepEqual(told.preferences, preferences);
  assert.deepEqual(told.state, { sida: 7, text: "åäö" });
  assert.ok(told.etag, "a page from elsewhere may read the ETag");

  const query = { registration, ascending: "true" };
  const { statements } = await send("GET", "statements", query);
  const verbs = statements.map((statement) => statement.verb.id.split("/").pop());
  assert.deepEqual(verbs, ["launched", "initialized", "progressed", "answered", "passed", "completed", "terminated"]);
  assert.equal(statements[4].result.score.scaled, 0.9);
  const authorities = new Set(statements.slice(1).map((statement) => statement.authority.account.name));
  assert.ok(authorities.size === 1 && !authorities.has(statements[0].authority.account.name));
  // The course sees what it sent itself, and not what the LMS did.
  const mine = await send("GET", "statements", query, undefined, { Authorization: `Basic ${token}` });
  assert.deepEqual(mine.statements, statements.slice(1));
  const states = await send("GET", "activities/state", place);
  assert.deepEqual([...states].sort(), ["LMS.LaunchData", "bokmarke"]);
  console.log("@xapi/cmi5: launched, initialized, answered, passed, completed, terminated");

  const seen = await page.evaluate(
    async ({ endpoint, key, secret, actor, activityId }) => {
      const lrs = new TinCan.LRS({ endpoint, username: key, password: secret, allowFail: false });
      /** What a call comes to, or the status that it fails with. */
      const done = (what, ...parameters) => {
        const options = parameters.pop();
        return new Promise((resolve, reject) =>
          lrs[what](...parameters, { ...options, callback: (error, result) => (error ? reject(error) : resolve(result)) }),
        );
      };
      const refused = (...call) => done(...call).then(() => "nothing", (status) => status);
      const ids = (result) => result.statements.map((one) => one.id);
      const agent = new TinCan.Agent(actor);
      const activity = new TinCan.Activity({ id: activityId });
      const told = { about: (await done("about", {})).version };

      const statement = (attachments = []) =>
        new TinCan.Statement({
          actor,
          verb: { id: "http://adlnet.gov/expapi/verbs/experienced" },
          target: { id: activityId },
          attachments,
        });
      const one = statement();
      await done("saveStatement", one, {});
      told.back = (await done("retrieveStatement", one.id, {})).id;
      const params = { agent, verb: one.verb, activity, ascending: true };
      const many = Array.from({ length: 4 }, () => statement());
      await done("saveStatements", many, {});
      told.all = [one, ...many].map((sent) => sent.id);
      let found = await done("queryStatements", { params: { ...params, limit: 2 } });
      told.pages = [ids(found)];
      while (found.more) {
        found = await done("moreStatements", { url: found.more });
        told.pages.push(ids(found));
      }
      const voiding = new TinCan.Statement({
        actor,
        verb: { id: "http://adlnet.gov/expapi/verbs/voided" },
        target: { objectType: "StatementRef", id: one.id },
      });
      await done("saveStatement", voiding, {});
      told.voided = (await done("retrieveVoidedStatement", one.id, {})).id;
      told.unvoided = await refused("retrieveStatement", one.id, {});

      const attachment = (content) =>
        new TinCan.Attachment({
          usageType: "http://id.tincanapi.com/attachment/supporting_media",
          display: { sv: "Bilaga" },
          contentType: "application/octet-stream",
          content,
        });
      const bytes = (attached) => attached.attachments.map((back) => [...new Uint8Array(back.content)]);
      const drawing = Uint8Array.from({ length: 1024 }, (_, i) => i % 256).buffer;
      const drawn = statement([attachment(drawing)]);
      await done("saveStatement", drawn, {});
      told.drawing = bytes(await done("retrieveStatement", drawn.id, { params: { attachments: true } }));
      const note = statement([attachment("Intyg åäö")]);
      await done("saveStatement", note, {});
      found = await done("queryStatements", { params: { ...params, ascending: false, limit: 2, attachments: true } });
      told.attached = ids(found).join() === [note.id, drawn.id].join();
      told.note = found.statements[0].attachments[0].getContentAsString();
      told.drawings = bytes(found.statements[1]);
      // It forgets the line break between two.
      const pair = statement([attachment(drawing), attachment("Intyg åäö")]);
      await done("saveStatement", pair, {});
      told.pair = bytes(await done("retrieveStatement", pair.id, { params: { attachments: true } }));

      const json = "application/json";
      const place = { agent, activity };
      await done("saveState", "tincan", "läge 3", { ...place, contentType: "text/plain" });
      const state = await done("retrieveState", "tincan", place);
      told.state = state.contents;
      await done("saveState", "tincan", { läge: 4 }, { ...place, contentType: json, lastSHA1: state.etag });
      told.stale = await refused("saveState", "tincan", "läge 5", { ...place, lastSHA1: state.etag });
      await done("saveState", "tincan", { sida: 1 }, { ...place, contentType: json, method: "POST" });
      told.merged = (await done("retrieveState", "tincan", place)).contents;
      told.stateIds = (await done("retrieveStateIds", place)).sort();
      await done("dropState", "tincan", place);
      told.dropped = await done("retrieveState", "tincan", place);
      await done("dropState", null, place);
      told.cleared = await done("retrieveStateIds", place);

      const kinds = { ActivityProfile: { activity }, AgentProfile: { agent } };
      told.profiles = [];
      for (const [kind, place] of Object.entries(kinds)) {
        const known = await done(`retrieve${kind}Ids`, place);
        await done(`save${kind}`, "om", { sidor: 12 }, { ...place, contentType: json });
        const again = await refused(`save${kind}`, "om", { sidor: 13 }, { ...place, contentType: json });
        const first = await done(`retrieve${kind}`, "om", place);
        await done(`save${kind}`, "om", "ljust åäö", { ...place, contentType: "text/plain", lastSHA1: first.etag });
        const stale = await refused(`save${kind}`, "om", "mörkt", { ...place, lastSHA1: first.etag });
        const { contents } = await done(`retrieve${kind}`, "om", place);
        const later = await done(`retrieve${kind}Ids`, { ...place, since: "2100-01-01T00:00:00Z" });
        const listed = (await done(`retrieve${kind}Ids`, place)).filter((id) => !known.includes(id));
        await done(`drop${kind}`, "om", place);
        const dropped = await done(`retrieve${kind}`, "om", place);
        told.profiles.push({ again, first: first.contents, stale, contents, later, listed, dropped });
      }
      told.activity = (await done("retrieveActivity", activityId, {})).id;
      return told;
    },
    { endpoint, key, secret, actor, activityId },
  );
  const drawing = Array.from({ length: 1024 }, (_, i) => i % 256);
  const profile = {
    again: 412, first: { sidor: 12 }, stale: 412, contents: "ljust åäö", later: [], listed: ["om"], dropped: null,
  };
  const { all } = seen;
  assert.equal(new Set(all).size, 5);
  assert.deepEqual(seen, {
    about: ["1.0.3", "2.0.0"],
    back: all[0],
    all,
    pages: [all.slice(0, 2), all.slice(2, 4), all.slice(4)],
    voided: all[0],
    unvoided: 404,
    drawing: [drawing],
    attached: true,
    note: "Intyg åäö",
    drawings: [drawing],
    pair: [drawing, [...new TextEncoder().encode("Intyg åäö")]],
    state: "läge 3",
    stale: 412,
    merged: { läge: 4, sida: 1 },
    stateIds: ["LMS.LaunchData", "bokmarke", "tincan"],
    dropped: null,
    cleared: [],
    profiles: [profile, profile],
    activity: activityId,
  });
  console.log("tincanjs: statements, attachments, states, both profiles, an activity, from another origin");
} finally {
  await browser.close();
  lms.close();
}
