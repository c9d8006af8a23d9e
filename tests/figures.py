#!/usr/bin/env python3
"""Works out a demo's survey reports anew, from what was posted, with pandas, scipy and statsmodels.

    figures.py FOLDER

FOLDER has what the demo posted (organisation.json, surveys.json, rounds.json, statements.jsonl) and its reports
(reports/*.json). Every figure that is shown has to agree: counts exactly, other numbers to 1e-9. Exits non-zero with
one line for each that does not.
"""

import json
import pathlib
import sys
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportion_effectsize

ANSWERED = "http://adlnet.gov/expapi/verbs/answered"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
checked, failures = {}, []


def fraction(value):
    return None if value is None else int(value["num"]) / int(value["den"])


def same(what, found, expected):
    """Holds a number of the report against the one worked out here."""
    kind = what.split(":")[0]
    checked[kind] = checked.get(kind, 0) + 1
    if found is None or expected is None:
        if found is not expected:
            failures.append(f"{what}: {found}, expected {expected}")
    elif isinstance(expected, float):
        if abs(found - expected) > 1e-9 * max(1.0, abs(expected)):
            failures.append(f"{what}: {found!r}, expected {expected!r}")
    elif found != expected:
        failures.append(f"{what}: {found}, expected {expected}")


def agent(of):
    account = of.get("account")
    return f"{account['homePage']} {account['name']}" if account else of.get("mbox")


class Round:
    """A round: who was asked, and the score and code of everybody's latest usable answers."""

    def __init__(self, facts, survey, organisation, statements, as_of):
        self.facts, self.survey = facts, survey
        parents = {unit["code"]: unit.get("parent") for unit in organisation["units"]}
        self.units, by_agent = {}, {}
        opens = facts["opens"]
        for person, held in enumerate(organisation["persons"]):
            duties = [(d["unit"], d["role"], d["from"], d.get("to")) for d in held.get("duties", [])]
            enrolled = [(e["unit"], "Elev", e["from"], e.get("to")) for e in held.get("enrolments", [])]
            roles = facts["audience"].get("roles", [])
            for unit, role, begins, ends in duties + (enrolled if "Elev" in roles else []):
                path = []
                while unit is not None:
                    path.append(unit)
                    unit = parents[unit]
                holds = begins <= opens and (ends is None or opens <= ends)
                if holds and facts["audience"]["unit"] in path and (not roles or role in roles):
                    self.units.setdefault(person, set()).update(path)
            by_agent.update((agent(of), person) for of in held["agents"])
        scales = {scale["id"]: scale["codes"] for scale in survey["scales"]}
        self.items = {item["name"]: item for item in survey["items"]}
        self.scores, codes = {}, {}
        for name, item in self.items.items():
            codes[item["activity"]] = (name, {code["code"] for code in scales[item["scale"]]})
            scored = [code for code in scales[item["scale"]] if code.get("score")]
            worth = [Fraction(*code["score"]) for code in scored]
            if item.get("reverse"):
                worth.reverse()
            self.scores[name] = {code["code"]: score for code, score in zip(scored, worth)}
        self.codes = {name: scales[item["scale"]] for name, item in self.items.items()}
        rows = []
        for said in statements:
            if said["registration"] != facts["registration"] or said["object"] not in codes:
                continue
            name, known = codes[said["object"]]
            person = by_agent.get(said["actor"])
            within = facts["opens"] <= said["day"] <= min(facts["closes"], as_of)
            if within and person in self.units and said["response"] in known:
                rows.append((person, name, said["day"], said["order"], said["response"]))
        rows = pd.DataFrame(rows, columns=["person", "item", "day", "order", "code"]).sort_values(["day", "order"])
        answers = rows.drop_duplicates(["person", "item"], keep="last").pivot(index="person", columns="item", values="code")
        answers = answers.reindex(columns=list(self.items))
        required = [name for name, item in self.items.items() if item["required"]] or list(self.items)
        answered = answers[required].notna().sum(axis=1)
        self.answers = answers[(2 * answered >= len(required)) & (answered > 0)]

    def members(self, unit):
        return {person for person, units in self.units.items() if unit in units}

    def given(self, unit):
        """The usable answers of a group."""
        return self.answers[self.answers.index.isin(self.members(unit))]

    def scored(self, unit, item):
        return self.given(unit)[item].map(self.scores[item]).dropna()

    def positive(self, unit, item):
        """How many answered positively, and of how many."""
        scale = [code for code in self.codes[item] if not code.get("dont_know")]
        flags = [code.get("positive", False) for code in scale]
        if self.items[item].get("reverse"):
            flags.reverse()
        good = {code["code"] for code, flag in zip(scale, flags) if flag}
        answers = self.given(unit)[item].dropna()
        if self.facts.get("without_dont_know"):
            answers = answers[answers.isin([code["code"] for code in scale])]
        return int(answers.isin(good).sum()), len(answers)


def wilson(part, of, population):
    if of == 0 or of >= population:
        return None
    effective = of * (population - 1) / (population - of)
    return proportion_confint(part / of * effective, effective, method="wilson")


def of_mean(scores, population):
    n = len(scores)
    if n < 2 or n >= population or scores.std() == 0:
        return None
    error = scores.std() / np.sqrt(n) * np.sqrt(1 - n / population)
    return stats.t.interval(0.95, n - 1, loc=scores.mean(), scale=error)


def floats(scores):
    return pd.Series([float(score) for score in scores], dtype=float)


def ends(what, value, expected):
    same(f"{what} from", fraction(value and value["low"]), None if expected is None else float(expected[0]))
    same(f"{what} to", fraction(value and value["high"]), None if expected is None else float(expected[1]))


def values(figure):
    return {value["kind"]: value for value in figure.get("values", [])}


def number(what, found, kind, expected):
    value = found.get(kind)
    same(f"{kind}: {what}", fraction(value and value["number"]), expected)


def check_answers(what, round_, section, figure, unit):
    item = figure["item"]
    answers, base = round_.given(unit)[item].dropna(), len(round_.members(unit))
    same(f"n: {what}", (figure["answered"], figure["base"]), (len(answers), base))
    scores, (part, of) = round_.scored(unit, item), round_.positive(unit, item)
    score = sum(scores, Fraction(0)) / len(scores) if len(scores) else None
    same(f"mean: {what}", fraction((figure["score"] or {}).get("mean")), None if score is None else float(score))
    if figure["positive"] is not None:
        same(f"share positive: {what}", (figure["positive"]["part"], figure["positive"]["of"]), (part, of))
    if "skipped" in figure:
        same(f"skipped: {what}", (figure["skipped"]["part"], figure["skipped"]["of"]),
             (len(round_.given(unit)) - len(answers), len(round_.given(unit))))
    if figure["shown"] == "full":
        counts = [int((answers == category["code"]).sum()) for category in section["categories"]]
        same(f"counts: {what}", figure["counts"], counts)
        ends(f"interval of a share: {what}", figure["interval"], wilson(part, of, base))
        scores, found = floats(scores), values(figure)
        mean = found.get("mean")
        ends(f"interval of a mean: {what}", mean and mean["interval"], of_mean(scores, base))
        number(what, found, "deviation", float(scores.std()) if len(scores) > 1 else None)


def check_change(what, now, then, figure, unit):
    item, found = figure["item"], values(figure)
    (one, n), (other, m) = now.positive(unit, item), then.positive(unit, item)
    if "share_change" in found:
        number(what, found, "share_change", one / n - other / m)
        interval = confint_proportions_2indep(one, n, other, m, method="newcomb", compare="diff", correction=False)
        ends(f"interval of a change of shares: {what}", found["share_change"]["interval"], interval)
        number(what, found, "cohens_h", float(proportion_effectsize(one / n, other / m)))
    a, b = floats(now.scored(unit, item)), floats(then.scored(unit, item))
    if len(a) > 1 and len(b) > 1 and a.std() + b.std() > 0:
        number(what, found, "mean_change", float(a.mean() - b.mean()))
        interval = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
        ends(f"interval of a change of means: {what}", found["mean_change"]["interval"], interval)
        free = len(a) + len(b) - 2
        pooled = np.sqrt(((len(a) - 1) * a.var() + (len(b) - 1) * b.var()) / free)
        number(what, found, "hedges_g", float((a.mean() - b.mean()) / pooled * (1 - 3 / (4 * free - 1))))
        u = stats.mannwhitneyu(a, b).statistic
        number(what, found, "cliffs_delta", float(2 * u / (len(a) * len(b)) - 1))


def check_paired(what, now, then, figure, unit):
    item = figure["item"]
    a, b = now.scored(unit, item), then.scored(unit, item)
    both = a.index.intersection(b.index)
    moves = [int(sum(way(a[p], b[p]) for p in both)) for way in (Fraction.__lt__, Fraction.__eq__, Fraction.__gt__)]
    same(f"n: {what}", (figure["answered"], figure["base"]), (len(both), len(now.members(unit))))
    if figure["shown"] == "full":
        same(f"counts: {what}", figure["counts"], moves)
        a, b, found = floats(a[both]), floats(b[both]), values(figure)
        number(what, found, "mean_change", float((a - b).mean()))
        test = stats.ttest_rel(a, b)
        interval = test.confidence_interval(0.95) if (a - b).std() > 0 else None
        ends(f"interval of a change of the same people: {what}", found["mean_change"]["interval"], interval)
        number(what, found, "d_av", float((a - b).mean() / ((a.std() + b.std()) / 2)))


def check_index(what, round_, figure, unit, indexes):
    def table(index):
        names = index.get("items", [])
        return pd.DataFrame({name: round_.given(unit)[name].map(round_.scores[name]) for name in names}, dtype=object)

    def persons(index):
        rows = table(index).apply(lambda row: [score for score in row if isinstance(score, Fraction)], axis=1)
        return [sum(row, Fraction(0)) / len(row) for row in rows if row]

    def mean(index):
        if index.get("parts"):
            parts = [mean(indexes[part]) for part in index["parts"]]
            return sum(parts, Fraction(0)) / len(parts)
        of = persons(index)
        return sum(of, Fraction(0)) / len(of)

    index = indexes[figure["item"]]
    same(f"index: {what}", fraction((figure["score"] or {}).get("mean")), float(mean(index)))
    if figure["shown"] == "full" and not index.get("parts"):
        found, of = values(figure), floats(persons(index))
        same(f"n: {what}", (figure["answered"], figure["base"]), (len(of), len(round_.members(unit))))
        interval = found.get("mean")
        ends(f"interval of an index: {what}", interval and interval["interval"], of_mean(of, figure["base"]))
        complete = table(index).dropna().astype(float)
        k, alpha = complete.shape[1], None
        if len(complete) >= 30 and k > 1 and complete.sum(axis=1).var() > 0:
            alpha = float(k / (k - 1) * (1 - complete.var().sum() / complete.sum(axis=1).var()))
        number(what, found, "alpha", alpha)


def read(folder):
    statements, voided = [], set()
    for order, line in enumerate((folder / "statements.jsonl").read_text().splitlines()):
        said = json.loads(line)
        verb = said["verb"]["id"]
        if verb == VOIDED:
            voided.add(said["object"]["id"])
        if verb == ANSWERED and "response" in said.get("result", {}):
            day = pd.Timestamp(said["timestamp"]).tz_convert("Europe/Stockholm").date().isoformat()
            statements.append({
                "id": said.get("id"), "actor": agent(said["actor"]), "object": said["object"]["id"], "day": day,
                "order": order, "registration": said.get("context", {}).get("registration"),
                "response": said["result"]["response"],
            })
    return [said for said in statements if said["id"] not in voided]


def main(folder):
    organisation, surveys, rounds = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("organisation", "surveys", "rounds")
    )
    statements = read(folder)
    surveys = {(survey["id"], survey["version"]): survey for survey in surveys["surveys"]}
    rounds = rounds["rounds"]
    for path in sorted((folder / "reports").glob("*.json")):
        report = json.loads(path.read_text())
        if report["kind"] != "survey":
            continue
        facts = next(r for r in rounds if r["title"] == report["title"] and r["opens"] in report["period"]["sv"])
        as_of = report["identity"]["as_of"]
        assert date.fromisoformat(as_of)
        made = lambda facts: Round(facts, surveys[facts["survey"], facts["version"]], organisation, statements, as_of)
        now = made(facts)
        before = [r for r in rounds if r["survey"] == facts["survey"] and r["closes"] < facts["opens"]]
        then = made(max(before, key=lambda r: r["closes"])) if before else None
        indexes = {index["id"]: index for index in now.survey.get("indexes", [])}
        for section in report["sections"]:
            for figure in section["figures"]:
                if figure["shown"] == "hidden":
                    continue
                unit = figure["population"]
                what = f"{path.name} {section['id']} {figure['item']} {unit}"
                if section["id"] == "response-rate":
                    found = (len(now.given(unit)), len(now.members(unit)))
                    same(f"response rate: {what}", (figure["answered"], figure["base"]), found)
                elif section["measure"] == "index":
                    check_index(what, now, figure, unit, indexes)
                elif section["measure"] == "change":
                    if figure["shown"] == "full":
                        check_change(what, now, then, figure, unit)
                elif section["measure"] == "paired_change":
                    check_paired(what, now, then, figure, unit)
                else:
                    check_answers(what, then if section["id"].startswith("earlier-") else now, section, figure, unit)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
    for kind, times in sorted(checked.items()):
        print(f"{times} of {kind}")
    for failure in failures[:50]:
        print(failure, file=sys.stderr)
    if len(failures) > 50:
        print(f"and {len(failures) - 50} more", file=sys.stderr)
    sys.exit(bool(failures))
