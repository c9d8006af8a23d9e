"""Reads reports on paper as a screen reader does, in the order of their structure, and holds that against what is seen and
what JSON says: `read_aloud.py FOLDER`, with pairs of NAME.LANG.pdf and NAME.json.

Nothing that is printed is left out, headings are the bookmarks in their order, what is read goes down the pages, and in a
table each figure that is shown is read in a row that begins with what it is about.
"""

import json
import re
import sys
from pathlib import Path

import pdfplumber
import pypdf


class Aloud:
    def __init__(self, path):
        self.texts, self.tops, self.lost = {}, {}, []
        with pdfplumber.open(path) as pdf:
            for page in pdf.pages:
                last = None
                for char in page.chars:
                    # After a no-break space, which stands in a sequence of its own, pdfminer no longer knows what the
                    # outer one is.
                    if char["mcid"] is None and char["tag"] is None:
                        char["mcid"] = last
                    last = char["mcid"] if char["tag"] != "Artifact" else last
                    if char["mcid"] is not None:
                        key = (page.page_number, char["mcid"])
                        self.texts[key] = self.texts.get(key, "") + char["text"]
                        self.tops[key] = min(self.tops.get(key, char["top"]), char["top"])
            self.tree = pdf.structure_tree
        self.read, self.left = set(), []
        self.blocks = [block for element in self.tree for block in self.walk(element)]
        self.left = [text for key, text in self.texts.items() if key not in self.read and text.strip()]

    def walk(self, element, page=None, within=()):
        """Kind of each piece with those around it, its text, and where it begins."""
        page = element.get("page_number", page)
        within = (*within, element["type"])
        for mcid in element.get("mcids", []):
            key = (page, mcid)
            self.read.add(key)
            yield within, self.texts.get(key, ""), (page, self.tops.get(key))
        for child in element.get("children", []):
            yield from self.walk(child, page, within)

    def rows(self):
        """Every row of every table: the texts of its cells."""
        found = []

        def text(element, page):
            page = element.get("page_number", page)
            own = "".join(self.texts.get((page, mcid), "") for mcid in element.get("mcids", []))
            return own + "".join(text(child, page) for child in element.get("children", []))

        def rows(element, page):
            page = element.get("page_number", page)
            if element["type"] == "TR":
                found.append([squeezed(text(child, page)) for child in element.get("children", [])])
            for child in element.get("children", []) if element["type"] != "TR" else ():
                rows(child, page)

        for element in self.tree:
            rows(element, None)
        return found


def squeezed(text):
    """Without hyphens that a line's end has put in, and with thousands together."""
    return re.sub(r"(?<=\d) (?=\d{3}\b)", "", " ".join(text.replace("\u00ad", "").split()))


def check(path, report, lang):
    aloud = Aloud(path)
    if aloud.left:
        yield f"{len(aloud.left)} pieces of text are not read: {aloud.left[:3]}"
    heads = {}
    for within, text, place in aloud.blocks:
        for number, kind in enumerate(within):
            if re.fullmatch(r"H[1-6]", kind):
                heads.setdefault((place[0], round(place[1] or 0)), []).append(text)
    pdf = pypdf.PdfReader(path)

    def flat(outline):
        for entry in outline:
            yield from flat(entry) if isinstance(entry, list) else [str(entry.title)]

    read = squeezed(" ".join("".join(texts) for texts in heads.values())).replace(" ", "").replace("-", "")
    at = 0
    for title in flat(pdf.outline):
        plain = squeezed(title).replace(" ", "").replace("-", "")
        found = read.find(plain, at)
        if found < 0:
            yield f"bookmark {title!r} is no heading in its order: {read[at:at + 80]!r}"
        at = max(at, found)

    last = (0, 0)
    for within, text, (page, top) in aloud.blocks:
        # Within a table or a drawing things stand side by side.
        if top is None or not text.strip() or {"Table", "Figure", "Div"} & set(within):
            continue
        if (page, round(top)) < last and page < last[0]:
            yield f"{text[:40]!r} on page {page} is read after something on page {last[0]}"
        last = max(last, (page, round(top)))

    # One part that is all of its whole has no row of its own.
    rows, numbers_above = aloud.rows(), {}
    above = {one["code"]: one["parent"] for one in report["populations"]}
    names = {one["code"]: one["label"].get(lang) or one["label"]["sv"] for one in report["populations"]}
    rate = next(one for one in report["sections"] if one["measure"] in ("response_rate", "coverage"))
    plain = lambda text: squeezed(text).replace("-", "").replace(" ", "")
    for figure in rate["figures"]:
        if figure["shown"] == "hidden":
            continue
        unit, numbers = figure["population"], {str(figure["answered"]), str(figure["base"])}
        like = [row for row in rows if row and plain(row[0]) == plain(names[unit])]
        numbers_above[unit] = numbers
        is_read = any(numbers <= set(re.findall(r"\d+", " ".join(row[1:]))) for row in like)
        if not is_read and numbers_above.get(above[unit]) != numbers:
            yield f"no row of {names[unit]!r} with {numbers}: {like[:3]}"


def main():
    folder = Path(sys.argv[1])
    wrong, count = [], 0
    for path in sorted(folder.glob("*.pdf")):
        name, lang, _ = path.name.split(".")
        count += 1
        wrong += [f"{path.name}: {line}" for line in check(path, json.loads((folder / f"{name}.json").read_text()), lang)]
    print("\n".join(wrong) or f"{count} reports are read aloud in their order")
    sys.exit(bool(wrong) or not count)


main()
