// The `@xapi/xapi` client, unchanged, against a running server, in both versions: statements, attachments, documents,
// activities and people.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const XAPI = createRequire(import.meta.url)("@xapi/xapi");
const { LARKA_ADDRESS: address, LARKA_KEY: key, LARKA_SECRET: secret } = process.env;
const auth = XAPI.toBasicAuth(key, secret);

/** What the server refuses, and its words: over fetch the client tells nothing else of an answer. */
async function refused(call, status, words) {
  await assert.rejects(call, (error) => {
    assert.equal(error.response?.status ?? status, status);
    assert.match(error.response?.data.error ?? JSON.parse(error.message).error, words);
    return true;
  });
}

/** Send, query, page, void, read back. */
async function statements(client, actor, object) {
  const statement = (verb) => ({ actor, verb, object, context: { registration: randomUUID() } });

  const one = await client.sendStatement({ statement: statement(XAPI.Verbs.COMPLETED) });
  assert.equal(one.data.length, 1);
  const many = await client.sendStatements({
    statements: Array.from({ length: 24 }, () => statement(XAPI.Verbs.PASSED)),
  });
  assert.equal(many.data.length, 24);

  const back = await client.getStatement({ statementId: one.data[0] });
  assert.equal(back.data.object.definition.name.sv, "Källkritik åäö");
  assert.ok(back.data.stored && back.data.authority && back.data.timestamp);

  const seen = [];
  let page = await client.getStatements({ agent: actor, limit: 10 });
  for (;;) {
    seen.push(...page.data.statements.map((s) => s.id));
    if (!page.data.more) break;
    page = await client.getMoreStatements({ more: page.data.more });
  }
  assert.equal(seen.length, 25);
  assert.equal(new Set(seen).size, 25);
  const passed = await client.getStatements({ agent: actor, verb: XAPI.Verbs.PASSED.id, activity: object.id });
  assert.equal(passed.data.statements.length, 24);
  const { registration } = back.data.context;
  const place = { activity: object.id, related_activities: true };
  const related = await client.getStatements({ registration, ...place, ascending: true });
  assert.deepEqual(related.data.statements.map((s) => s.id), one.data);
  const ids = await client.getStatement({ statementId: one.data[0], format: "ids" });
  assert.deepEqual(ids.data.object, { id: object.id });

  await client.voidStatement({ actor, statementId: one.data[0] });
  await refused(client.getStatement({ statementId: one.data[0] }), 404, /no such statement/);
  const voided = await client.getVoidedStatement({ voidedStatementId: one.data[0] });
  assert.equal(voided.data.id, one.data[0]);
  // What refers to a statement is found by what that statement says, voided or not.
  const voiding = await client.voidStatements({ actor, statementIds: many.data.slice(0, 2) });
  const left = await client.getStatements({ agent: actor, verb: XAPI.Verbs.PASSED.id });
  assert.deepEqual(left.data.statements.map((s) => s.id).sort(), [...many.data.slice(2), ...voiding.data].sort());
}

/** The multipart message that the client writes itself. */
async function attachments(client, adapter, version, actor, object) {
  const text = new TextEncoder().encode("Intyg åäö");
  const binary = Uint8Array.from({ length: 1024 }, (_, i) => i % 256);
  const attachment = (bytes, contentType) => ({
    usageType: XAPI.AttachmentUsages.SUPPORTING_MEDIA,
    display: { sv: "Bilaga" },
    contentType,
    length: bytes.byteLength,
    sha2: createHash("sha256").update(bytes).digest("hex"),
  });
  const written = attachment(text, "text/plain; charset=utf-8");
  const drawn = attachment(binary, "application/octet-stream");
  const statement = (...attachments) => ({ actor, verb: XAPI.Verbs.RESPONDED, object, attachments });
  const send = () => client.sendStatement({ statement: statement(written), attachments: [text.buffer] });

  if (adapter === "axios") {
    // In Node the client gives axios a Blob without a type, and axios names that application/octet-stream.
    await refused(send(), 400, /multipart\/mixed/);
    return;
  }
  const sent = await send();
  const [back, content] = (await client.getStatement({ statementId: sent.data[0], attachments: true })).data;
  assert.deepEqual(back.attachments, [written]);
  assert.equal(content, "Intyg åäö");
  const shared = await client.sendStatements({
    statements: [statement(written), statement(written)],
    attachments: [text.buffer],
  });
  const query = { agent: actor, verb: XAPI.Verbs.RESPONDED.id, attachments: true };
  const [page, ...contents] = (await client.getStatements(query)).data;
  assert.deepEqual(page.statements.map((s) => s.id).sort(), [...sent.data, ...shared.data].sort());
  assert.deepEqual(contents, ["Intyg åäö"]);

  // Bytes that are no text the client only sends: it reads every part as text.
  const bytes = await client.sendStatement({ statement: statement(drawn), attachments: [binary.buffer] });
  const one = new URLSearchParams({ statementId: bytes.data[0], attachments: true });
  const answer = await fetch(`${address}/xapi/statements?${one}`, {
    headers: { Authorization: auth, "X-Experience-API-Version": version },
  });
  assert.ok(Buffer.from(await answer.arrayBuffer()).includes(binary), "the bytes come back as they were");

  // It forgets the line break between two.
  const two = { statement: statement(written, drawn), attachments: [text.buffer, binary.buffer] };
  const both = await client.sendStatement(two);
  const [pair, first, second] = (await client.getStatement({ statementId: both.data[0], attachments: true })).data;
  assert.deepEqual(pair.attachments, [written, drawn]);
  assert.equal(first, "Intyg åäö");
  assert.equal(second, new TextDecoder().decode(binary));
}

/** States: merged, replaced as their tag says, listed, deleted. */
async function states(client, version, agent, activityId) {
  const place = { agent, activityId };
  const one = { ...place, stateId: "bokmärke" };
  await client.createState({ ...one, state: { sida: 7, text: "åäö" } });
  await client.createState({ ...one, state: { sida: 8 } });
  const first = await client.getState(one);
  assert.deepEqual(first.data, { sida: 8, text: "åäö" });
  await client.setState({ ...one, state: { sida: 9 }, etag: first.headers.etag, matchHeader: "If-Match" });
  const stale = { ...one, state: { sida: 1 }, etag: first.headers.etag, matchHeader: "If-Match" };
  await refused(client.setState(stale), 412, /conditions/);
  await refused(client.setState({ ...one, state: {}, etag: "*", matchHeader: "If-None-Match" }), 412, /conditions/);
  assert.deepEqual((await client.getState(one)).data, { sida: 9 });
  const unconditional = client.setState({ ...one, state: { sida: 10 } });
  await (version === "1.0.3" ? unconditional : refused(unconditional, 409, /If-Match/));
  assert.deepEqual((await client.getState(one)).data, { sida: version === "1.0.3" ? 10 : 9 });

  const registration = randomUUID();
  const text = { ...place, registration, stateId: "läge" };
  await client.setState({ ...text, state: "läge 3", contentType: "text/plain; charset=utf-8" });
  const back = await client.getState(text);
  assert.equal(back.data, "läge 3");
  assert.equal(back.headers["content-type"], "text/plain; charset=utf-8");
  assert.deepEqual((await client.getStates({ ...place, registration })).data, ["läge"]);
  assert.deepEqual((await client.getStates(place)).data.sort(), ["bokmärke", "läge"]);
  assert.equal((await client.getStates({ ...place, since: "2000-01-01T00:00:00Z" })).data.length, 2);
  assert.deepEqual((await client.getStates({ ...place, since: "2100-01-01T00:00:00Z" })).data, []);
  // Its defence against caches is a parameter that the standard knows nothing of, and has refused.
  await refused(client.getStates({ ...place, useCacheBuster: true }), 400, /parameter/);

  await refused(client.deleteState({ ...one, etag: first.headers.etag }), 412, /conditions/);
  await client.deleteState({ ...one, etag: (await client.getState(one)).headers.etag });
  await refused(client.getState(one), 404, /no such document/);
  assert.deepEqual((await client.getStates(place)).data, ["läge"]);
  await client.deleteStates(place);
  assert.deepEqual((await client.getStates({ ...place, registration })).data, []);
}

/** Profiles of `kind`, whose place is an activity or an agent. */
async function profiles(client, kind, place) {
  const call = (what, parameters) => client[`${what}${kind}Profile`]({ ...place, profileId: "val", ...parameters });
  const list = async (parameters) => (await client[`get${kind}Profiles`]({ ...place, ...parameters })).data;

  await call("set", { profile: { utseende: "ljust" }, etag: "*", matchHeader: "If-None-Match" });
  await refused(call("set", { profile: {}, etag: "*", matchHeader: "If-None-Match" }), 412, /conditions/);
  await refused(call("create", { profile: {}, etag: "*", matchHeader: "If-None-Match" }), 412, /conditions/);
  const first = await call("get");
  assert.deepEqual(first.data, { utseende: "ljust" });
  const { etag } = first.headers;
  await call("create", { profile: { språk: "sv" }, etag, matchHeader: "If-Match" });
  await refused(call("set", { profile: {}, etag, matchHeader: "If-Match" }), 412, /conditions/);
  const second = await call("get");
  assert.deepEqual(second.data, { utseende: "ljust", språk: "sv" });
  const text = { profile: "mörkt åäö", contentType: "text/plain; charset=utf-8" };
  await call("set", { ...text, etag: second.headers.etag, matchHeader: "If-Match" });
  const third = await call("get");
  assert.equal(third.data, "mörkt åäö");
  await call("create", { profileId: "annat", profile: { a: 1 } });
  assert.deepEqual((await list()).sort(), ["annat", "val"]);
  assert.deepEqual(await list({ since: "2100-01-01T00:00:00Z" }), []);

  await refused(call("delete", { etag }), 412, /conditions/);
  await call("delete", { etag: third.headers.etag });
  await refused(call("get"), 404, /no such document/);
  await call("delete", { profileId: "annat" });
  assert.deepEqual(await list(), []);
}

for (const version of ["1.0.3", "2.0.0"]) {
  for (const adapter of ["axios", "fetch"]) {
    const client = new XAPI({ endpoint: `${address}/xapi/`, auth, version, adapter });
    const about = await client.getAbout();
    assert.deepEqual(about.data.version, ["1.0.3", "2.0.0"]);
    assert.equal(about.headers["x-experience-api-version"], version);

    const account = { homePage: "https://login.larkby.example", name: `xapi-${randomUUID()}` };
    const actor = { objectType: "Agent", account };
    const object = {
      objectType: "Activity",
      id: `https://larande.larkby.example/kurser/prov/${randomUUID()}`,
      definition: { name: { sv: "Källkritik åäö" } },
    };
    await statements(client, actor, object);
    await attachments(client, adapter, version, actor, object);
    await states(client, version, actor, object.id);
    await profiles(client, "Activity", { activityId: object.id });
    await profiles(client, "Agent", { agent: actor });
    assert.deepEqual((await client.getActivity({ activityId: object.id })).data, object);
    assert.deepEqual((await client.getAgent({ agent: actor })).data, { objectType: "Person", account: [account] });
    const attached = adapter === "axios" ? "no attachments" : "attachments";
    console.log(`@xapi/xapi ${version} over ${adapter}: statements, ${attached}, states, profiles, activity, person`);
  }
}
