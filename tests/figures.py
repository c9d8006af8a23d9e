#!/usr/bin/env python3
"""Works out a demo's reports anew, from what was posted, with pandas, scipy and statsmodels.

    figures.py FOLDER

FOLDER has what the demo posted (organisation.json, courses.json, surveys.json, rounds.json, statements.jsonl) and
its reports (reports/*.json). Every figure that is shown has to agree: counts exactly, other numbers to 1e-9. Exits non-zero with
one line for each that does not.
"""

import json
import pathlib
import re
import sys
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportion_effectsize
from statsmodels.stats.weightstats import DescrStatsW

ANSWERED = "http://adlnet.gov/expapi/verbs/answered"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
PASSED = "http://adlnet.gov/expapi/verbs/passed"
COMPLETED = "http://adlnet.gov/expapi/verbs/completed"
FRAMEWORK = pathlib.Path(__file__).resolve().parent.parent / "schemas/frameworks/digcomp-3.0.json"
checked, checked_groups, failures = {}, {}, []


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


def asked(survey):
    """What a survey's definition says of its items, scales and indexes."""
    definition = survey["definition"]
    scoring = survey.get("scoring") or definition["larka"]
    activities = survey.get("activities", {})
    items, scales = [], list(scoring["scales"])
    for page in definition["pages"]:
        # A page is for the groups that its condition names.
        groups = re.findall("'([^']*)'", page["visibleIf"]) if "{respondent_group}" in page.get("visibleIf", "") else None
        for question in page["elements"]:
            name = question["name"]
            item = {
                "name": name,
                "activity": activities.get(name, f"{survey['id']}/{name}"),
                "required": question.get("isRequired", False),
                "groups": groups,
                "several": question["type"] in ("checkbox", "tagbox", "ranking"),
                "ranked": question["type"] == "ranking",
            }
            if item["several"]:
                codes = [choice["value"] if isinstance(choice, dict) else choice for choice in question["choices"]]
                codes += ["none"] if question.get("showNoneItem") else []
                scales.append({"id": f"choices of {name}", "codes": [{"code": code} for code in codes]})
                item["scale"] = f"choices of {name}"
            items.append({**item, **scoring["items"].get(name, {})})
    return {"id": survey["id"], "items": items, "scales": scales, "indexes": scoring.get("indexes", [])}


class Round:
    """A round, or a group of its respondents: who was asked, and the score and code of everybody's latest usable answers."""

    def __init__(self, facts, survey, organisation, statements, as_of, group=None):
        self.group = group
        self.facts, self.survey = facts, survey
        parents = {unit["code"]: unit.get("parent") for unit in organisation["units"]}
        self.units, by_agent = {}, {}
        opens, boxed = facts["opens"], facts.get("boxed")
        self.estimated = facts["mode"] == "guardians"
        for person, held in enumerate([] if boxed else organisation["persons"]):
            duties = [(d["unit"], d["role"], d["from"], d.get("to")) for d in held.get("duties", [])]
            enrolled = [(e["unit"], "Elev", e["from"], e.get("to")) for e in held.get("enrolments", [])]
            groups = facts.get("groups", [])
            roles = facts["audience"].get("roles", []) + [role for one in groups for role in one["roles"]]
            places = []
            for unit, role, begins, ends in duties + (enrolled if "Elev" in roles else []):
                path = []
                while unit is not None:
                    path.append(unit)
                    unit = parents[unit]
                holds = begins <= opens and (ends is None or opens <= ends)
                if holds and facts["audience"]["unit"] in path and (not roles or role in roles):
                    places.append((next((at for at, one in enumerate(groups) if role in one["roles"]), None), path))
            # Who has roles of several groups is in the first.
            for at, path in places:
                if not groups or at == min(at for at, _ in places) and groups[at]["id"] == group:
                    self.units.setdefault(person, set()).update(path)
            by_agent.update((agent(of), person) for of in held["agents"])
        scales = {scale["id"]: scale["codes"] for scale in survey["scales"]}
        self.items = {
            item["name"]: item for item in survey["items"] if not item["groups"] or group is None or group in item["groups"]
        }
        self.scores, codes = {}, {}
        for name, item in self.items.items():
            codes[item["activity"]] = (name, {code["code"] for code in scales[item["scale"]]})
            scored = [code for code in scales[item["scale"]] if code.get("score") is not None]
            worth = [Fraction(*code["score"]) if isinstance(code["score"], list) else Fraction(code["score"]) for code in scored]
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
            code = self.code(name, known, said["response"].split("[,]"))
            if within and person in self.units and code is not None:
                rows.append((person, name, said["day"], said["order"], code))
        if boxed:
            rows = self.of_strata(boxed, parents)
        rows = pd.DataFrame(rows, columns=["person", "item", "day", "order", "code"]).sort_values(["day", "order"])
        answers = rows.drop_duplicates(["person", "item"], keep="last").pivot(index="person", columns="item", values="code")
        answers = answers.reindex(columns=list(self.items))
        required = [name for name, item in self.items.items() if item["required"]] or list(self.items)
        answered = answers[required].notna().sum(axis=1)
        self.answers = answers[(2 * answered >= len(required)) & (answered > 0)]

    def of_strata(self, boxed, parents):
        """People of whom nobody knows more than their stratum: in the units that all of the stratum are in or below. In
        `cut` the units of which a part of a stratum is."""
        def upwards(unit):
            return {unit} | upwards(parents[unit]) if unit is not None else set()

        self.cut = set()
        for number, stratum in enumerate(boxed["strata"]):
            above = [upwards(unit) for unit in stratum["units"]]
            if stratum.get("group") != self.group:
                continue
            whole = set.intersection(*above)
            self.cut |= set.union(*above) - whole
            self.units.update(((number, place), whole) for place in range(stratum["people"]))
        given, rows = {}, []
        for ballot in boxed["ballots"]:
            number = ballot["stratum"]
            if boxed["strata"][number].get("group") != self.group:
                continue
            place = given[number] = given.get(number, -1) + 1
            for name, codes in ballot["codes"].items():
                known = {code["code"] for code in self.codes[name]} if name in self.items else set()
                code = self.code(name, known, [codes] if isinstance(codes, str) else codes) if known else None
                rows += [((number, place), name, "", 0, code)] if code is not None else []
        return rows

    def code(self, name, known, codes):
        """What was chosen: one code, or those of several that there are, each once."""
        if not self.items[name]["several"]:
            return codes[0] if len(codes) == 1 and codes[0] in known else None
        return "[,]".join(dict.fromkeys(code for code in codes if code in known)) or None

    def members(self, unit):
        return {person for person, units in self.units.items() if unit in units}

    def population(self, unit):
        """What a sample is corrected for: where the base is an estimate, nothing."""
        return np.inf if self.estimated else len(self.members(unit))

    def given(self, unit):
        """The usable answers of a group."""
        return self.answers[self.answers.index.isin(self.members(unit))]

    def scored(self, unit, item):
        return self.given(unit)[item].map(self.scores[item]).dropna()

    def positive(self, unit, item):
        """How many answered positively, and of how many."""
        good, answers = self.positive_people(unit, item)
        return int(answers.isin(good).sum()), len(answers)

    def positive_people(self, unit, item):
        """The codes of positive answers, and the answers that count to the share."""
        scale = [code for code in self.codes[item] if not code.get("dont_know")]
        flags = [code.get("positive", False) for code in scale]
        if self.items[item].get("reverse"):
            flags.reverse()
        good = {code["code"] for code, flag in zip(scale, flags) if flag}
        answers = self.given(unit)[item].dropna()
        if self.facts.get("without_dont_know"):
            answers = answers[answers.isin([code["code"] for code in scale])]
        return good, answers


def wilson(part, of, population):
    if of == 0 or of >= population:
        return None
    effective = of if population == np.inf else of * (population - 1) / (population - of)
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


def number(what, found, kind, expected, called=None):
    value = found.get(kind)
    same(f"{called or kind}: {what}", fraction(value and value["number"]), expected)


def check_answers(what, round_, section, figure, unit):
    item = figure["item"]
    answers, base = round_.given(unit)[item].dropna(), round_.population(unit)
    same(f"n: {what}", (figure["answered"], figure["base"]), (len(answers), len(round_.members(unit))))
    if "skipped" in figure:
        same(f"skipped: {what}", (figure["skipped"]["part"], figure["skipped"]["of"]),
             (len(round_.given(unit)) - len(answers), len(round_.given(unit))))
    if figure["shown"] != "full":
        return
    scores, (part, of) = round_.scored(unit, item), round_.positive(unit, item)
    score = sum(scores, Fraction(0)) / len(scores) if len(scores) else None
    same(f"mean: {what}", fraction((figure["score"] or {}).get("mean")), None if score is None else float(score))
    if figure["positive"] is not None:
        same(f"share positive: {what}", (figure["positive"]["part"], figure["positive"]["of"]), (part, of))
    counts = [int((answers == category["code"]).sum()) for category in section["categories"]]
    same(f"counts: {what}", figure["counts"], counts)
    ends(f"interval of a share: {what}", figure["interval"], wilson(part, of, base))
    scores, found = floats(scores), values(figure)
    mean = found.get("mean")
    ends(f"interval of a mean: {what}", mean and mean["interval"], of_mean(scores, base))
    number(what, found, "deviation", float(scores.std()) if len(scores) > 1 else None)


def check_choices(what, round_, section, figure, unit):
    """Who chose a choice, or in which place, of all who answered its question."""
    name, code = figure["item"].split("/")
    item, answers = round_.items[name], round_.given(unit)[name].dropna()
    base, given = len(round_.members(unit)), [chosen.split("[,]") for chosen in answers]
    same(f"n: {what}", (figure["answered"], figure["base"]), (len(given), base))
    if figure["shown"] == "full":
        places = [chosen.index(code) if code in chosen else None for chosen in given]
        last = len(section["categories"]) - 1
        counts = [0] * (last + 1)
        for place in places:
            counts[last if place is None else place if item["ranked"] else 0] += 1
        same(f"choices: {what}", figure["counts"], counts)
        same(f"share of a choice: {what}", (figure["positive"]["part"], figure["positive"]["of"]), (counts[0], len(given)))
        ends(f"interval of a choice: {what}", figure["interval"], wilson(counts[0], len(given), base))
        ranks = pd.Series([place + 1 for place in places if place is not None], dtype=float)
        if item["ranked"]:
            same(f"mean place: {what}", fraction((figure["score"] or {}).get("mean")), float(ranks.mean()) if len(ranks) else None)
            mean = values(figure).get("mean")
            ends(f"interval of a mean place: {what}", mean and mean["interval"], of_mean(ranks, base))


def by_group(section, facts):
    """A section as it is without groups, or as each group has it, with items called as without."""
    groups = [one["id"] for one in facts.get("groups", [])]
    if not groups:
        return [(None, section)]
    of = lambda figure: figure["item"].rsplit("/", 1)
    rename = lambda figure: {**figure, "item": of(figure)[0]}
    return [
        (group, {**section, "figures": [rename(figure) for figure in section["figures"] if of(figure)[-1] == group]})
        for group in groups
    ]


def subject(round_, unit, item):
    """Who answered what an item is about, whether positively (of a choice: chose it, or put it first), and with which score."""
    if "/" not in item:
        good, stand = round_.positive_people(unit, item)
        scored = round_.scored(unit, item)
        scores = pd.Series([float(score) for score in scored], index=scored.index, dtype=float)
        return round_.given(unit)[item].dropna(), stand.isin(good), scores
    name, code = item.split("/")
    answers, ranked = round_.given(unit)[name].dropna(), round_.items[name]["ranked"]
    places = places_of(answers, code)
    return answers, (places == 0) if ranked else places.notna(), (places.dropna() + 1) if ranked else places[:0]


def places_of(answers, code):
    """In which place, from 0, each put a choice; nothing where it was not chosen."""
    chosen = [said.split("[,]") for said in answers]
    return pd.Series([said.index(code) if code in said else np.nan for said in chosen], index=answers.index, dtype=float)


def check_weights(what, round_, section, figure, unit, parents, k):
    """Answers weighted by the units right below: each person of a part that is shown weighs N/n, the others as one part."""
    item, found = figure["item"], values(figure)
    full = {f["population"] for f in section["figures"] if f["item"] == item and f["shown"] == "full"}
    below = [code for code, parent in parents.items() if parent == unit and code in full]
    parts, left = [], set(round_.members(unit))
    for code in sorted(below, key=lambda code: (-len(round_.members(code)), code)):
        if round_.members(code) <= left:
            parts.append(round_.members(code))
            left -= round_.members(code)
    parts += [left] if left else []
    answers, good, scores = subject(round_, unit, item)
    n = lambda part: int(answers.index.isin(part).sum())
    parts.sort(key=lambda part: -n(part))
    while parts and n(parts[-1]) < k:
        small = parts.pop()
        if parts:
            parts[-1] = parts[-1] | small
            parts.sort(key=lambda part: -n(part))
    if len(parts) < 2:
        same(f"no weights: {what}", "design_effect" in found, False)
        return
    weight = pd.Series({p: len(part) / n(part) for part in parts for p in part}, dtype=float)[answers.index]
    number(what, found, "design_effect", float(len(weight) * (weight**2).sum() / weight.sum() ** 2))
    of_choice = "/" in item
    if len(scores):
        mean = float(DescrStatsW(scores, weights=weight[scores.index]).mean)
        number(what, found, "weighted_mean", mean, "weighted mean place" if of_choice else None)
    if figure["positive"] is not None:
        share = float(DescrStatsW(good.astype(float), weights=weight[good.index]).mean)
        number(what, found, "weighted_positive", share, "weighted share of a choice" if of_choice else None)


def check_change(what, now, then, figure, unit):
    item, found = figure["item"], values(figure)
    of_choice = "/" in item
    (_, good, a), (_, bad, b) = subject(now, unit, item), subject(then, unit, item)
    (one, n), (other, m) = (int(good.sum()), len(good)), (int(bad.sum()), len(bad))
    if "share_change" in found:
        number(what, found, "share_change", one / n - other / m, "change of a choice" if of_choice else None)
        interval = confint_proportions_2indep(one, n, other, m, method="newcomb", compare="diff", correction=False)
        ends(f"interval of a change of shares: {what}", found["share_change"]["interval"], interval)
        number(what, found, "cohens_h", float(proportion_effectsize(one / n, other / m)))
    else:
        same(f"no change of a share: {what}", of_choice, False)
    if len(a) > 1 and len(b) > 1 and a.std() + b.std() > 0:
        number(what, found, "mean_change", float(a.mean() - b.mean()), "change of a mean place" if of_choice else None)
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
    stayed = len(set(now.members(unit)) & set(then.members(unit)))
    same(f"n: {what}", (figure["answered"], figure["base"]), (len(both), stayed))
    if figure["shown"] == "full":
        same(f"counts: {what}", figure["counts"], moves)
        a, b, found = floats(a[both]), floats(b[both]), values(figure)
        number(what, found, "mean_change", float((a - b).mean()))
        check_same_people(what, found["mean_change"], a, b)
        number(what, found, "d_av", float((a - b).mean() / ((a.std() + b.std()) / 2)))


def check_same_people(what, found, a, b):
    test = stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.95) if (a - b).std() > 0 else None
    ends(f"interval of a change of the same people: {what}", found["interval"], interval)


def check_paired_choices(what, now, then, figure, unit):
    """Of those who answered the question both times: who chose it when, or put it higher up or further down."""
    name, code = figure["item"].split("/")
    a, b = (places_of(of.given(unit)[name].dropna(), code) for of in (now, then))
    both = a.index.intersection(b.index)
    a, b = a[both], b[both]
    stayed = len(set(now.members(unit)) & set(then.members(unit)))
    same(f"n: {what}", (figure["answered"], figure["base"]), (len(both), stayed))
    if figure["shown"] != "full":
        return
    found, chosen = values(figure), (a.notna(), b.notna())
    if now.items[name]["ranked"]:
        ranked = chosen[0] & chosen[1]
        counts = [int((a < b).sum()), int((a == b).sum()), int((a > b).sum()), int((~ranked).sum())]
        a, b = a[ranked] + 1, b[ranked] + 1
        same(f"choices of the same people: {what}", figure["counts"], counts)
        if len(a) > 1:
            number(what, found, "mean_change", float((a - b).mean()), "change of places of the same people")
            check_same_people(what, found["mean_change"], a, b)
            spread = (a.std() + b.std()) / 2
            number(what, found, "d_av", float((a - b).mean() / spread) if spread > 0 else None)
        return
    ways = [(True, True), (False, True), (True, False), (False, False)]
    counts = [int(((chosen[0] == one) & (chosen[1] == other)).sum()) for one, other in ways]
    same(f"choices of the same people: {what}", figure["counts"], counts)
    if len(both) > 1:
        a, b = chosen[0].astype(float), chosen[1].astype(float)
        number(what, found, "share_change", float((a - b).mean()), "change of a choice of the same people")
        check_same_people(what, found["share_change"], a, b)


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
    if figure["shown"] != "full":
        return
    same(f"index: {what}", fraction((figure["score"] or {}).get("mean")), float(mean(index)))
    if not index.get("parts"):
        found, of = values(figure), floats(persons(index))
        same(f"n: {what}", (figure["answered"], figure["base"]), (len(of), len(round_.members(unit))))
        interval = found.get("mean")
        ends(f"interval of an index: {what}", interval and interval["interval"], of_mean(of, round_.population(unit)))
        complete = table(index).dropna().astype(float)
        k, alpha = complete.shape[1], None
        if len(complete) >= 30 and k > 1 and complete.sum(axis=1).var() > 0:
            alpha = float(k / (k - 1) * (1 - complete.var().sum() / complete.sum(axis=1).var()))
        number(what, found, "alpha", alpha)


class Levels:
    """What is known of everybody with a duty on a day: levels of competences as (low, high), by person."""

    def __init__(self, day, organisation, courses, surveys, rounds, framework, statements, passes):
        self.framework, self.courses = framework, courses
        parents = {unit["code"]: unit.get("parent") for unit in organisation["units"]}
        kinds = {unit["code"]: unit["kind"] for unit in organisation["units"]}
        groups, by_agent = [], {}
        for person, held in enumerate(organisation["persons"]):
            for duty in held.get("duties", []):
                if not (duty["from"] <= day and (duty.get("to") is None or day <= duty["to"])):
                    continue
                unit = duty["unit"]
                while unit is not None:
                    groups.append((unit, person))
                    if parents[unit] is None or kinds[unit] == "rektorsomrade":
                        groups.append((f"{unit}/{duty['role']}", person))
                    unit = parents[unit]
            by_agent.update((agent(of), person) for of in held["agents"])
        groups = pd.DataFrame(groups, columns=["group", "person"])
        self.groups = groups.groupby("group").person.agg(set).to_dict()
        self.everybody = set(groups.person)
        self.demonstrated, self.types = self.show(day, by_agent, passes)
        self.survey, self.self_assessed = self.claim(day, by_agent, surveys, rounds, statements)
        touched = {by_agent.get(actor) for actor, activity, on in passes["touched"] if on <= day}
        self.reached = touched & self.everybody

    def members(self, group):
        return self.groups.get(group, set())

    def show(self, day, by_agent, passes):
        """Demonstrated levels: the highest with evidence of weight 1 or more at or above it, each root activity once."""
        root, rules = {}, {}
        for course in self.courses["courses"]:
            origin = course["origin"].get("copy_of")
            for part, of in [(course["id"], origin)] + [(a["id"], a.get("copy_of")) for a in course["activities"]]:
                root[part] = of
        for rule in self.courses["rules"]:
            if rule["framework"] == self.framework["id"]:
                rules.setdefault(rule["activity"], []).append(rule)
        rows = []
        for actor, activity, on in passes["passed"]:
            person = by_agent.get(actor)
            if person not in self.everybody or on > day:
                continue
            chain = [activity]
            while root.get(chain[-1]):
                chain.append(root[chain[-1]])
            for number, rule in enumerate(rule for link in chain for rule in rules.get(link, [])):
                if "valid_months" in rule:
                    until = pd.Timestamp(on) + pd.DateOffset(months=rule["valid_months"])
                    if until.date().isoformat() < day:
                        continue
                for kind in ["all", *rule.get("types", [])]:
                    rows.append((person, rule["competence"], kind, chain[-1], *rule["level"], rule["weight"]))
        rows = pd.DataFrame(rows, columns=["person", "competence", "type", "root", "low", "high", "weight"])
        keys, found = ["person", "competence", "type"], {}
        for place, end in enumerate(("low", "high")):
            for level in range(1, 9):
                support = rows[rows[end] >= level].groupby([*keys, "root"]).weight.max().groupby(keys).sum()
                for key in support.index[support >= 1000]:
                    found.setdefault(key, [None, None])[place] = level
        found = {key: tuple(ends) for key, ends in found.items() if ends[0] is not None}
        levels = {(person, code): ends for (person, code, kind), ends in found.items() if kind == "all"}
        return levels, {key for key in found if key[2] != "all"}

    def claim(self, day, by_agent, surveys, rounds, statements):
        """Self-assessed levels: of the survey with the latest round, the latest sitting with half of what counts."""
        feeding = [
            survey for survey in surveys.values()
            if any(item.get("feeds", {}).get("framework") == self.framework["id"] for item in survey["items"])
        ]
        opened = lambda survey: max((r["opens"] for r in rounds if r["survey"] == survey["id"] and r["opens"] <= day), default="")
        if not feeding:
            return None, {}
        survey = max(feeding, key=opened)
        items = {item["activity"]: item for item in survey["items"]}
        asked = {r["registration"] for r in rounds if r["survey"] == survey["id"]}
        counted = [a for a, item in items.items() if item["required"]] or list(items)
        sittings = {}
        for said in sorted(statements, key=lambda said: (said["day"], said["order"])):
            person = by_agent.get(said["actor"])
            if said["object"] in items and said["registration"] in asked and said["day"] <= day and person in self.everybody:
                sitting = sittings.setdefault((person, said["registration"]), {})
                sitting[said["object"]] = (said["response"], (said["day"], said["order"]))
        latest = {}
        for (person, _), answers in sittings.items():
            if 2 * sum(a in answers for a in counted) >= len(counted):
                when = max(when for _, when in answers.values())
                if person not in latest or when > latest[person][0]:
                    latest[person] = (when, answers)
        levels = {}
        for person, (_, answers) in latest.items():
            claims = {}
            for activity, item in items.items():
                if "feeds" in item:
                    code = answers.get(activity, (None,))[0]
                    claims.setdefault(item["feeds"]["competence"], []).append(item["feeds"]["levels"].get(code))
            for competence, of in claims.items():
                known = [level for level in of if level is not None]
                if known and 2 * len(known) >= len(of):
                    level = int(Fraction(sum(known), len(known)) + Fraction(1, 2))
                    levels[person, competence] = (level, level)
        return survey, levels

    def of(self, kind):
        return self.demonstrated if kind == "demonstrated" else self.self_assessed

    def band(self, ends):
        return next(place for place, band in enumerate(self.framework["bands"]) if band["low"] <= ends[0] <= band["high"])

    def area(self, kind, person, area):
        """The highest level that half of an area's competences reach."""
        codes = [c["code"] for c in self.framework["competences"] if c["area"] == area]
        lows = sorted((self.of(kind)[person, c][0] for c in codes if (person, c) in self.of(kind)), reverse=True)
        half = -(-len(codes) // 2)
        return (lows[half - 1],) if len(lows) >= half else None

    def target(self, group, competence):
        of = {t.get("role"): t["levels"] for t in self.courses.get("targets", []) if t["framework"] == self.framework["id"]}
        role = group.split("/", 1)[1] if "/" in group else None
        return of.get(role, {}).get(competence, of.get(None, {}).get(competence))


def check_levels(report, name, now, then=None):
    framework, bands = now.framework, len(now.framework["bands"])
    for section in report["sections"]:
        id, kind = section["id"], "self-assessed" if section["id"].startswith("self-assessed") else "demonstrated"
        for figure in section["figures"]:
            if figure["shown"] == "hidden":
                continue
            group, item = figure["population"], figure["item"]
            people, known, counts = now.members(group), now.of(kind), None
            base = len(people)
            of = {person: known[person, item] for person in people if (person, item) in known}
            if id == "reached":
                answered, what = len(people & now.reached), "reached"
            elif id.endswith("-coverage"):
                answered, what = len(people & {person for person, _ in known}), "coverage"
            elif id == "demonstrated-types":
                code, of_type = item.split("/")
                answered, what = sum((person, code, of_type) in now.types for person in people), "types"
            elif id == "people-since":
                stayed = people & then.members(group)
                answered, base, what = len(stayed), len(then.members(group)) if item == "stayed" else base, "people since"
            elif id.endswith("-change"):
                before = {p: then.of(kind)[p, item] for p in people & then.members(group) if (p, item) in then.of(kind)}
                moves = [np.sign(now.band(of[p]) - then.band(before[p])) for p in of if p in before]
                counts, what = [moves.count(way) for way in (-1, 0, 1)], "bands of the same people"
                answered, base = sum(counts), len(people & then.members(group))
            elif id == "self-assessed-beside-demonstrated":
                both = [p for p in people if (p, item) in now.self_assessed and (p, item) in now.demonstrated]
                cells = pd.Series([now.band(now.self_assessed[p, item]) * bands + now.band(now.demonstrated[p, item]) for p in both], dtype=int)
                counts, what = cells.value_counts().reindex(range(bands * bands), fill_value=0).tolist(), "crosses"
                answered = len(both)
            elif id.endswith("-target"):
                target = now.target(group, item)
                stands = [2 if low >= target else 1 if high >= target else 0 for low, high in of.values()]
                counts, what, answered = [stands.count(place) for place in range(3)], "targets", len(of)
                if figure["shown"] == "full":
                    found = values(figure)
                    number(f"{name} {id} {item} {group}", found, "at_target", counts[2] / answered)
                    ends(f"bounds of a share at the target: {name} {id} {item} {group}", found["at_target"]["interval"],
                         (counts[2] / base, (base - counts[0]) / base))
            elif id.endswith("-levels"):
                places = [low for low, _ in of.values()]
                counts, what, answered = [places.count(level["level"]) for level in framework["levels"]], "levels", len(of)
            else:
                if id.endswith("-areas"):
                    of = {p: now.area(kind, p, item) for p in people if now.area(kind, p, item)}
                places = [now.band(level) for level in of.values()]
                counts, what, answered = [places.count(place) for place in range(bands)], "bands", len(of)
            same(f"{what}: {name} {id} {item} {group}", (figure["answered"], figure["base"]), (answered, base))
            if figure["shown"] == "full" and counts is not None:
                same(f"{what}: {name} {id} {item} {group}", figure["counts"], counts)


def is_pass(verb, success):
    return verb == PASSED and success is not False or verb == COMPLETED and success is True


def read(folder):
    statements, voided, passes = [], set(), []
    for order, line in enumerate((folder / "statements.jsonl").read_text().splitlines()):
        said = json.loads(line)
        verb = said["verb"]["id"]
        if verb == VOIDED:
            voided.add(said["object"]["id"])
        day = pd.Timestamp(said["timestamp"]).tz_convert("Europe/Stockholm").date().isoformat()
        if "actor" in said and said["object"].get("objectType", "Activity") == "Activity":
            passed = is_pass(verb, said.get("result", {}).get("success"))
            passes.append((said.get("id"), agent(said["actor"]), said["object"]["id"], day, passed))
        if verb == ANSWERED and "response" in said.get("result", {}):
            statements.append({
                "id": said.get("id"), "actor": agent(said["actor"]), "object": said["object"]["id"], "day": day,
                "order": order, "registration": said.get("context", {}).get("registration"),
                "response": said["result"]["response"],
            })
    passes = [row for row in passes if row[0] not in voided]
    return [said for said in statements if said["id"] not in voided], passes


def main(folder):
    organisation, courses, surveys, rounds = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("organisation", "courses", "surveys", "rounds")
    )
    statements, passes = read(folder)
    in_courses = {part["id"] for course in courses["courses"] for part in [course, *course["activities"]]}
    passes = {
        "passed": {row[1:4] for row in passes if row[4]},
        "touched": {row[1:4] for row in passes if row[2] in in_courses},
    }
    framework = json.loads(FRAMEWORK.read_text())
    parents = {unit["code"]: unit.get("parent") for unit in organisation["units"]}
    surveys = {(survey["id"], survey["version"]): asked(survey) for survey in surveys["surveys"]}
    rounds = rounds["rounds"]
    for path in sorted((folder / "reports").glob("*.json")):
        report = json.loads(path.read_text())
        if report["kind"] == "competence":
            known = lambda day: Levels(day, organisation, courses, surveys, rounds, framework, statements, passes)
            now, then = known(report["identity"]["as_of"]), None
            since = next((s["items"][0]["label"]["sv"][-10:] for s in report["sections"] if s["id"] == "people-since"), None)
            check_levels(report, path.name, now, known(since) if since else None)
            continue
        facts = next(r for r in rounds if r["title"] == report["title"] and r["opens"] in report["period"]["sv"])
        as_of = report["identity"]["as_of"]
        assert date.fromisoformat(as_of)
        made = lambda facts, group=None: Round(
            facts, surveys[facts["survey"], facts["version"]], organisation, statements, as_of, group
        )
        groups = {group: made(facts, group) for group in [one["id"] for one in facts.get("groups", [])] or [None]}
        before = [r for r in rounds if r["survey"] == facts["survey"] and r["closes"] < facts["opens"]]
        before = max(before, key=lambda r: r["closes"]) if before else None
        thens = {group: made(before, group) if before else None for group in groups}
        survey = surveys[facts["survey"], facts["version"]]
        indexes = {index["id"]: index for index in survey.get("indexes", [])}
        for group, section in [pair for section in report["sections"] for pair in by_group(section, facts)]:
            now, then = groups[group], thens[group]
            checked_groups[group] = checked_groups.get(group, 0) + len(section["figures"])
            for figure in section["figures"]:
                unit = figure["population"]
                if "boxed" in facts:
                    told = figure.get("reason") == "merged"
                    same(f"figures of strata: {path.name} {section['id']} {unit}", told, unit in now.cut)
                if figure["shown"] == "hidden":
                    continue
                what = f"{path.name} {section['id']} {figure['item']} {group or ''} {unit}"
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
                elif section["measure"] == "paired_choices":
                    check_paired_choices(what, now, then, figure, unit)
                else:
                    of = then if section["id"].startswith("earlier-") else now
                    check = check_choices if section["measure"] == "choices" else check_answers
                    check(what, of, section, figure, unit)
                    if "design_effect" in section["values"] and figure["shown"] == "full":
                        check_weights(what, of, section, figure, unit, parents, report["rules"]["k_full"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
    for kind, times in sorted(checked.items()):
        print(f"{times} of {kind}")
    for group, times in checked_groups.items():
        if group:
            print(f"{times} of group {group}")
    for failure in failures[:50]:
        print(failure, file=sys.stderr)
    if len(failures) > 50:
        print(f"and {len(failures) - 50} more", file=sys.stderr)
    sys.exit(bool(failures))
