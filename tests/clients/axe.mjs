// axe on a page as it is.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails with every violation of the rules with these tags. */
export async function accessible(page, name, tags) {
  await page.evaluate(axe);
  // What passed is not described: that takes longer than finding it.
  const options = { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] };
  const result = await page.evaluate((options) => axe.run(document, options), options);
  const violations = result.violations.map(
    (found) => `${found.id} (${found.impact}) ${found.help}: ${found.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`,
  );
  assert.deepEqual(violations, [], `${name}: axe`);
}
