"""Released reports as an outsider reads them: JSON, and whether CSV and HTML say more."""

import csv
import io
import json
import re
from dataclasses import dataclass
from fractions import Fraction
from html.parser import HTMLParser
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
                exact += [abs(one), abs(100 * one)]
        rounded = {half_up(one, decimals) for one in exact for decimals in range(5)}
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


class Report:
    def __init__(self, file, surveys):
        read = json.loads(file.read_text())
        self.name, self.kind, self.as_of, self.read = file.name, read["kind"], read["identity"]["as_of"], read
        self.rules = read["rules"]
        self.populations = {
            one["code"]: Population(one["parent"], one["base"], one["label"]) for one in read["populations"]
        }
        title = read["subtitle"]
        survey = next((one for one in surveys.values() if one.get("title") == title), None)
        self.sections = [Section(section, lambda of: weights(of, survey)) for section in read["sections"]]

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
    if survey is None or section.measure != "likert":
        return [None] * len(section.categories)
    item = next(item for item in survey["items"] if item["name"] == next(iter(section.items)))
    scale = next(scale for scale in survey["scales"] if scale["id"] == item["scale"])
    scored = [(code["code"], score(code["score"])) for code in scale["codes"] if code.get("score") is not None]
    codes, scores = [code for code, _ in scored], [value for _, value in scored]
    by_code = dict(zip(codes, reversed(scores) if item.get("reverse") else scores))
    return [by_code.get(code) for code in section.categories]


def score(value):
    return Fraction(*value) if isinstance(value, list) else Fraction(str(value))


def differences(report, folder, name):
    """What CSV and HTML say and JSON does not."""
    for lang in ("sv", "en"):
        for kind, read in (("csv", csv_says), ("html", html_says)):
            file = folder / f"{name}.{lang}.{kind}"
            if file.exists():
                for difference in read(report, file.read_text(encoding="utf-8"), lang):
                    yield f"{lang}.{kind}: {difference}"


def half_up(value, decimals):
    scaled = value * 10**decimals
    return Fraction((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 10**decimals)


def csv_says(report, text, lang):
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter={"sv": ";", "en": ","}[lang]))
    head, seen = rows[0], set()
    sections = {section.id: section for section in report.sections}
    for row in rows[1:]:
        if row[0] == "about":
            continue
        section, key = sections[row[0]], (row[4], row[2])
        figure = section.figures[key]
        seen.add((section.id, key))
        number = lambda value: "" if value is None else str(value)
        if row[7:11] != [number(figure.answered), number(figure.base), figure.reason or "", ""]:
            yield f"{section.id} {key}: {row[7:11]}"
        said = figure.said(section)
        for column, value in zip(head[11:], row[11:]):
            if value not in ("", "..", ".") and abs(Fraction(value.replace(",", "."))) not in said:
                yield f"{section.id} {key}: {column} {value}"
    for section in report.sections:
        for key in section.figures:
            if (section.id, key) not in seen:
                yield f"{section.id} {key}: no row"


class Page(HTMLParser):
    """The texts of a page, where they stand, and the measures of its drawings."""

    def __init__(self, text):
        super().__init__()
        self.path, self.rows, self.texts, self.measures = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for name in ("aria-label", "alt", "title", "content"):
            if attributes.get(name) and tag != "meta":
                self.texts.append(attributes[name])
        if tag in ("rect", "line", "circle") and "pattern" not in self.path:
            for name in ("x", "width", "x1", "x2", "cx"):
                if str(attributes.get(name)).endswith("%"):
                    self.measures.append(attributes[name])
        if tag not in ("meta", "link", "br", "img", "input", "hr"):
            self.path.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append([tag, attributes.get("class") or "", ""])

    def handle_endtag(self, tag):
        while self.path and self.path.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" in self.path or "script" in self.path:
            return
        if self.rows and ("td" in self.path or "th" in self.path):
            self.rows[-1][-1][2] += data
        elif data.strip():
            self.texts.append(data)


def html_says(report, text, lang):
    page = Page(text)
    rows = sayable_rows(report, lang)
    for row in page.rows:
        if row[0][0] != "th" or all(cell[0] == "th" for cell in row):
            continue
        label = row[0][2].strip()
        values = {number for cell in row[1:] if "not-shown" not in cell[1] for number in numbers(cell[2])}
        if not any(values <= said for said in rows.get(label, [set()])):
            yield f"row {label!r}: {[cell[2] for cell in row[1:]]}"
    pairs, shares, counts = sayable(report)
    for words in page.texts:
        plain = words.replace("\xa0", " ")
        # Of competences and of figures is not of people.
        for part, of in re.findall(r"(\d[\d ]*) (?:av|of) (\d[\d ]*\d|\d)(?! (?:kompetens|competence|uppgift|figure))\b", plain):
            pair = (int(part.replace(" ", "")), int(of.replace(" ", "")))
            if pair not in pairs:
                yield f"{words[:80]!r}: {pair}"
        for share in re.findall(r"(\d+) ?%", plain):
            if int(share) not in shares and int(share) != rate_limit(report) and int(share) not in (0, 25, 50, 75, 95, 100):
                yield f"{words[:80]!r}: {share} %"
        if re.fullmatch(r"\d+", plain) and int(plain) not in shares | counts | {0} and not 2000 < int(plain) < 2100:
            yield f"{plain} alone"


def rate_limit(report):
    return (report.rules["minimum_rate"] or {}).get("percent")


def numbers(text):
    """The numbers in a cell, without their signs: counts, shares, means."""
    plain = re.sub(r"(?<=\d)\xa0(?=\d\d\d)", "", text)
    return [Fraction(one.replace(",", ".")) for one in re.findall(r"\d+(?:[.,]\d+)?", plain)]


def share(part, of):
    return half_up(Fraction(100 * part, of), 0) if of else None


def sayable_rows(report, lang):
    """For each label of a row the numbers that one figure allows, or a place's rates together."""
    rows = {}
    names = {code: of.label.get(lang) or of.label["sv"] for code, of in report.populations.items()}
    for code, name in names.items():
        rates = [section for section in report.sections if section.measure in ("coverage", "response_rate")]
        said = {Fraction(report.populations[code].base or 0)}
        for section in rates:
            for item in section.items:
                figure = section.figures.get((code, item))
                said |= figure.said(section) if figure else set()
        rows.setdefault(name, []).append(said)
    for section in report.sections:
        for (code, item), figure in section.figures.items():
            label = section.items[item].get(lang) or section.items[item]["sv"]
            said = figure.said(section)
            for name in (names[code], label, f"{item} {label}"):
                rows.setdefault(name, []).append(said)
            if section.measure == "self_vs_demonstrated" and figure.counts:
                for of in section.labels:
                    rows.setdefault(of[lang], []).append(said)
    return rows


def sayable(report):
    """Pairs of a part and what it is of, shares in whole per cent, and counts, that what JSON shows allows."""
    pairs, counts = set(), set()
    for section in report.sections:
        for (code, item), figure in section.figures.items():
            if figure.answered is None:
                continue
            wholes = {figure.answered, figure.base}
            parts = {figure.answered, figure.base - figure.answered}
            if figure.positive:
                parts |= {figure.positive[0]}
                wholes |= {figure.positive[1]}
            if figure.counts:
                own = figure.counts
                parts |= {sum(own[first:last]) for first in range(len(own)) for last in range(first + 1, len(own) + 1)}
                if section.measure == "self_vs_demonstrated":
                    side = len(section.categories)
                    places = [divmod(place, side) for place in range(len(own))]
                    parts |= {sum(c for c, (row, column) in zip(own, places) if row > column), sum(c for c, (row, column) in zip(own, places) if row < column), sum(c for c, (row, column) in zip(own, places) if row == column)}
            pairs |= {(part, of) for part in parts for of in wholes}
            counts |= parts | wholes
    shares = {int(share(part, of)) for part, of in pairs if of}
    return pairs, shares, counts
