"""Whether anything of what is hidden is served, in any way.

    marks.py ONE TWIN

ONE and TWIN have what a server said (served.json and the files that it names) and what is true behind it (truth.json:
everybody's unit, answers and pass; the groups that are hidden). Exit 1, and a line for each, where

* the reports show a figure of a group that is to be hidden,
* anything has a number of people that is of hidden groups alone: in text, a workbook's cells and properties, a PDF's pages,
  properties and alternative texts, a Parquet file's values, statistics and metadata,
* the two are told of otherwise. Behind what is hidden other things are true of them, and nothing else.
"""

import json
import re
import sys
import zipfile
from collections import Counter, defaultdict
from io import BytesIO
from pathlib import Path

import openpyxl
import pyarrow.parquet
import pypdf

from released import Report
from structure import elements

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
# Numbers under this stand everywhere.
LEAST = 100
STATIC = re.compile(r"/api/openapi\.json|/assets/")
# What is not the same of any two servers: ids and keys, times, who is logged in.
OWN = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,64}|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)")


class Served:
    def __init__(self, folder):
        self.folder = folder
        self.truth = json.loads((folder / "truth.json").read_text())
        self.all = json.loads((folder / "served.json").read_text())

    def bytes(self, one):
        return (self.folder / one["file"]).read_bytes()

    def reports(self):
        """Everything that may be shown, as programs read it."""
        for one in self.all:
            if one["status"] == 200 and one["type"] == "application/json" and "report" in one["address"]:
                if "sections" in json.loads(self.bytes(one)):
                    yield one["address"], Report(self.folder / one["file"], {})


# --- what is true of hidden groups -------------------------------------------------------------------------------


def counted(people, rounds):
    """Numbers of people of a group, by what they are of."""
    yield "people", len(people)
    questions = sorted({name for one in people for of in rounds for name in one[of] or ()})

    def split(what, values):
        known = [value for value in values if value is not None]
        yield what, len(known)
        yield f"not {what}", len(values) - len(known)
        counts = Counter(known)
        for value, count in counts.items():
            yield f"{what} {value}", count

    for of in rounds:
        for name in questions:
            yield from split(f"{of} {name}", [one[of] and one[of][name] for one in people])
    level = lambda one: next((one[of]["losenord"] for of in reversed(rounds) if one[of] and one[of]["losenord"] != "l8"), None)
    band = lambda one: level(one) and "l%d" % (int(level(one)[1:]) // 2)
    yield from split("levels", list(map(level, people)))
    yield from split("bands", list(map(band, people)))
    yield from split("passed", [one["passed"] or None for one in people])
    yield from split("both", [band(one) if one["passed"] else None for one in people])
    yield from split("bands alone", [None if one["passed"] else band(one) for one in people])
    yield from split("either", [True if one["passed"] or band(one) else None for one in people])
    yield from split("both times", [True if all(one[of] for of in rounds) else None for one in people])


def marks(served):
    """Numbers that only hidden groups have, and whose they are."""
    truth = served.truth
    above = truth["parents"]

    def is_in(unit, group):
        while unit is not None and unit != group:
            unit = above[unit]
        return unit is not None

    # What the program has of itself, whoever is in it.
    shown, wrong = {number for one in served.all if STATIC.match(one["address"]) for number in said(one, served.bytes(one))}, []
    for address, report in served.reports():
        for code, population in report.populations.items():
            if code in truth["hidden"] and population.base is not None:
                wrong.append(f"{address}: how many are in {code} is said")
            shown |= set() if code in truth["hidden"] else {population.base}
        for section in report.sections:
            # How many figures there are, and how many are hidden for what.
            shown |= {len(section.figures), *Counter(figure.reason for figure in section.figures.values()).values()}
            for (population, item), figure in section.figures.items():
                if figure.answered is None:
                    continue
                if population in truth["hidden"]:
                    wrong.append(f"{address}: {section.id} {item} of {population} is shown")
                shown |= {figure.answered, figure.base - figure.answered, *(figure.positive or ()), *(figure.skipped or ())}
                counts = figure.counts or []
                shown |= {sum(counts[first:last]) for first in range(len(counts)) for last in range(first + 1, len(counts) + 1)}
    found = defaultdict(list)
    for group in truth["hidden"]:
        people = [one for one in truth["people"] if is_in(one["unit"], group)]
        for what, number in counted(people, truth["rounds"]):
            if number >= LEAST and number not in shown:
                found[number].append(f"{what} of {group}")
    for group in truth["hidden"]:
        of = [number for number, whose in found.items() if any(one.endswith(f" of {group}") for one in whose)]
        size = sum(is_in(one["unit"], group) for one in truth["people"])
        if size >= LEAST and len(of) < 3:
            wrong.append(f"{group} has no marks but {of}")
    return found, wrong


# --- what is said ------------------------------------------------------------------------------------------------

# A number by itself: not a part of a word, a colour, an id, a decimal, or of a larger number with its thousands apart.
ALONE = re.compile(r"(?<![\w#.,:-])(?<!\d[\u00a0\u202f])([1-9]\d*)(?![\w]|[.,:-]\d|[\u00a0\u202f]\d{3}\b)")


def in_text(text):
    return {int(number) for number in ALONE.findall(text)}


def in_workbook(data):
    numbers = set()
    for sheet in openpyxl.load_workbook(BytesIO(data)):
        for row in sheet.iter_rows():
            for cell in row:
                numbers |= in_value(cell.value)
                numbers |= in_text(cell.comment.text) if cell.comment else set()
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for name in archive.namelist():
            # What is in sheets was read; what else is there of sheets is where cells are.
            if not name.startswith(("xl/worksheets/sheet", "xl/styles")):
                text = re.sub(r' (ref|count|uniqueCount|id|xr:uid)="[^"]*"', "", archive.read(name).decode())
                numbers |= in_text(text)
    return numbers


def in_value(value):
    if isinstance(value, str):
        return in_text(value)
    if isinstance(value, (bytes, bytearray)):
        return in_text(value.decode())
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value):
        return {int(value)}
    return set()


def in_parquet(data):
    file = pyarrow.parquet.ParquetFile(BytesIO(data))
    numbers = set()
    for key, value in (file.schema_arrow.metadata or {}).items():
        numbers |= in_value(key) | in_value(value)
    for group in range(file.metadata.num_row_groups):
        for column in range(file.metadata.num_columns):
            of = file.metadata.row_group(group).column(column)
            if of.statistics and of.statistics.has_min_max:
                numbers |= in_value(of.statistics.min) | in_value(of.statistics.max)
    table = file.read()
    for name in table.column_names:
        if name in ("numerator", "denominator"):
            continue
        for value in set(table[name].to_pylist()):
            numbers |= in_value(value)
    return numbers


def in_pdf(data):
    pdf = pypdf.PdfReader(BytesIO(data))
    numbers = set()
    for page in pdf.pages:
        numbers |= in_text(page.extract_text())
    for value in (pdf.metadata or {}).values():
        numbers |= in_value(str(value))
    if pdf.xmp_metadata:
        numbers |= in_text(pdf.xmp_metadata.stream.get_data().decode())
    for of in elements(pdf):
        for name in ("/Alt", "/ActualText", "/T", "/E"):
            numbers |= in_value(str(of.get(name, "")))
    # Its pages have numbers, too.
    return numbers - set(range(len(pdf.pages) + 1))


OF_NOBODY = re.compile(r"\S*_(seconds|bytes)|larka_(http_requests|log_ins|log_batch_events|connections)_")


def said(one, data):
    """Every whole number that somebody reads out of an answer."""
    if one["type"] == XLSX:
        return in_workbook(data)
    if one["type"] == PARQUET:
        return in_parquet(data)
    if one["type"] == "application/pdf":
        return in_pdf(data)
    text = data.decode()
    if one["type"] == "application/json":
        # A fraction's ends are any numbers; its value is a mean or a share.
        text = re.sub(r'"(num|den)": ?"?-?\d+"?', "", text)
    if one["address"] == "/metrics":
        # Lengths and times are of nobody, nor is how often something was asked or written; bounds are always the same.
        lines = (re.sub(r"{.*}", "", line) for line in text.splitlines() if not line.startswith("#"))
        text = "\n".join(line for line in lines if not OF_NOBODY.match(line))
    if one["type"] == "text/html":
        # Where a drawing has its lines; what is drawn is measured in per cent, and the twin's is the same.
        text = re.sub(r' (x|y|x1|x2|y1|y2|cx|cy|r|width|height|d|viewBox)="[\d. A-Za-z-]*"', "", text)
    return in_text(text)


# --- the two beside each other -----------------------------------------------------------------------------------

# What is told of single people to whoever may read them, links that are of one server alone, and what the machine says of
# itself.
SINGLE = re.compile(r"/xapi/|/api/v1/(statements/|credentials|status|rounds/[^/]+/invitations)|/surveys/rounds/|/(sources|system)\b|/metrics$|log$")


def told(served):
    all_ = {}
    for one in served.all:
        if not SINGLE.match(one["address"]):
            address = OWN.sub(b"*", one["address"].encode())
            data = served.bytes(one)
            if one["type"] not in (XLSX, PARQUET, "application/pdf"):
                data = OWN.sub(b"*", data)
            all_.setdefault(address, set()).add((one["status"], data))
    return all_


def main():
    one, twin = (Served(Path(folder)) for folder in sys.argv[1:])
    found, wrong = marks(one)
    kinds = Counter()
    for answer in one.all:
        kinds[answer["type"]] += 1
        for number in sorted(said(answer, one.bytes(answer)) & found.keys()):
            wrong.append(f"{answer['address']} ({answer['type']}) has {number}: {', '.join(found[number][:3])}")
    first, second = told(one), told(twin)
    for address in sorted(first.keys() | second.keys()):
        if first.get(address) != second.get(address):
            wrong.append(f"{address.decode()} is not the same of the twin")
    if one.truth["people"] == twin.truth["people"]:
        wrong.append("the twin is no other")
    for line in wrong:
        print(line)
    if wrong:
        sys.exit(1)
    hidden = len(one.truth["hidden"])
    print(f"{hidden} hidden groups with {len(found)} marks, {sum(kinds.values())} answers {dict(kinds)}: nothing of what is hidden")


if __name__ == "__main__":
    main()
