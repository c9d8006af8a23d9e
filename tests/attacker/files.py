"""An outsider with everything that is released against the gate: reports as the program writes them, in every form.

    files.py FOLDER... [--only=ITEM...] [--no-codes] [--also=NAME:OTHER]

A folder has reports as NAME.json, NAME.parquet, and NAME.LANG.csv, .xlsx, .html and .pdf, those of a part of the
organisation as NAME.unit-CODE.json, and what is no secret: who has which duty (organisation.roll), who is asked in a round
(rounds.roll), what is asked (surveys.roll). With `--also` the report NAME is read with what OTHER shows beside it, as
somebody would who is let see both. Exit 1, and a line for each, where

* another form (its tables, captions, descriptions, sentences, alternative texts) has a number about people that JSON has not,
  or hides or shows another figure,
* a part of the organisation shows what the report of the whole hides, or a round of the one before what that one's own hides,
* a figure is shown that follows from a distribution that is hidden, or
* from all that a report shows of an item, a hidden count that is not zero is known more narrowly than any one published
  figure says by itself.

Rates that are known more narrowly are told of, and do not count. The outsider counts atoms, people with the same places, in
cells: what somebody answered, and each level both ways. Known are every atom's size, every figure that is shown, what a code
says of a hidden one, and that there are whole numbers of people, none of them negative.
Linear programmes by HiGHS; where their ends leave the question open, whole-number programmes.
"""

import json
import math
import re
import sys
from collections import Counter, defaultdict
from itertools import chain
from pathlib import Path

import numpy as np
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from forms import differences
from released import Report

# The demo asks one survey twice, and the tests another one, where nobody can be linked.
EARLIER = [
    ("survey-digital-sjalvskattning-2026-04", "survey-digital-sjalvskattning-2025-09"),
    ("survey-i-valurnan", "survey-digitala-arbetsdagen-2025-11"),
    ("survey-grupper-i-valurnan", "survey-grupper-2026-03"),
    ("survey-grupper-2026-03", "survey-grupper-2026-02"),
]
NONE, UNCOVERED = "known elsewhere", "known nowhere"


class Roll:
    """Who belongs where: no secret."""

    def __init__(self, folder):
        import json

        read = lambda name: json.loads((folder / name).read_text())
        organisation = read("organisation.roll")
        self.persons = organisation["persons"]
        self.parents = {unit["code"]: unit.get("parent") for unit in organisation["units"]}
        self.rounds = {one["id"]: one for one in read("rounds.roll")["rounds"]}
        self.surveys = {one["id"]: one for one in read("surveys.roll")["surveys"]}

    def atoms(self, report, name, group=None):
        """The populations that each person of the report belongs to, and how many there are of each such set; of a group of
        respondents, or of all."""
        day, roles, groups = report.as_of, None, []
        if report.kind == "survey":
            round_ = next(one for id_, one in self.rounds.items() if name.startswith(f"survey-{id_}"))
            groups = round_.get("groups", [])
            if "boxed" in round_:
                strata = round_["boxed"]["strata"]
                return self.strata(report, [one for one in strata if group is None or one["group"] == group])
            day, roles = round_["opens"], round_["audience"].get("roles") or None
        if not groups:
            return Counter(filter(None, self.places(report, day, roles)))
        # Who has roles of several groups is in the first.
        of = [[places for places in self.places(report, day, one["roles"])] for one in groups]
        atoms = Counter()
        for person in zip(*of):
            at = next((at for at, places in enumerate(person) if places), None)
            if at is not None and group in (None, groups[at]["id"]):
                atoms[person[at]] += 1
        return atoms

    def strata(self, report, strata):
        """The same where nobody can be linked: a stratum is in the populations that all of it is in."""
        atoms = Counter()
        for stratum in strata:
            paths = [set(self.upwards(unit)) for unit in stratum["units"]]
            atoms[frozenset(set.intersection(*paths) & report.populations.keys())] += stratum["people"]
        return atoms

    def upwards(self, unit):
        while unit is not None:
            yield unit
            unit = self.parents.get(unit)

    def stayed(self, report):
        """The same of who was in a population on the earlier day, too."""
        since = next((section.since for section in report.sections if section.since), report.as_of)
        both = zip(self.places(report, report.as_of), self.places(report, since))
        return Counter(filter(None, (now & then for now, then in both)))

    def places(self, report, day, roles=None):
        """The populations that everybody belongs to on a day."""
        for person in self.persons:
            held = person.get("duties", [])
            if roles and "Elev" in roles:
                held = held + [dict(one, role="Elev") for one in person.get("enrolments", [])]
            elif not roles:
                held = list(held)
            places = set()
            for duty in held:
                if duty["from"] <= day <= (duty.get("to") or "9999") and (not roles or duty["role"] in roles):
                    places.update(self.upwards(duty["unit"]))
            yield frozenset(places & report.populations.keys())


class Cells:
    """Unknown numbers, and what is known of sums of them."""

    def __init__(self):
        self.names, self.equal, self.most = {}, [], []

    def number(self, *name):
        return self.names.setdefault(name, len(self.names))

    def known(self, terms, value):
        """Terms are numbers with factors."""
        self.equal.append((self.added(terms), value))

    def at_most(self, terms, value):
        self.most.append((self.added(terms), value))

    def added(self, terms):
        sums = defaultdict(float)
        for number, factor in terms:
            sums[number] += float(factor)
        return sums

    def matrix(self, rows):
        at = [(row, column, factor) for row, (terms, _) in enumerate(rows) for column, factor in terms.items()]
        rows_, columns, values = zip(*at) if at else ((), (), ())
        return csr_array((values, (rows_, columns)), shape=(len(rows), len(self.names)), dtype=float)


class Outsider:
    """All that is known of one item."""

    def __init__(self, report, atoms, kinds, crossed, use_codes=True):
        """`kinds`: for each way in which something is known of a person its figures, as (section, item) or none:
        bands (a distribution), levels (the same finer), cover (a rate of who is known at all). `crossed`: (section, item)
        of the table of both."""
        self.report, self.atoms, self.kinds, self.crossed = report, atoms, kinds, crossed
        self.cells = Cells()
        self.values = [[*range(kind["categories"]), NONE, UNCOVERED] for kind in kinds]
        self.use_codes = use_codes
        self.targets = []
        for atom, size in atoms.items():
            every = [self.cells.number(atom, cell) for cell in self.product()]
            self.cells.known([(number, 1) for number in every], size)
        for population in report.populations:
            self.read(population)

    def product(self):
        cells = [()]
        for values in self.values:
            cells = [cell + (value,) for cell in cells for value in values]
        return cells

    def of(self, population, holds):
        """All people of a population in the cells for which something holds."""
        inside = [atom for atom in self.atoms if population in atom]
        cells = [cell for cell in self.product() if holds(cell)]
        return [(self.cells.number(atom, cell), 1) for atom in inside for cell in cells]

    def count(self, section, item, population, terms, answered):
        """What a section shows of one population, and what it hides: for each category its terms."""
        figure = section.figures.get((population, item))
        # Of what is merged nobody knows a figure, and there is none to find out.
        if figure is None or figure.reason == "merged":
            return
        if figure.counts is not None:
            for of, count in zip(terms, figure.counts):
                self.cells.known(of, count)
        if figure.answered is not None:
            self.cells.known(answered, figure.answered)
            weighted = lambda weights: [(n, f * weight) for of, weight in zip(terms, weights) for n, f in of]
            for weights, value in figure.sums(section):
                self.cells.known(weighted(weights), value)
        elif self.use_codes:
            base = sum(size for atom, size in self.atoms.items() if population in atom)
            low, high = self.report.said(figure.reason, base)
            self.cells.at_most(answered, high)
            self.cells.at_most([(number, -factor) for number, factor in answered], -low)
        if figure.answered is None and not terms:
            terms = [answered]
            base = self.of(population, lambda _: True)
            self.targets.append((section, item, population, "answered", answered))
            rest = Counter(dict(base))
            rest.subtract(dict(answered))
            self.targets.append((section, item, population, "not answered", [(n, f) for n, f in rest.items() if f]))
        elif figure.counts is None and terms:
            for category, of in enumerate(terms):
                self.targets.append((section, item, population, category, of))

    def read(self, population):
        for way, kind in enumerate(self.kinds):
            is_known = lambda cell: cell[way] not in (NONE, UNCOVERED)
            bands = [self.of(population, lambda cell, band=band: cell[way] == band) for band in range(kind["categories"])]
            answered = self.of(population, is_known)
            if kind.get("cover"):
                section, item = kind["cover"]
                self.count(section, item, population, [], self.of(population, lambda cell: cell[way] != UNCOVERED))
            if kind.get("bands"):
                section, item = kind["bands"]
                self.count(section, item, population, bands, answered)
            if kind.get("levels") and (population, kind["levels"][1]) in kind["levels"][0].figures:
                section, item = kind["levels"]
                per = len(section.categories) // kind["categories"]
                levels = [[(self.cells.number("level", way, population, level), 1)] for level in range(len(section.categories))]
                for band, of in enumerate(bands):
                    parts = [(number, -1) for level in levels[band * per : band * per + per] for number, _ in level]
                    self.cells.known(of + parts, 0)
                self.count(section, item, population, levels, answered)
        if self.crossed:
            section, item = self.crossed
            side = self.kinds[0]["categories"]
            terms = [self.of(population, lambda cell, row=row, column=column: cell == (row, column)) for row in range(side) for column in range(side)]
            both = self.of(population, lambda cell: all(value not in (NONE, UNCOVERED) for value in cell))
            self.count(section, item, population, terms, both)

    def exposed(self):
        cells = self.cells
        equal, most = cells.matrix(cells.equal), cells.matrix(cells.most)
        known, limits = [value for _, value in cells.equal], [value for _, value in cells.most]
        aims = cells.matrix([(Counter(dict(of)), 0) for *_, of in self.targets])
        low = np.full(len(self.targets), np.inf)
        high = np.full(len(self.targets), -np.inf)
        limit = {"A_ub": most, "b_ub": limits} if limits else {}
        found = []
        for place, (section, item, population, category, of) in enumerate(self.targets):
            # What has been seen to be possible already is wide enough.
            if high[place] - low[place] >= 4:
                continue
            aim = aims[[place]].toarray()[0]
            ends = []
            for sign in (1, -1):
                solved = linprog(sign * aim, A_eq=equal, b_eq=known, method="highs", **limit)
                assert solved.status == 0, (self.report.name, section.id, item, population, solved.message)
                seen = aims @ solved.x
                low, high = np.minimum(low, seen), np.maximum(high, seen)
                ends.append(sign * solved.fun)
            least, greatest = math.ceil(ends[0] - 1e-6), math.floor(ends[1] + 1e-6)
            if greatest - least in (2, 3):
                rules = [LinearConstraint(equal, known, known)]
                if limits:
                    rules.append(LinearConstraint(most, -np.inf, limits))
                ends = []
                for sign in (1, -1):
                    solved = milp(sign * aim, constraints=rules, integrality=np.ones(len(aim)))
                    assert solved.status == 0, (self.report.name, section.id, item, population, solved.message)
                    ends.append(round(sign * solved.fun))
                least, greatest = ends
            width = greatest - least
            if greatest == 0 or width >= 2:
                continue
            says = self.says(section, item, population, category)
            if width == 0 or width < says:
                found.append((section.id, item, population, category, least, greatest, says))
        return found

    def is_below(self, child, population):
        while child is not None:
            child = self.report.populations[child].parent
            if child == population:
                return True
        return False

    def says(self, section, item, population, category):
        """The least width by any one published figure: the own base, n and margins, the nearest published population
        above, and what that leaves."""
        report = self.report
        least = []

        def value(section, item, population, category):
            figure = section.figures.get((population, item))
            return figure and figure.value(category)

        def above(section, item, category, also_above=True):
            up = report.populations[population].parent
            while up is not None and value(section, item, up, category) is None:
                up = report.populations[up].parent
            if up is None:
                return
            rest, open_ = value(section, item, up, category), [up]
            if also_above:
                least.append(rest)
            while open_:
                parent = open_.pop()
                for child, one in report.populations.items():
                    if one.parent == parent:
                        own = value(section, item, child, category)
                        if own is None:
                            open_.append(child)
                        else:
                            rest -= own
            least.append(rest)

        def margin(section, item, category):
            own = value(section, item, population, category)
            if own is None:
                above(section, item, category, also_above=False)
            else:
                least.append(own)

        # Its own people, without those of its parts that are published.
        shown = [
            child
            for child in report.populations
            if value(section, item, child, category) is not None and self.is_below(child, population)
        ]
        least.append(
            sum(size for atom, size in self.atoms.items() if population in atom and not atom.intersection(shown))
        )
        above(section, item, category)
        figure = section.figures[(population, item)]
        if figure.answered is not None:
            least.append(figure.answered)
        if self.crossed and section is self.crossed[0]:
            side = self.kinds[0]["categories"]
            for kind, place in zip(self.kinds, divmod(category, side)):
                margin(*kind["bands"], place)
        for kind in self.kinds:
            if kind.get("levels") and section is kind["levels"][0]:
                margin(*kind["bands"], category * kind["categories"] // len(section.categories))
            if kind.get("cover") and category != "not answered" and section is not kind["cover"][0]:
                margin(*kind["cover"], "answered")
        return min(abs(one) for one in least)


# Sections that follow from others, and where those have the same item.
FOLLOW = [
    (r"(self-assessed|demonstrated)-(target|levels|change)", r"\1-competences"),
    (r"self-assessed-beside-(demonstrated)", "self-assessed-competences"),
    (r"self-assessed-beside-(demonstrated)", "demonstrated-competences"),
    (r"answers-.*|choices|ranking-.*", "response-rate"),
]


def rate_of(rate, item):
    """The rate that an item belongs to: that of its group of respondents, where there are several."""
    group = item.rsplit("/", 1)[-1]
    return group if len(rate.items) > 1 and group in rate.items else "all"


def nested(report):
    """Figures that are shown where one is hidden that they follow from."""
    sections = {section.id: section for section in report.sections}
    for section in report.sections:
        for of, below in FOLLOW:
            match = re.fullmatch(of, section.id)
            under = match and sections.get(match.expand(below))
            for (population, item), figure in section.figures.items() if under else ():
                item = rate_of(under, item) if under.id == "response-rate" else item
                if figure.answered is not None and under.figures[population, item].answered is None:
                    yield f"{section.id} {item} of {population} is shown, {under.id} is not"


def items(report):
    """What is known of an item: kinds and cross."""
    sections = {section.id: section for section in report.sections}
    if report.kind == "competence":
        ways = ("self-assessed", "demonstrated")
        for part, side in (("competences", True), ("areas", False)):
            for item in sections[f"{ways[0]}-{part}"].items:
                kinds = []
                for way in ways:
                    bands = sections[f"{way}-{part}"]
                    kind = {"bands": (bands, item), "categories": len(bands.categories), "cover": (sections[f"{way}-coverage"], "any")}
                    if side and f"{way}-levels" in sections:
                        kind["levels"] = (sections[f"{way}-levels"], item)
                    kinds.append(kind)
                both = sections.get("self-assessed-beside-demonstrated")
                yield item, kinds, (both, item) if side and both else None
        reached = sections["reached"]
        yield "any", [{"categories": 0, "cover": (reached, "any")}], None
        # By itself each: how these hang together with the levels depends on more than is told here.
        for id, section in sections.items():
            way = id.split("-")[0] + "-assessed" if id.startswith("self") else id.split("-")[0]
            for item in section.items if re.search("-(target|change|types)$", id) else ():
                if id.endswith("-change"):
                    yield item, [{"bands": (section, item), "categories": len(section.categories)}], None
                elif section.categories:
                    yield item, [{"bands": (section, item), "categories": len(section.categories), "cover": (sections[f"{way}-coverage"], "any")}], None
                else:
                    yield item, [{"categories": 0, "cover": (section, item)}], None
    else:
        rate = sections["response-rate"]
        for section in report.sections:
            # Answers of an earlier round are of other people.
            if re.match("answers-|choices|ranking-", section.id):
                for item in section.items:
                    cover = (rate, rate_of(rate, item))
                    yield item, [{"bands": (section, item), "categories": len(section.categories), "cover": cover}], None


def otherwise(report, folder, name):
    """What a part of the organisation shows otherwise than the whole."""
    whole, _, unit = name.partition(".unit-")
    if unit:
        yield from shown_otherwise(report, Report(folder / f"{whole}.json", {}))


def earlier(report, folder, name):
    """What a round shows of the one before, and that one's own report hides."""
    both = next((both for both in EARLIER if both[0] in name), None)
    if both is None or ".unit-" in name:
        return
    own = {"earlier-" + section.id: section for section in Report(folder / f"{name.replace(*both)}.json", {}).sections}
    for section in report.sections:
        for key, figure in section.figures.items() if section.id in own else ():
            beside = own[section.id].figures.get(key)
            # A group in which nobody was asked.
            if beside is None and not figure.answered:
                continue
            if (figure.answered, figure.counts) not in ((beside.answered, beside.counts), (beside.answered, None), (None, None)):
                yield f"{section.id} {key} is shown, and in its own report {beside.reason}"


def shown_otherwise(report, other):
    others = {section.id: section for section in other.sections}
    for section in report.sections:
        for key, figure in section.figures.items() if section.id in others else ():
            beside = others[section.id].figures[key]
            if (figure.answered, figure.base, figure.counts) != (beside.answered, beside.base, beside.counts):
                yield f"{section.id} {key}: {figure.reason or figure.counts or figure.answered}, there {beside.reason or beside.counts or beside.answered}"


def main():
    exposed, perhaps, rates, differing, asked = 0, 0, 0, 0, 0
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    codes = "--no-codes" not in sys.argv
    also = next((argument[7:].split(":") for argument in sys.argv if argument.startswith("--also=")), None)
    only = [argument[7:] for argument in sys.argv if argument.startswith("--only=")]
    for folder in map(Path, arguments):
        roll = Roll(folder)
        for file in sorted(folder.glob("*.json")):
            name = file.name.removesuffix(".json")
            report = Report(file, roll.surveys)
            for difference in chain(differences(report, folder, name), nested(report), otherwise(report, folder, name), earlier(report, folder, name)):
                differing += 1
                print(f"{folder.parent.name}/{name}: {difference}")
            if ".unit-" in name or also and name != also[0]:
                continue
            if also:
                report.read_beside(Report(folder / f"{also[1]}.json", roll.surveys))
            atoms = roll.atoms(report, name)
            report.check(atoms)
            by_section = defaultdict(int)
            for number, (item, kinds, crossed) in enumerate(items(report)):
                if only and item not in only:
                    continue
                asked += 1
                # A change is of those who stayed.
                change = any(section.id.endswith("-change") for kind in kinds for section, _ in filter(None, [kind.get("bands")]))
                cover = next((kind["cover"] for kind in kinds if kind.get("cover")), (None, "all"))
                group = cover[1] if report.kind == "survey" and cover[1] != "all" else None
                of = atoms if group is None else roll.atoms(report, name, group)
                outsider = Outsider(report, roll.stayed(report) if change else of, kinds, crossed, codes)
                for section, of, population, category, low, high, says in outsider.exposed():
                    # Whether it is one that may be known, as there is nobody, an outsider cannot tell.
                    if low == 0:
                        perhaps += 1
                        continue
                    # How many are known of at all follows from how many are known of an item, each published for itself.
                    if category in ("answered", "not answered"):
                        rates += 1
                        continue
                    exposed += 1
                    by_section[section] += 1
                    print(f"{folder.parent.name}/{name}: {section} {of} of {population}, {category}: {low} to {high} (one figure: {says})")
            if by_section:
                print(f"  {name}: {dict(by_section)}")
    print(f"{len(arguments)} municipalities, {asked} items, {differing} differences of forms, {exposed} hidden counts exposed, {perhaps} of nobody or one, {rates} rates narrowed")
    sys.exit(1 if exposed or differing else 0)


if __name__ == "__main__":
    main()
