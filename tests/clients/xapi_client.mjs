// The `@xapi/xapi` client, unchanged, against a running server, in both versions: send, query, page, void, read back.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const XAPI = createRequire(import.meta.url)("@xapi/xapi");

for (const version of ["1.0.3", "2.0.0"]) {
  for (const adapter of ["axios", "fetch"]) {
    const client = new XAPI({
      endpoint: `${process.env.LARKA_ADDRESS}/xapi/`,
      auth: XAPI.toBasicAuth(process.env.LARKA_KEY, process.env.LARKA_SECRET),
      version,
      adapter,
    });
    const about = await client.getAbout();
    assert.ok(about.data.version.includes(version));

    const actor = {
      objectType: "Agent",
      account: { homePage: "https://login.larkby.example", name: `xapi-${randomUUID()}` },
    };
    const object = {
      objectType: "Activity",
      id: `https://larande.larkby.example/kurser/prov/${randomUUID()}`,
      definition: { name: { sv: "Källkritik åäö" } },
    };
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

    await client.voidStatement({ actor, statementId: one.data[0] });
    await assert.rejects(client.getStatement({ statementId: one.data[0] }));
    const voided = await client.getVoidedStatement({ voidedStatementId: one.data[0] });
    assert.equal(voided.data.id, one.data[0]);
    console.log(`@xapi/xapi ${version} over ${adapter}: 25 sent, 25 found in pages, 1 voided`);
  }
}
