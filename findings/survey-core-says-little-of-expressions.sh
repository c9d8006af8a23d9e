#!/usr/bin/env bash
# survey-core 3.1.1 (npm): an expression that does not close its bracket is read as if it did, so that no check of
# expressions names it; and a question with requiredIf is not required where that does not hold, although it says
# isRequired: true.
#
# Seen: ({q} = 1 read as: ({q} == 1); isRequired beside a requiredIf that does not hold: false
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts --loglevel=error survey-core@3.1.1 >/dev/null
cat > ask.mjs <<'NODE'
import * as S from "survey-core";
const read = new S.ConditionsParser().parseExpression("({q} = 1");
const model = new S.Model({ elements: [
  { type: "text", name: "q" },
  { type: "text", name: "r", isRequired: true, requiredIf: "{q} = 1" },
] });
model.data = { q: 2 };
console.log(`({q} = 1 read as: ${read}; isRequired beside a requiredIf that does not hold: ${model.getQuestionByName("r").isRequired}`);
NODE
seen=$(node ask.mjs)
echo "$seen"
[ "$seen" = "({q} = 1 read as: ({q} == 1); isRequired beside a requiredIf that does not hold: false" ]
