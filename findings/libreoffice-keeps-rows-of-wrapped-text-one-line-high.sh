#!/usr/bin/env bash
# LibreOffice 7.4 (Debian 12) takes a workbook's row without a height for one line high, also where the text of its cells is
# to wrap and the column is narrow: the style says "optimal height", the height is the default all the same, and on paper
# the lines run over the row above. Excel makes such rows as high as they need when it opens the file. Written by openpyxl
# 3.1.5 and XlsxWriter 3.3.1 alike. Whoever writes sheets for both gives rows with wrapped text their height.
#
# Seen, the heights of a row with wrapped text, of one without, and of one with wrapped text and a height of 45 points:
#       0.2083in 0.2083in 0.6252in
# Needs LibreOffice Calc (soffice).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openpyxl==3.1.5 XlsxWriter==3.3.1
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import os
import re
import subprocess

import openpyxl
import xlsxwriter
from openpyxl.styles import Alignment

TEXT = "a text that takes several lines in a narrow column"


def by_openpyxl(path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.column_dimensions["A"].width = 10
    for row, text in ((1, TEXT), (2, 1), (3, TEXT)):
        sheet.cell(row, 1, text).alignment = Alignment(wrap_text=True)
    sheet.row_dimensions[3].height = 45
    book.save(path)


def by_xlsxwriter(path):
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    wrapped = book.add_format({"text_wrap": True})
    sheet.set_column(0, 0, 10)
    sheet.set_row(2, 45)
    for row, text in ((0, TEXT), (1, 1), (2, TEXT)):
        sheet.write(row, 0, text, wrapped)
    book.close()


for name, write in (("openpyxl", by_openpyxl), ("xlsxwriter", by_xlsxwriter)):
    write(f"{name}.xlsx")
    profile = f"-env:UserInstallation=file://{os.getcwd()}/profile"
    convert = ["soffice", profile, "--headless", "--convert-to", "fods", f"{name}.xlsx"]
    subprocess.run(convert, check=True, capture_output=True)
    text = open(f"{name}.fods", encoding="utf-8").read()
    style = r'<style:style style:name="(ro\d+)" style:family="table-row">\s*<style:table-row-properties style:row-height="([^"]*)"'
    heights = dict(re.findall(style, text))
    rows = [heights[row] for row in re.findall(r'<table:table-row table:style-name="(ro\d+)"', text)]
    if re.findall(r'<table:table-row table:style-name="ro\d+" table:number-rows-repeated="2"', text):
        rows.insert(0, rows[0])
    print(name, *rows[:3])
    assert rows[0] == rows[1] != rows[2], f"{name}: this has changed"
PYTHON
