"""Writes forms as .xlsx and .ods into a folder and says what pyxform makes of them.

Reads {"folder", "forms": [{sheet: [[cell, …], …]}, …]} and prints a list: for each form {"questions": [{name, type, list,
required, group, relevant, label}, …], "choices": {list: [name, …]}}, or {"refused": true}.
"""

import json
import sys
import zipfile
from xml.sax.saxutils import escape

from openpyxl import Workbook
from pyxform.xls2xform import convert

HEAD = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3">'
)


def write_xlsx(path, form):
    book = Workbook()
    book.remove(book.active)
    for name, rows in form.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    book.save(path)


def write_ods(path, form):
    def cell(value):
        if value == "":
            return "<table:table-cell/>"
        if isinstance(value, bool):
            return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
        if isinstance(value, (int, float)):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'

    body = "".join(
        f'<table:table table:name="{name}">'
        + "".join("<table:table-row>" + "".join(map(cell, row)) + "</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in form.items()
    )
    content = f"{HEAD}<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", content)


def walk(children, group):
    for child in children:
        if child["type"] == "group":
            if child["name"] != "meta":
                yield from walk(child.get("children", []), child["name"])
            continue
        bind = child.get("bind") or {}
        yield {
            "name": child["name"],
            "type": child["type"],
            "list": child.get("itemset") or child.get("list_name"),
            "required": bind.get("required"),
            "relevant": bind.get("relevant"),
            "group": group,
            "label": child.get("label"),
        }


def read(path):
    try:
        form = convert(xlsform=path)._pyxform
    except Exception:  # what it refuses, for whatever reason
        return {"refused": True}
    lists = form.get("choices") or {}
    return {
        "questions": list(walk(form["children"], None)),
        "choices": {name: [choice["name"] for choice in choices] for name, choices in lists.items()},
    }


asked = json.load(sys.stdin)
said = []
for at, form in enumerate(asked["forms"]):
    path = f"{asked['folder']}/{at}.xlsx"
    write_xlsx(path, form)
    write_ods(f"{asked['folder']}/{at}.ods", form)
    said.append(read(path))
json.dump(said, sys.stdout)
