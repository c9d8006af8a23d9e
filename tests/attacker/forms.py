"""What the other forms of a report say and JSON does not: CSV, workbooks, Parquet, pages with their descriptions, PDF."""

import csv
import io
import re
from fractions import Fraction
from html.parser import HTMLParser

import openpyxl
import pyarrow.parquet
import pypdf

from released import half_up
from structure import elements


def differences(report, folder, name):
    """What the forms say and JSON does not, and which of its figures they have not, or otherwise hidden and shown."""
    for lang in ("sv", "en"):
        for kind, read in (("csv", csv_says), ("xlsx", xlsx_says), ("html", html_says), ("pdf", pdf_says)):
            file = folder / f"{name}.{lang}.{kind}"
            if file.exists():
                for difference in read(report, file.read_bytes(), lang):
                    yield f"{lang}.{kind}: {difference}"
    file = folder / f"{name}.parquet"
    if file.exists():
        for difference in parquet_says(report, file):
            yield f"parquet: {difference}"


# --- tables ------------------------------------------------------------------------------------------------------


def csv_says(report, data, lang):
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter={"sv": ";", "en": ","}[lang])
    head, *rows = rows
    yield from table_says(report, ((row[0], row[2], row[4], row[7:10], zip(head[11:], row[11:])) for row in rows if row[0] != "about"))


def xlsx_says(report, data, lang):
    """The sheets after contents and method are the sections, with the columns of CSV from the item's code on."""

    def rows():
        sections = {section.id.replace("-", "_"): section.id for section in report.sections}
        for sheet in openpyxl.load_workbook(io.BytesIO(data)).worksheets[2:]:
            (table,) = sheet.tables.values()
            head, *cells = [[cell.value for cell in row] for row in sheet[table.ref]]
            for row in cells:
                own = ["" if value in ("..", ".") else str(value) for value in row[5:8]]
                # A long text is cut or set apart as in CSV; a number is none.
                yield sections[table.name.removeprefix("section_")], str(row[0]), str(row[2]), own, zip(head[8:], map(str, row[8:]))

    yield from table_says(report, rows())


def table_says(report, rows):
    """Rows of section, item, population, what is said of n, base and why, and values with their heads."""
    sections, seen = {section.id: section for section in report.sections}, set()
    for id, item, population, own, values in rows:
        section = sections[id]
        figure = section.figures.get((population, item))
        if figure is None:
            yield f"{id} {population} {item}: no such figure"
            continue
        seen.add((id, (population, item)))
        number = lambda value: "" if value is None else str(value)
        if own != [number(figure.answered), number(figure.base), figure.reason or ""]:
            yield f"{id} {population} {item}: {own}"
        said = figure.said(section)
        for head, value in values:
            if value not in ("", "..", ".") and abs(Fraction(value.replace(",", "."))) not in said:
                yield f"{id} {population} {item}: {head} {value}"
    for section in report.sections:
        for key in section.figures:
            if (section.id, key) not in seen:
                yield f"{section.id} {key}: no row"


def parquet_says(report, file):
    sections, seen = {section.id: section for section in report.sections}, set()
    for row in pyarrow.parquet.read_table(file).to_pylist():
        key = (row["unit"], row["item"])
        figure = sections[row["section"]].figures.get(key)
        if figure is None:
            yield f"{row['section']} {key}: no such figure"
            continue
        seen.add((row["section"], key))
        where = f"{row['section']} {key} {row['statistic']} {row['category']}"
        if (row["answered"], row["base"]) != (figure.answered, figure.base):
            yield f"{where}: {row['answered']} of {row['base']}"
        numbers = [row[name] for name in ("value", "numerator", "denominator", "people")]
        if row["state"] != "shown":
            if numbers != [None] * 4:
                yield f"{where}: {row['state']}, and yet {numbers}"
            continue
        if figure.answered is None:
            yield f"{where}: shown"
        elif row["statistic"] == "count":
            place = figure.counts[sections[row["section"]].place(row["category"])] if figure.counts else None
            if row["value"] != place:
                yield f"{where}: {row['value']}, not {place}"
        elif row["statistic"] == "rate" and Fraction(row["numerator"], row["denominator"]) != Fraction(figure.answered, figure.base):
            yield f"{where}: {row['value']}"
    for section in report.sections:
        for key in section.figures:
            if (section.id, key) not in seen:
                yield f"{section.id} {key}: no row"


# --- what is read ------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The texts of a page, and where they stand."""

    def __init__(self, text):
        super().__init__()
        self.path, self.rows, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for name in ("aria-label", "alt", "title", "content"):
            if attributes.get(name) and tag != "meta":
                self.texts.append(attributes[name])
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


def html_says(report, data, lang):
    page = Page(data.decode())
    rows = sayable_rows(report, lang)
    for row in page.rows:
        if row[0][0] != "th" or all(cell[0] == "th" for cell in row):
            continue
        label = row[0][2].strip()
        values = {number for cell in row[1:] if "not-shown" not in cell[1] for number in numbers(cell[2])}
        if not any(values <= said for said in rows.get(label, [set()])):
            yield f"row {label!r}: {[cell[2] for cell in row[1:]]}"
    limits = sayable(report)
    for words in page.texts:
        yield from words_say(report, words.replace("\xa0", " "), limits)


def pdf_says(report, data, lang):
    """Alternative texts, and the text of pages, where numbers with a line between them are no one number."""
    pdf = pypdf.PdfReader(io.BytesIO(data))
    limits = sayable(report)
    for of in elements(pdf):
        for name in ("/Alt", "/ActualText"):
            if name in of:
                yield from words_say(report, str(of[name]).replace("\xa0", " "), limits)
    for page in pdf.pages:
        text = re.sub(r"(Sida|Page) \d+ (av|of) \d+", "", page.extract_text())
        for line in text.splitlines():
            yield from words_say(report, re.sub(r"(?<!\d) | (?!\d{3}\b)", "  ", line).replace("\xa0", " "), limits, alone=False)


def words_say(report, plain, limits, alone=True):
    pairs, shares, counts = limits
    # Of competences, figures and comparisons is not of people.
    for part, of in re.findall(r"(\d[\d ]*) +(?:av|of) +(\d[\d ]*\d|\d)(?! *(?:kompetens|competence|uppgift|figure|jämförelse|comparison))\b", plain):
        pair = (int(part.replace(" ", "")), int(of.replace(" ", "")))
        if pair not in pairs:
            yield f"{plain[:80]!r}: {pair}"
    for share in re.findall(r"(?<![\d.,])(\d+) *%", plain):
        if int(share) not in shares and int(share) != rate_limit(report) and int(share) not in (0, 25, 50, 75, 95, 100):
            yield f"{plain[:80]!r}: {share} %"
    if alone and re.fullmatch(r"\d+", plain) and int(plain) not in shares | counts | {0} and not 2000 < int(plain) < 2100:
        yield f"{plain} alone"


def rate_limit(report):
    return (report.rules["minimum_rate"] or {}).get("percent")


def numbers(text):
    """The numbers in a cell, without their signs: counts, shares, means."""
    plain = re.sub(r"(?<=\d)\xa0(?=\d\d\d)", "", text)
    return [Fraction(one.replace(",", ".")) for one in re.findall(r"\d+(?:[.,]\d+)?", plain)]


def share(part, of):
    return half_up(Fraction(100 * part, of), 0) if of else None


MONTHS = {
    "sv": "januari februari mars april maj juni juli augusti september oktober november december".split(),
    "en": "January February March April May June July August September October November December".split(),
}


def in_words(label, lang):
    """With its dates as pages write them."""
    words = lambda date: f"{int(date[3])}\xa0{MONTHS[lang][int(date[2]) - 1]}\xa0{date[1]}"
    return re.sub(r"(\d{4})-(\d\d)-(\d\d)", words, label)


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
            label = in_words(section.items[item].get(lang) or section.items[item]["sv"], lang)
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
