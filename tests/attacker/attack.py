"""An outsider with a solver against the gate: made-up municipalities, of which one item is released, and for each hidden
count the least and the most that it can be by everything that is shown. Exit 1, and a line for each, where a count that
is not zero is known more narrowly than any one published figure says by itself.

    attack.py DECIDE [MUNICIPALITIES] [FIRST SEED] [RULE] [--roles]

With `--roles` the roles of areas and of the whole are released as well.

Nor may there be a few people, or people of whom all but one answered the same, whose counts are shown, or follow from a
group's without those of its parts; with roles no union at all of people who belong to the same groups, of four or fewer such
kinds, may follow from what is shown. DECIDE is the program `decide` (crates/disclosure/examples), which leaves RULE out. The outsider knows how many people are in the
same groups, and that there are whole numbers of people, none of them negative.
Linear programmes by HiGHS; where their ends leave the question open, whole-number programmes.
"""

import json
import math
import random
import subprocess
import sys
from collections import Counter
from itertools import chain, combinations

import numpy as np
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array

SIDE = 3
ROLES = ("teacher", "teacher", "teacher", "preschool", "preschool", "carer", "counsellor", "caretaker")


def municipality(seed, roles=False):
    """Groups from the whole to the schools, and where everybody stands."""
    dice = random.Random(seed)
    groups, members, people = [(None, 0)], [set()], []

    def person():
        level = dice.gauss(1.2, 0.9)
        own = None if dice.random() < 0.25 else min(SIDE - 1, max(0, round(level + dice.gauss(0.2, 0.6))))
        shown = None if dice.random() < 0.45 else min(SIDE - 1, max(0, round(level + dice.gauss(-0.2, 0.6))))
        people.append((own, shown))
        return len(people) - 1

    for _ in range(dice.randint(2, 4)):
        groups.append((0, 0))
        members.append(set())
        area = len(groups) - 1
        for _ in range(dice.choice([1, 2, 2, 3, 4])):
            groups.append((area, 0))
            members.append({person() for _ in range(dice.choice([2, 4, 6, 9, 12, 15, 20, 30]))})
            members[area] |= members[-1]
        # Principals and others who are at no school.
        members[area] |= {person() for _ in range(dice.choice([0, 0, 1, 1, 2, 7]))}
    schools = [place for place, (parent, _) in enumerate(groups) if parent]
    for _ in range(dice.choice([0, 0, 1, 3])):
        one, other = dice.choice(schools), dice.choice(schools)
        somebody = dice.choice(sorted(members[one]))
        members[other].add(somebody)
        members[groups[other][0]].add(somebody)
    members[0] = set().union(*members[1:]) | {person() for _ in range(dice.choice([0, 0, 3, 12]))}

    families = [("tree", None) for _ in groups]
    if roles:
        with_roles(random.Random(-seed), groups, members, families)
    return [(parent, len(inside)) for (parent, _), inside in zip(groups, members)], cells_of(people, members), members, families, people


def with_roles(dice, groups, members, families):
    """Adds the roles of the whole and of each area: everybody has one where they are, principals their own."""
    organisation = range(len(groups))
    areas = [place for place in organisation if groups[place][0] == 0]
    inside = {area: set().union(*(members[place] for place in organisation if groups[place][0] == area)) for area in areas}
    # Somebody in two areas may have another role in each.
    role = {(area, one): dice.choice(ROLES) if one in inside[area] else "principal" for area in areas for one in sorted(members[area])}
    place_of = {}

    def add(parent, also_in, name, people):
        if people:
            place_of[parent, name] = len(groups)
            groups.append((parent, 0))
            members.append(people)
            families.append(("area_role" if also_in is not None else "municipality_role", also_in))

    for name in sorted(set(role.values())):
        add(0, None, name, {one for (_, one), of in role.items() if of == name})
    for area in areas:
        for name in sorted(set(role.values())):
            add(area, place_of[0, name], name, {one for (of, one), own in role.items() if of == area and own == name})


def cells_of(people, members):
    """How many of each group are where."""
    cells = []
    for inside in members:
        # The last row and column: not known.
        cell = [[0] * (SIDE + 1) for _ in range(SIDE + 1)]
        for one in inside:
            own, shown = people[one]
            cell[SIDE if own is None else own][SIDE if shown is None else shown] += 1
        cells.append(cell)
    return cells


def roll(members):
    """How many people are in the same groups."""
    of = Counter(tuple(group for group, inside in enumerate(members) if one in inside) for one in members[0])
    return sorted(of.items())


def counts(cell, part):
    """The counts of a part, row by row."""
    if part == "own":
        return [sum(cell[row]) for row in range(SIDE)]
    if part == "demonstrated":
        return [sum(cell[row][column] for row in range(SIDE + 1)) for column in range(SIDE)]
    return [cell[row][column] for row in range(SIDE) for column in range(SIDE)]


def within(part):
    """The cells of each count of a part."""
    every = range(SIDE + 1)
    if part == "own":
        return [[(row, column) for column in every] for row in range(SIDE)]
    if part == "demonstrated":
        return [[(row, column) for row in every] for column in range(SIDE)]
    return [[(row, column)] for row in range(SIDE) for column in range(SIDE)]


PARTS = ("own", "demonstrated", "both")


class Outsider:
    """What is known, as equations over cells of those who are in the same groups."""

    def __init__(self, groups, cells, members, shown):
        self.size = (SIDE + 1) ** 2
        self.rows, self.columns, self.values, self.known = [], [], [], []
        self.populations, self.matrix, self.solutions = 0, None, []
        for (_, people) in roll(members):
            self.population(people)
        self.atoms = [atom for atom, _ in roll(members)]
        for part in PARTS:
            for group, how in enumerate(shown[part]):
                own = counts(cells[group], part)
                if how == "full":
                    for of, count in zip(within(part), own):
                        self.equation(self.people(group, of), count)
                elif how == "summary":
                    self.equation(self.people(group, [cell for of in within(part) for cell in of]), sum(own))

    def population(self, people):
        self.populations += 1
        every = [(self.populations - 1, (row, column), 1) for row in range(SIDE + 1) for column in range(SIDE + 1)]
        self.equation(every, people)
        return self.populations - 1

    def people(self, group, of):
        """All of a group in some cells."""
        return [(atom, cell, 1) for atom, groups in enumerate(self.atoms) if group in groups for cell in of]

    def place(self, population, cell):
        return population * self.size + cell[0] * (SIDE + 1) + cell[1]

    def equation(self, terms, value):
        for population, cell, sign in terms:
            self.rows.append(len(self.known))
            self.columns.append(self.place(population, cell))
            self.values.append(sign)
        self.known.append(value)

    def ends(self, group, of):
        """The least and the most that a count can be; anything where it has been seen to be wide enough."""
        if self.matrix is None:
            shape = (len(self.known), self.populations * self.size)
            self.matrix = csr_array((self.values, (self.rows, self.columns)), shape=shape)
        matrix = self.matrix
        aim = np.zeros(matrix.shape[1])
        for population, cell, _ in self.people(group, of):
            aim[self.place(population, cell)] = 1
        seen = [aim @ solution for solution in self.solutions]
        if seen and max(seen) - min(seen) >= 4:
            return -math.inf, math.inf
        ends = []
        for sign in (1, -1):
            found = linprog(sign * aim, A_eq=matrix, b_eq=self.known, method="highs")
            assert found.status == 0, found.message
            self.solutions.append(found.x)
            ends.append(sign * found.fun)
        low, high = math.ceil(ends[0] - 1e-6), math.floor(ends[1] + 1e-6)
        if high - low in (2, 3):
            constraint = LinearConstraint(matrix, self.known, self.known)
            for end, sign in enumerate((1, -1)):
                found = milp(sign * aim, constraints=constraint, integrality=np.ones(len(aim)))
                assert found.status == 0, found.message
                ends[end] = round(sign * found.fun)
            low, high = ends
        return low, high


def above(groups, families, group):
    """The groups that a group is a part of, each with the family that it is divided by there."""
    family, also_in = families[group]
    parent = groups[group][0]
    return [(one, of) for one, of in ((parent, family), (also_in, "municipality_role")) if one is not None]


def parts(groups, families, parent, family):
    """Those that a group is divided into by a family."""
    return [child for child in range(len(groups)) if (parent, family) in above(groups, families, child)]


def says(groups, families, cells, shown, part, group, category):
    """The least width by any one published figure: the own base without that of published parts, the own margins, the nearest
    published group above, and what published parts leave of it."""

    def rest(of, group, family, value):
        left, open_ = value(group), [group]
        while open_:
            for child in parts(groups, families, open_.pop(), family):
                if shown[of][child] == "full":
                    left -= value(child)
                else:
                    open_.append(child)
        return abs(left)

    def left(of, place):
        """Of each family the nearest published group above, and what is left of it."""
        for first, family in above(groups, families, group):
            up = first
            while up is not None and shown[of][up] != "full":
                ways = above(groups, families, up)
                up = next((one for one, own in ways if own == family), ways[0][0] if ways else None)
            if up is not None:
                yield counts(cells[up], of)[place], rest(of, up, family, lambda group: counts(cells[group], of)[place])

    own = [rest(part, group, family, lambda group: groups[group][1]) for family in {family for family, _ in families}]
    least = min([*own, *chain(*left(part, category))])
    if part == "both":
        for margin, place in (("own", category // SIDE), ("demonstrated", category % SIDE)):
            if shown[margin][group] == "full":
                least = min(least, counts(cells[group], margin)[place])
            else:
                least = min([least, *(rest for _, rest in left(margin, place))])
    return least


def few(groups, families, cells, shown, part, k):
    """Groups that are shown, and what shown parts leave of them, of fewer than k or of people who are nearly all alike."""
    for group, how in enumerate(shown[part]):
        if how != "full":
            continue
        own = counts(cells[group], part)
        found = [(own, groups[group][1])]
        for family in {family for family, _ in families}:
            children = [child for child in parts(groups, families, group, family) if shown[part][child] == "full"]
            rest = [count - sum(counts(cells[child], part)[at] for child in children) for at, count in enumerate(own)]
            # Where people are in two parts, the difference is nobody in particular.
            if children and min(rest) >= 0:
                found.append((rest, groups[group][1] - sum(groups[child][1] for child in children)))
        for people, of in found:
            if of > 0 and (sum(people) < k or max(people) >= sum(people) - 1):
                yield group, people


def unions(members, families, shown, part, k):
    """People who belong to the same groups, up to four such kinds and fewer than k people, who follow from what is shown of groups
    though not from the organisation alone."""
    atoms = roll(members)
    is_in = lambda group: [float(group in of) for of, _ in atoms]
    numbers = []
    for wanted in (lambda group: True, lambda group: families[group][0] == "tree"):
        rows = [is_in(group) for group, how in enumerate(shown[part]) if how == "full" and wanted(group)]
        # By chance, but nothing in every group that is shown.
        chance = np.random.default_rng(1).normal(size=(len(atoms), 2))
        numbers.append(chance - np.linalg.pinv(np.array(rows)) @ (np.array(rows) @ chance) if rows else chance)
    small = [place for place, (_, people) in enumerate(atoms) if people < k]
    for many in (1, 2, 3, 4):
        if math.comb(len(small), many) > 300_000:
            return
        for some in map(list, combinations(small, many)):
            if sum(atoms[place][1] for place in some) < k:
                every, tree = (np.abs(of[some].sum(axis=0)).max() for of in numbers)
                if every < 1e-7 < tree:
                    yield [atoms[place] for place in some]


def main():
    roles = "--roles" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    decide, without = arguments[0], arguments[3] if len(arguments) > 3 else None
    many, first = (int(arguments[at]) if len(arguments) > at else default for at, default in ((1, 20), (2, 1)))
    made = [municipality(seed, roles) for seed in range(first, first + many)]
    lines = []
    for number, (groups, cells, members, families, people) in enumerate(made):
        # How everybody stands who is in the same groups is told, and not shown.
        kinds = roll(members) if roles else []
        asked = groups + [(None, size) for _, size in kinds]
        atoms = [(of + (len(groups) + at,) * roles, size) for at, (of, size) in enumerate(roll(members))]
        of_kinds = cells_of(people, [{one for one in members[0] if of == tuple(g for g, inside in enumerate(members) if one in inside)} for of, _ in kinds])
        item = {part: [counts(cell, part) for cell in cells + of_kinds] for part in PARTS}
        told = families + [("kind", None)] * len(kinds)
        ask = {"k_summary": 5, "k_full": (5, 10)[number % 2], "without": without, "groups": asked, "families": told, "roll": atoms}
        lines.append(json.dumps({**ask, **item}))
    told = subprocess.run([decide], input="\n".join(lines), capture_output=True, text=True, check=True)
    exposed, hidden, all_, of_roles = 0, 0, 0, 0
    for number, ((groups, cells, members, families, _), line) in enumerate(zip(made, told.stdout.splitlines())):
        seed, shown, k = first + number, json.loads(line), (5, 10)[number % 2]
        outsider = Outsider(groups, cells, members, shown)
        for part in PARTS:
            for group, people in few(groups, families, cells, shown, part, k):
                exposed += 1
                print(f"seed {seed}: {part} of group {group} shows {people}")
            for people in unions(members, families, shown, part, k) if roles else ():
                exposed += 1
                print(f"seed {seed}: {part} shows {people}")
            for group, how in enumerate(shown[part]):
                is_role = families[group][0] != "tree"
                all_ += not is_role
                hidden += how != "full" and not is_role
                of_roles += how == "full" and is_role
                for category, (of, count) in enumerate(zip(within(part), counts(cells[group], part))):
                    if how in ("full", "none") or count == 0:
                        continue
                    low, high = outsider.ends(group, of)
                    assert low <= count <= high, (seed, part, group, category, low, count, high)
                    width = high - low
                    if width == 0 or (width < 2 and width < says(groups, families, cells, shown, part, group, category)):
                        exposed += 1
                        print(f"seed {seed}: {part} of group {group}, category {category}: {low} to {high}")
    print(f"{many} municipalities, {all_} figures, {hidden} not shown in full, {of_roles} of roles shown, {exposed} exposed")
    sys.exit(1 if exposed else 0)


if __name__ == "__main__":
    main()
