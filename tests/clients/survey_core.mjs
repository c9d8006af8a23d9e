// What survey-core makes of definitions and answers: JSON lines in, JSON lines out.
//   {"definition", "answers": […]} -> [{"plain": {visible, required, kept}, visible, required, asking, kept}, …]: as it is,
//                                    and with hidden answers taken away; asking are pages and panels that miss an answer
//   {"lint": definition}          -> the names of the linter's rules that find something
//   {"expression", "values"}      -> {"value"} or {"refused": true}
//   {"time": [{"definition", "answers"}, …], "rounds": n} -> {"seconds"} for n checks of each, on one model a definition
import { createInterface } from "node:readline";
import * as S from "survey-core";
import { lintSurvey } from "survey-core/linter";

console.warn = console.error = () => {};

const shown = (question) => question.isVisible && question.isParentVisible;

function look(model, answers) {
  model.clear(true, true);
  model.data = structuredClone(answers);
  const visible = [], required = [];
  for (const question of model.getAllQuestions()) {
    if (!shown(question)) continue;
    visible.push(question.name);
    if (question.isRequired && !question.isReadOnly) required.push(question.name);
  }
  return { visible, required };
}

// An answer without the choices and rows that are only offered on a condition which does not hold.
function offered(question, value) {
  const gone = (items) => new Set((Array.isArray(items) ? items : []).filter((item) => item.visibleIf && !item.isVisible).map((item) => item.value));
  const choices = gone(question?.choices), rows = gone(question?.rows);
  if (choices.size + rows.size === 0) return value;
  if (Array.isArray(value)) return value.filter((item) => !choices.has(item));
  if (value instanceof Object) return Object.fromEntries(Object.entries(value).filter(([row]) => !rows.has(row)));
  return choices.has(value) ? undefined : value;
}

// What is not shown or offered is nothing for everybody who looks: taken away until nothing changes.
function settled(model, answers, seen) {
  const all = new Set(model.getAllQuestions().map((question) => question.name));
  let given = JSON.stringify(answers);
  for (let round = 0; round < 60; round++) {
    const visible = new Set(seen.visible);
    const left = {};
    for (const [name, value] of Object.entries(answers)) {
      const base = all.has(name) ? name : name.replace(/-Comment$/, "");
      if (all.has(base) && !visible.has(base)) continue;
      const kept = offered(model.getQuestionByName(name), value);
      if (kept !== undefined) left[name] = kept;
    }
    if (JSON.stringify(left) === given) return { seen, left };
    given = JSON.stringify(left);
    seen = look(model, left);
  }
  throw new Error("does not settle");
}

// Pages and panels of which an answer is asked that is not there.
function asking(model) {
  model.validate(true, false);
  const containers = [...model.pages, ...model.getAllPanels()];
  return containers.filter((container) => container.isVisible && container.errors.length > 0).map(({ name }) => name);
}

function answer(line) {
  if (line.lint) return lintSurvey(line.lint, { knownVariables: ["respondent_group"] }).findings.map(({ ruleId, path }) => `${ruleId} ${path}`);
  if (line.time) {
    const models = line.time.map(({ definition, answers }) => ({ model: new S.Model(definition), answers }));
    const round = () => {
      for (const { model, answers } of models) {
        model.clear(true, true);
        model.data = structuredClone(answers);
        model.validate(true, false);
        model.doComplete();
      }
    };
    round();
    const before = process.hrtime.bigint();
    for (let at = 0; at < line.rounds; at++) round();
    return { seconds: Number(process.hrtime.bigint() - before) / 1e9 };
  }
  if (line.expression !== undefined) {
    if (!new S.ConditionsParser().parseExpression(line.expression)) return { refused: true };
    const value = new S.ExpressionRunner(line.expression).runValues(line.values);
    return { value: value === undefined ? null : value };
  }
  const model = new S.Model(line.definition);
  return line.answers.map((answers) => {
    const plain = look(model, answers);
    const { seen, left } = settled(model, answers, plain);
    model.doComplete();
    const kept = model.data;
    look(model, left);
    const missing = asking(model);
    look(model, answers);
    model.doComplete();
    return { plain: { ...plain, kept: model.data }, ...seen, asking: missing, kept };
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line) process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
}
