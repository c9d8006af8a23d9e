"""Released reports as an outsider reads them in JSON; `forms.py` says whether other forms say more."""

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from math import lcm


def fraction(value):
    return None if value is None else Fraction(int(value["num"]), int(value["den"]))


def ends(interval):
    return fraction(interval["low"]), fraction(interval["high"])


@dataclass
class Population:
    parent: str | None
    base: int | None
    label: dict


@dataclass
class Figure:
    """What is shown of a population and an item; none where it is hidden."""

    reason: str | None
    base: int | None
    answered: int | None
    counts: list | None
    mean: Fraction | None
    scored: int | None
    positive: tuple | None
    interval: tuple | None
    values: list
    skipped: tuple | None

    def said(self, section):
        """Every number that says no more than this figure does."""
        if self.answered is None:
            return set()
        parts = {self.answered, self.base - self.answered}
        wholes = {self.answered, self.base}
        for part, of in filter(None, (self.positive, self.skipped)):
            parts.add(part)
            wholes.add(of)
        counts = self.counts or []
        parts |= {sum(counts[first:last]) for first in range(len(counts)) for last in range(first + 1, len(counts) + 1)}
        parts |= {part + self.base - self.answered for part in set(parts)}
        if section.measure == "self_vs_demonstrated" and counts:
            split = [0, 0, 0]
            for place, count in enumerate(counts):
                row, column = divmod(place, len(section.categories))
                split[(row >= column) + (row > column)] += count
            parts |= set(split)
        exact = [Fraction(100 * part, of) for part in parts for of in wholes if of]
        exact += [self.mean] if self.mean is not None else []
        for number, interval in [(None, self.interval), *self.values]:
            for one in filter(lambda one: one is not None, (number, *(interval or ()))):
                exact += [one, 100 * one]
        # Of two equally near the upper one, also below zero; signs are not read.
        rounded = {abs(half_up(one, decimals)) for one in exact for decimals in range(5)}
        return rounded | {Fraction(one) for one in parts | wholes}

    def value(self, category):
        if category == "answered":
            return self.answered
        if category == "not answered":
            return None if self.answered is None else self.base - self.answered
        return None if self.counts is None else self.counts[category]

    def sums(self, section):
        """Sums of counts that are shown beside or instead of the counts: a factor for each, and what they make."""
        if self.positive is not None:
            part, of = self.positive
            yield [int(role == "positive") for role in section.roles], part
            if of != self.answered:
                yield [int(role != "dont_know") for role in section.roles], of
        if self.mean is not None and self.scored is not None:
            yield [int(weight is not None) for weight in section.weights], self.scored
            weights = [weight or Fraction(0) for weight in section.weights]
            whole = lcm(*(weight.denominator for weight in weights))
            yield [int(weight * whole) for weight in weights], int(self.mean * self.scored * whole)


class Section:
    def __init__(self, read, weights):
        self.id, self.live, self.measure = read["id"], read["live"], read["measure"]
        self.title = read["title"]
        # The day that it compares with.
        notes = " ".join(note["sv"] for note in read["notes"])
        self.since = min(re.findall(r"\d{4}-\d\d-\d\d", notes), default=None) if self.id == "people-since" else None
        self.categories = [category["code"] for category in read["categories"]]
        self.labels = [category["label"] for category in read["categories"]]
        self.roles = [category["role"] for category in read["categories"]]
        self.items = {item["code"]: item["label"] for item in read["items"]}
        self.weights = weights(self)
        self.figures = {}
        for figure in read["figures"]:
            assert figure["shown"] in ("full", "summary", "hidden")
            hidden = figure["shown"] == "hidden"
            assert not hidden or set(figure) == {"population", "item", "shown", "reason"}, figure
            assert "counts" not in figure or figure["shown"] == "full", figure
            score, positive, interval = figure.get("score"), figure.get("positive"), figure.get("interval")
            self.figures[figure["population"], figure["item"]] = Figure(
                figure.get("reason"),
                figure.get("base"),
                figure.get("answered"),
                # A rate has no counts.
                figure.get("counts") or None,
                score and fraction(score["mean"]),
                score and score.get("n"),
                positive and (positive["part"], positive["of"]),
                interval and ends(interval),
                [(fraction(one["number"]), one["interval"] and ends(one["interval"])) for one in figure.get("values", ())],
                figure.get("skipped") and (figure["skipped"]["part"], figure["skipped"]["of"]),
            )


    def place(self, category):
        """Where a count of this code stands; of a cross the self-assessed one and the other."""
        places = [self.categories.index(code) for code in category.split("/")]
        return places[0] if len(places) == 1 else places[0] * len(self.categories) + places[1]


class Report:
    def __init__(self, file, surveys):
        read = json.loads(file.read_text())
        self.name, self.kind, self.as_of, self.read = file.name, read["kind"], read["identity"]["as_of"], read
        self.rules = read["rules"]
        self.populations = {
            one["code"]: Population(one["parent"], one["base"], one["label"]) for one in read["populations"]
        }
        title = read["subtitle"]
        is_asked = surveys and self.kind == "survey"
        survey = next(one for one in surveys.values() if one["title"] == title) if is_asked else None
        self.sections = [Section(section, lambda of: weights(of, survey)) for section in read["sections"]]

    def read_beside(self, other):
        """Takes what another report shows of the same."""
        others = {section.id: section for section in other.sections}
        for section in self.sections:
            for key, figure in section.figures.items():
                beside = others[section.id].figures.get(key) if section.id in others else None
                if beside and beside.answered is not None and (figure.answered is None or figure.counts is None):
                    section.figures[key] = beside

    def check(self, atoms):
        """That the roll is read like the program reads it."""
        for code, population in self.populations.items():
            size = sum(number for atom, number in atoms.items() if code in atom)
            assert population.base in (None, size), (self.name, code, population.base, size)

    def said(self, reason, base):
        """The least and the most who have answered by what a code says of a hidden figure. The neutral code stands for any
        where the group's size and another one would almost count them."""
        k, rate = self.rules["k_summary"], self.rules["minimum_rate"]
        if base < k:
            return 0, base
        least = k
        if rate:
            limit = base * rate["percent"]
            least = max(k, limit // 100 + 1 if rate["must_be"] == "exceeded" else -(-limit // 100))
        ends = {"small_group": (0, k - 1), "low_rate": (k, least - 1), "protected": (least, base)}
        is_narrow = lambda code: ends[code][1] - ends[code][0] < 2
        neutral = [code for code in ends if is_narrow(code) or is_narrow("protected") or code == "protected"]
        meant = [ends[code] for code in (neutral if reason == "protected" else [reason])]
        meant = [(low, high) for low, high in meant if low <= high]
        return min(low for low, _ in meant), max(high for _, high in meant)


def weights(section, survey):
    """The score of each answer, by what is known of the survey."""
    if section.measure == "choices":
        # In which place, where the mean of places is told.
        places = [re.fullmatch(r"place_(\d+)", code) for code in section.categories]
        return [place and Fraction(place[1]) for place in places]
    if survey is None or section.measure != "likert":
        return [None] * len(section.categories)
    scoring = survey.get("scoring") or survey["definition"]["larka"]
    # Of a group of respondents the group stands behind the name.
    name = next(iter(section.items))
    item = scoring["items"].get(name) or scoring["items"][name.rsplit("/", 1)[0]]
    scale = next(scale for scale in scoring["scales"] if scale["id"] == item["scale"])
    scored = [(code["code"], score(code["score"])) for code in scale["codes"] if code.get("score") is not None]
    codes, scores = [code for code, _ in scored], [value for _, value in scored]
    by_code = dict(zip(codes, reversed(scores) if item.get("reverse") else scores))
    return [by_code.get(code) for code in section.categories]


def score(value):
    return Fraction(*value) if isinstance(value, list) else Fraction(str(value))


def half_up(value, decimals):
    scaled = value * 10**decimals
    return Fraction((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 10**decimals)
