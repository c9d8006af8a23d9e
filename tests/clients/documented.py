"""Runs what docs/reports.md tells an analyst to write, literally, in a folder of the demo's reports: `documented.py FOLDER`.

What comes out are the figures of the report.
"""

import contextlib
import io
import json
import os
import re
import sys
import textwrap
from collections import Counter
from fractions import Fraction
from pathlib import Path

import duckdb

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/reports.md"


def blocks():
    """The code of the document: runs of lines that stand in by four or more, without an empty one."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for block in re.findall(r"(?:^ {4,}\S.*\n)+", text, re.M):
        yield textwrap.dedent(block).strip()


def block(begins, has):
    (found,) = [one for one in blocks() if one.startswith(begins) and has in one]
    return found


def run(code):
    names, said = {}, io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, names)
    return names, said.getvalue().split()


def figures(report, section):
    return next(one for one in report["sections"] if one["id"] == section)["figures"]


def shown_rates(report):
    for section in report["sections"]:
        for figure in section["figures"]:
            if figure["shown"] != "hidden" and figure["base"]:
                yield section["id"], figure["item"], figure["population"], float(Fraction(figure["answered"], figure["base"]))


def main(folder):
    os.chdir(folder)
    report = json.loads(Path("competence.json").read_text(encoding="utf-8"))
    names = {one["code"]: one["label"]["sv"] for one in report["populations"]}

    found, _ = run(block("import pandas", "read_parquet"))
    rates = sorted(zip(*(found["rates"][name] for name in ("section", "item", "unit", "value"))))
    assert rates and rates == sorted(shown_rates(report)), "pandas: not the report's rates"

    counted = Counter()
    section = next(one for one in report["sections"] if one["id"] == "self-assessed-areas")
    labels = [category["label"]["sv"] for category in section["categories"]]
    for figure in section["figures"]:
        for label, count in zip(labels, figure.get("counts", [])):
            counted[names[figure["population"]], label] += count
    told = {(unit, category): value for unit, category, value in duckdb.sql(block("SELECT", "competence.parquet")).fetchall()}
    assert told and told == counted, "DuckDB: not the report's counts"

    found, _ = run(block("import pandas", "read_excel"))
    table = found["table"]
    # The fifth sheet is of the third section; contents and method stand before the first.
    own = report["sections"][2]
    people = [(figure["population"], figure.get("answered"), figure.get("base")) for figure in own["figures"]]
    empty = lambda value: None if value != value else int(value)
    numbers = table.columns[5:7]
    read = [(row["Unit, code"], *(empty(row[name]) for name in numbers)) for _, row in table.iterrows()]
    assert all(table[name].dtype.kind in "if" for name in numbers), "the workbook: numbers stay numbers"
    assert sorted(read, key=str) == sorted(people, key=str), "the workbook: not the report's numbers"

    _, said = run(block("import csv", "DictReader"))
    first = figures(report, report["sections"][0]["id"])[0]
    assert said[-2:] == [str(first["answered"]), str(first["base"])], f"CSV: {said}"
    print("documented lines give the report's figures")


main(Path(sys.argv[1]))
