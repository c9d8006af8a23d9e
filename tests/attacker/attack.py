"""An outsider with a solver against the gate: made-up municipalities, of which one item is released, and for each hidden
count the least and the most that it can be by everything that is shown. Exit 1, and a line for each, where a count that
is not zero is known more narrowly than any one published figure says by itself.

    attack.py DECIDE [MUNICIPALITIES] [FIRST SEED] [RULE]

Nor may there be a few people, or people of whom all but one answered the same, whose counts are shown, or follow from a
group's without those of its parts. DECIDE is the program `decide` (crates/disclosure/examples), which leaves RULE out. The outsider knows how many people are in the
same groups, and that there are whole numbers of people, none of them negative.
Linear programmes by HiGHS; where their ends leave the question open, whole-number programmes.
"""

import json
import math
import random
import subprocess
import sys
from collections import Counter

import numpy as np
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array

SIDE = 3


def municipality(seed):
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

    cells = []
    for inside in members:
        # The last row and column: not known.
        cell = [[0] * (SIDE + 1) for _ in range(SIDE + 1)]
        for one in inside:
            own, shown = people[one]
            cell[SIDE if own is None else own][SIDE if shown is None else shown] += 1
        cells.append(cell)
    return [(parent, len(inside)) for (parent, _), inside in zip(groups, members)], cells, members


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
        self.populations = 0
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
        """The least and the most that a count can be."""
        shape = (len(self.known), self.populations * self.size)
        matrix = csr_array((self.values, (self.rows, self.columns)), shape=shape)
        aim = np.zeros(shape[1])
        for population, cell, _ in self.people(group, of):
            aim[self.place(population, cell)] = 1
        ends = []
        for sign in (1, -1):
            found = linprog(sign * aim, A_eq=matrix, b_eq=self.known, method="highs")
            assert found.status == 0, found.message
            ends.append(sign * found.fun)
        low, high = math.ceil(ends[0] - 1e-6), math.floor(ends[1] + 1e-6)
        if high - low in (2, 3):
            constraint = LinearConstraint(matrix, self.known, self.known)
            for end, sign in enumerate((1, -1)):
                found = milp(sign * aim, constraints=constraint, integrality=np.ones(shape[1]))
                assert found.status == 0, found.message
                ends[end] = round(sign * found.fun)
            low, high = ends
        return low, high


def says(groups, cells, shown, part, group, category):
    """The least width by any one published figure: the own base without that of published parts, the own margins, the nearest
    published group above, and what published parts leave of it."""

    def rest(of, group, value):
        left, open_ = value(group), [group]
        while open_:
            parent = open_.pop()
            for child, (up, _) in enumerate(groups):
                if up == parent:
                    if shown[of][child] == "full":
                        left -= value(child)
                    else:
                        open_.append(child)
        return abs(left)

    def left(of, place):
        above = groups[group][0]
        while above is not None and shown[of][above] != "full":
            above = groups[above][0]
        if above is None:
            return None
        return counts(cells[above], of)[place], rest(of, above, lambda group: counts(cells[group], of)[place])

    least = min([rest(part, group, lambda group: groups[group][1]), *(left(part, category) or ())])
    if part == "both":
        for margin, place in (("own", category // SIDE), ("demonstrated", category % SIDE)):
            if shown[margin][group] == "full":
                least = min(least, counts(cells[group], margin)[place])
            else:
                least = min([least, *(left(margin, place) or ())[1:]])
    return least


def few(groups, cells, shown, part, k):
    """Groups that are shown, and what shown parts leave of them, of fewer than k or of people who are nearly all alike."""
    for group, how in enumerate(shown[part]):
        if how != "full":
            continue
        own = counts(cells[group], part)
        children = [child for child, (above, _) in enumerate(groups) if above == group and shown[part][child] == "full"]
        rest = [count - sum(counts(cells[child], part)[at] for child in children) for at, count in enumerate(own)]
        base = groups[group][1] - sum(groups[child][1] for child in children)
        # Where people are in two parts, the difference is nobody in particular.
        for people, of in [(own, groups[group][1])] + [(rest, base)] * (bool(children) and min(rest) >= 0):
            if of > 0 and (sum(people) < k or max(people) >= sum(people) - 1):
                yield group, people


def main():
    decide = sys.argv[1]
    without = sys.argv[4] if len(sys.argv) > 4 else None
    many, first = (int(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((2, 20), (3, 1)))
    made = [municipality(seed) for seed in range(first, first + many)]
    lines = []
    for number, (groups, cells, members) in enumerate(made):
        item = {part: [counts(cell, part) for cell in cells] for part in PARTS}
        ask = {"k_summary": 5, "k_full": (5, 10)[number % 2], "without": without, "groups": groups, "roll": roll(members)}
        lines.append(json.dumps({**ask, **item}))
    told = subprocess.run([decide], input="\n".join(lines), capture_output=True, text=True, check=True)
    exposed, hidden, all_ = 0, 0, 0
    for number, ((groups, cells, members), line) in enumerate(zip(made, told.stdout.splitlines())):
        seed, shown = first + number, json.loads(line)
        outsider = Outsider(groups, cells, members, shown)
        for part in PARTS:
            for group, people in few(groups, cells, shown, part, (5, 10)[number % 2]):
                exposed += 1
                print(f"seed {seed}: {part} of group {group} shows {people}")
            for group, how in enumerate(shown[part]):
                all_ += 1
                hidden += how != "full"
                for category, (of, count) in enumerate(zip(within(part), counts(cells[group], part))):
                    if how == "full" or count == 0:
                        continue
                    low, high = outsider.ends(group, of)
                    assert low <= count <= high, (seed, part, group, category, low, count, high)
                    width = high - low
                    if width == 0 or (width < 2 and width < says(groups, cells, shown, part, group, category)):
                        exposed += 1
                        print(f"seed {seed}: {part} of group {group}, category {category}: {low} to {high}")
    print(f"{many} municipalities, {all_} figures, {hidden} not shown in full, {exposed} exposed")
    sys.exit(1 if exposed else 0)


if __name__ == "__main__":
    main()
