#!/usr/bin/env bash
# survey-core 3.1.1 (npm): eachRowRequired asks for rows that their enableIf shuts, and isRequired of a page or a panel for an
# answer where its only questions are read only: respondents cannot give what is asked, and cannot go on. An answer to a choice
# that enableIf shuts is valid. Its linter finds nothing in either, nor in two questions that are each visible by the other.
#
# Seen: shut row asked for: true; read-only page asked for: true; shut choice valid: true; linter: 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts --loglevel=error survey-core@3.1.1 >/dev/null
cat > ask.mjs <<'NODE'
import * as S from "survey-core";
import { lintSurvey } from "survey-core/linter";
const w = { type: "boolean", name: "w" };
const shut = (value) => ({ value, enableIf: "{w} = true" });
const row = { elements: [w, { type: "matrix", name: "m", columns: ["c"], rows: ["r1", shut("r2")], eachRowRequired: true }] };
const page = { pages: [{ name: "p", isRequired: true, elements: [{ type: "text", name: "t", readOnly: true }] }] };
const choice = { elements: [w, { type: "radiogroup", name: "r", choices: ["a", shut("b")] }] };
const each = { elements: [
  { type: "text", name: "a", visibleIf: "{b} notempty" }, { type: "text", name: "b", visibleIf: "{a} notempty" },
] };
const valid = (definition, data) => {
  const model = new S.Model(definition);
  model.data = data;
  return model.validate(true, false);
};
const found = [row, page, choice, each].reduce((sum, one) => sum + lintSurvey(one).findings.length, 0);
console.log(`shut row asked for: ${!valid(row, { w: false, m: { r1: "c" } })}; read-only page asked for: ${!valid(page, {})}; ` +
  `shut choice valid: ${valid(choice, { w: false, r: "b" })}; linter: ${found}`);
NODE
seen=$(node ask.mjs)
echo "$seen"
[ "$seen" = "shut row asked for: true; read-only page asked for: true; shut choice valid: true; linter: 0" ]
