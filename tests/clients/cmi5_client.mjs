// `@xapi/cmi5` and `tincanjs`, unchanged, in a real browser: a course that an LMS launches from its own origin, which
// is another than the server's, and what an LMS does on its side of cmi5. LARKA_ADDRESS, LARKA_KEY, LARKA_SECRET: the
// server. CHROMIUM: the browser, /usr/bin/chromium unless set.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const { LARKA_ADDRESS: address, LARKA_KEY: key, LARKA_SECRET: secret } = process.env;
const endpoint = `${address}/xapi/`;
const token = Buffer.from(`${key}:${secret}`).toString("base64");

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
      Authorization: `Basic ${token}`,
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

  const { statements } = await send("GET", "statements", { registration, ascending: "true" });
  const verbs = statements.map((statement) => statement.verb.id.split("/").pop());
  assert.deepEqual(verbs, ["launched", "initialized", "progressed", "answered", "passed", "completed", "terminated"]);
  assert.equal(statements[4].result.score.scaled, 0.9);
  const states = await send("GET", "activities/state", place);
  assert.deepEqual([...states].sort(), ["LMS.LaunchData", "bokmarke"]);
  console.log("@xapi/cmi5: launched, initialized, answered, passed, completed, terminated");

  const seen = await page.evaluate(
    async ({ endpoint, key, secret, actor, activityId }) => {
      const lrs = new TinCan.LRS({ endpoint, username: key, password: secret, allowFail: false });
      const done = (call) =>
        new Promise((resolve, reject) => call((error, result) => (error ? reject(new Error(`${error}`)) : resolve(result))));
      const agent = new TinCan.Agent(actor);
      const activity = new TinCan.Activity({ id: activityId });
      const statement = new TinCan.Statement({
        actor,
        verb: { id: "http://adlnet.gov/expapi/verbs/experienced" },
        target: { id: activityId },
        attachments: [],
      });
      await done((callback) => lrs.saveStatement(statement, { callback }));
      const back = await done((callback) => lrs.retrieveStatement(statement.id, { callback }));
      const found = await done((callback) =>
        lrs.queryStatements({ params: { agent, verb: statement.verb, activity, limit: 5 }, callback }),
      );
      await done((callback) => lrs.saveState("tincan", "läge 3", { agent, activity, contentType: "text/plain", callback }));
      const state = await done((callback) => lrs.retrieveState("tincan", { agent, activity, callback }));
      await done((callback) => lrs.dropState("tincan", { agent, activity, callback }));
      const gone = await done((callback) => lrs.retrieveState("tincan", { agent, activity, callback }));
      await done((callback) =>
        lrs.saveActivityProfile("om", { sidor: 12 }, { activity, contentType: "application/json", callback }),
      );
      const profile = await done((callback) => lrs.retrieveActivityProfile("om", { activity, callback }));
      await done((callback) =>
        lrs.saveAgentProfile("val", "ljust", { agent, contentType: "text/plain", lastSHA1: null, callback }),
      );
      const choice = await done((callback) => lrs.retrieveAgentProfile("val", { agent, callback }));
      return {
        id: statement.id, back: back.id, found: found.statements.map((one) => one.id), state: state.contents,
        gone: gone && gone.contents, profile: profile.contents, choice: choice.contents,
      };
    },
    { endpoint, key, secret, actor, activityId },
  );
  assert.equal(seen.back, seen.id);
  assert.deepEqual(seen.found, [seen.id]);
  assert.equal(seen.state, "läge 3");
  assert.ok(!seen.gone);
  assert.deepEqual(seen.profile, { sidor: 12 });
  assert.equal(seen.choice, "ljust");
  console.log("tincanjs: a statement, a state, both profiles, from another origin");
} finally {
  await browser.close();
  lms.close();
}
