#!/usr/bin/env python3
"""Holds reports as PDF against the same reports as JSON: accessible, in their order, in their language.

    python3 tests/clients/paper.py FOLDER

The folder has pairs of NAME.LANG.pdf and NAME.json.
"""

import json
import pathlib
import subprocess
import sys

import pdfplumber
import pypdf

# Without a step left out, the words of a page that no report lacks.
ENDS = {"sv": "Så är siffrorna framtagna", "en": "How the figures were made"}
CONTENTS = {"sv": "Innehåll", "en": "Contents"}
PAGE = {"sv": "Sida {} av {}", "en": "Page {} of {}"}

wrong = []


def expect(holds, what):
    if not holds:
        wrong.append(what)


def squeezed(text):
    """Without hyphens of line ends, no-break spaces and line breaks."""
    return " ".join(text.replace("\u00ad\n", "").replace("-\n", "").split())


def tags(element, depth=0):
    """The structure's elements in reading order: kind, and whether a figure has its alternative text."""
    children = element.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        child = child.get_object() if hasattr(child, "get_object") else child
        if isinstance(child, pypdf.generic.DictionaryObject) and "/S" in child:
            yield child
            yield from tags(child, depth + 1)


def check(path, lang, report):
    name = path.name
    pdf = pypdf.PdfReader(path)
    catalog = pdf.trailer["/Root"]
    title = report["title"][lang] or report["title"]["sv"]
    expect(str(catalog["/Lang"]).split("-")[0] == lang, f"{name}: the language is {catalog['/Lang']}")
    expect(pdf.metadata.title.startswith(title), f"{name}: the title is {pdf.metadata.title!r}")
    expect(catalog["/ViewerPreferences"]["/DisplayDocTitle"], f"{name}: the title is not shown")
    day = report["identity"]["as_of"].replace("-", "")
    expect(str(pdf.metadata["/CreationDate"]).startswith(f"D:{day}"), f"{name}: {pdf.metadata['/CreationDate']}")
    xmp = pdf.xmp_metadata.stream.get_data().decode()
    expect("pdfuaid:part" in xmp and "pdfaid:part" in xmp, f"{name}: the standards are not named")
    expect(len(pdf.outline) > 2, f"{name}: {len(pdf.outline)} bookmarks")

    elements = list(tags(catalog["/StructTreeRoot"]))
    kinds = [str(element["/S"]) for element in elements]
    levels = [int(kind[2:]) for kind in kinds if kind[:2] == "/H" and kind[2:].isdigit()]
    expect(levels[:1] == [1], f"{name}: headings begin at {levels[:1]}")
    steps = [(a, b) for a, b in zip(levels, levels[1:]) if b > a + 1]
    expect(not steps, f"{name}: headings leave out steps: {steps}")
    figures = [element for element in elements if element["/S"] == "/Figure"]
    expect(figures and all(len(str(element.get("/Alt", ""))) > 10 for element in figures), f"{name}: figures without alternative text")
    tables, heads = kinds.count("/Table"), kinds.count("/TH")
    expect(tables > 1 and heads > 2 * tables, f"{name}: {tables} tables with {heads} heads")

    with pdfplumber.open(path) as opened:
        pages = [squeezed(page.extract_text()) for page in opened.pages]
        sizes = {(round(page.width), round(page.height)) for page in opened.pages}
    expect(sizes == {(595, 842)}, f"{name}: not A4: {sizes}")
    expect(squeezed(title) in pages[0], f"{name}: the cover does not say what it is")
    expect(pages[1].find(CONTENTS[lang]) >= 0, f"{name}: no contents on the second page")
    expect(ENDS[lang] in pages[-1] or ENDS[lang] in pages[-2], f"{name}: the method is not last")
    expect(report["identity"]["definition"] in " ".join(pages[-2:]), f"{name}: the method does not name the definition")
    for number, page in enumerate(pages[1:], 2):
        expect(page.endswith(PAGE[lang].format(number, len(pages))), f"{name}: page {number} has no number")
    # What the parts are called stands in the contents and then, in the same order, as bookmarks.
    parts = [entry for entry in pdf.outline if not isinstance(entry, list)][1:]
    contents = "".join(pages[1 : pdf.get_destination_page_number(parts[0])])
    parts = [str(part.title) for part in parts]
    places = [contents.find(squeezed(part)) for part in parts]
    expect(-1 not in places and places == sorted(places), f"{name}: contents {list(zip(parts, places))}")

    outloud = pathlib.Path(sys.executable).with_name("outloud")
    # Rows of which nothing is shown have a head and one cell: more heads than cells, which TBL-010 takes for a fault.
    # Heads that a table repeats on its next page are artifacts, as they should be, which TAG-002 takes for lost text.
    said = subprocess.run([outloud, "--no-info", "--skip", "TBL-010,TAG-002", path], capture_output=True, text=True)
    expect(said.returncode == 0, f"{name}: outloud: {said.stdout}{said.stderr}")


def main():
    folder = pathlib.Path(sys.argv[1])
    files = sorted(folder.glob("*.pdf"))
    for path in files:
        report, lang, _ = path.name.split(".")
        check(path, lang, json.loads((folder / f"{report}.json").read_text()))
    expect(files, f"{folder}: no PDF")
    for line in wrong:
        print(line)
    if wrong:
        sys.exit(1)
    print(f"{len(files)} reports on paper are as they should be")


main()
