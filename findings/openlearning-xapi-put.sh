#!/usr/bin/env bash
# @openlearning/xapi 0.1.6 (npm): what it stores of a learner's work is refused by a store that holds to xAPI, and what it
# stores of their place is said to have failed.
#
# - saveCompletion() PUTs to /statements without `statementId`, which 1.0.3 (Communication 2.1.1) demands; such a store
#   answers 400. The promise is fulfilled nevertheless, as `fetch` fulfils it.
# - saveActivityState() says true for 200 alone, and the standard has a store answer 204 (Communication 2.3).
#
# Seen: PUT https://lrs.example/xapi/statements ?
#       POST https://lrs.example/xapi/activities/state ?activityId&agent&stateId
#       a state is saved where the store answers 204: false, 200: true
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --no-save @openlearning/xapi@0.1.6 >/dev/null
node - <<'NODE'
const assert = require("node:assert/strict");
// A page that was launched as the library's description says.
const launch = {
  endpoint: "https://lrs.example/xapi",
  auth: "Basic YTpi",
  actor: JSON.stringify({ mbox: "mailto:anna@skola.example" }),
  activity_id: "https://kurs.example/1",
  registration: "0f3d3b2c-1f4e-4e0e-9d5c-2a5d3a1c9b7e",
};
global.window = { location: { search: `?${new URLSearchParams(launch)}` } };
let status = 204;
const sent = [];
global.fetch = async (address, options) => {
  const url = new URL(address);
  sent.push(`${options.method} ${url.origin}${url.pathname} ?${[...url.searchParams.keys()].sort().join("&")}`);
  return new Response(null, { status });
};
const xapi = require("@openlearning/xapi");
(async () => {
  const lrs = xapi.initLrs();
  await xapi.saveCompletion(lrs);
  const at204 = await xapi.saveActivityState(lrs, "plats", { sida: 3 });
  status = 200;
  const at200 = await xapi.saveActivityState(lrs, "plats", { sida: 3 });
  console.log(sent.slice(0, 2).join("\n"));
  console.log(`a state is saved where the store answers 204: ${at204}, 200: ${at200}`);
  assert.deepEqual(sent.slice(0, 2), [
    "PUT https://lrs.example/xapi/statements ?",
    "POST https://lrs.example/xapi/activities/state ?activityId&agent&stateId",
  ]);
  assert.deepEqual([at204, at200], [false, true]);
})();
NODE
