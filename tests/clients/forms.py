"""Every file of a folder of reports, as other programs read it: `forms.py FOLDER`.

Workbooks keep to the UK Analysis Function's guidance on accessible spreadsheets (gptables, which is made by it, passes
the same checks), and say what the CSV file beside them says. Parquet says what JSON says, and pandas, pyarrow and DuckDB
filter, sort and join it.
"""

import csv
import json
import sys
import tempfile
import warnings
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import duckdb
import gptables
import openpyxl
import pandas
import pyarrow
import pyarrow.parquet

HIDDEN, MISSING = "..", "."


def text(cell):
    return cell.removeprefix("'")


# --- workbooks ---------------------------------------------------------------------------------------------------


def filled(cell):
    return cell.value is not None and cell.value != ""


def accessible(book, contents):
    """What the guidance asks of every sheet; `contents` are the names of those that need no table."""
    names = book.sheetnames
    assert len({name.lower() for name in names}) == len(names), names
    for sheet in book:
        where = f"{sheet.title}:"
        assert len(sheet.title) <= 31, where
        assert isinstance(sheet["A1"].value, str) and sheet["A1"].value.strip(), f"{where} a title in A1"
        assert not sheet.merged_cells.ranges, f"{where} no merged cells"
        assert sheet.sheet_state == "visible", where
        rows = list(sheet.iter_rows())
        assert all(any(filled(cell) for cell in row) for row in rows), f"{where} no empty rows"
        columns = list(sheet.iter_cols())
        assert all(any(filled(cell) for cell in column) for column in columns), f"{where} no empty columns"
        assert not any(dimension.hidden for dimension in sheet.row_dimensions.values()), where
        assert len(sheet.tables) == (0 if sheet.title in contents else 1), f"{where} one marked table"
        for table in sheet.tables.values():
            cells = sheet[table.ref]
            heads = [cell.value for cell in cells[0]]
            assert heads == table.column_names, where
            assert len({head.lower() for head in heads}) == len(heads) and all(heads), f"{where} {heads}"
            assert all(filled(cell) for row in cells for cell in row), f"{where} no empty cells in the table"
            last = cells[-1][-1]
            assert (last.row, last.column) == (sheet.max_row, sheet.max_column), f"{where} nothing beside or below it"


def oracle():
    """The checks hold for what the guidance's own program makes."""
    frame = pandas.DataFrame({"Enhet": ["Älvängen", "Öbo"], "Bas": [12, 30]})
    sheet = gptables.GPTable(
        table=frame, table_name="enheter", title="Enheter", instructions="Ett blad med en tabell.", subtitles=["2026"]
    )
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        path = Path(folder) / "oracle.xlsx"
        gptables.write_workbook(str(path), {"Enheter": sheet}, contentsheet_label="Contents")
        accessible(openpyxl.load_workbook(path), [])


def lined(path):
    """A CSV file's rows by section, and its heads."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        heads, *rows = csv.reader(file, delimiter=";" if ".sv." in path.name else ",")
    sections = {}
    for row in rows:
        sections.setdefault(row[0], []).append(row)
    return heads, sections


def number(cell):
    return cell if cell in (HIDDEN, MISSING) else float(cell.replace(",", "."))


def workbook(path, report):
    lang = "sv" if ".sv." in path.name else "en"
    book = openpyxl.load_workbook(path)
    accessible(book, [])

    properties = book.properties
    assert properties.title == book.worksheets[0]["A1"].value
    assert properties.created == datetime.fromisoformat(report["identity"]["as_of"])
    assert (properties.creator, properties.lastModifiedBy) == (None, None), "nobody's name, and no machine's"
    assert {item.name: item.value for item in book.custom_doc_props.props} == {"Language": lang}

    contents, method, *sections = book.worksheets
    assert [list(sheet.tables) for sheet in (contents, method)] == [["contents"], ["method"]]
    for sheet in book:
        (table,) = sheet.tables.values()
        head = sheet[table.ref][0][0].row
        assert sheet.freeze_panes == f"A{head + 1}", f"{sheet.title}: heads stay in sight"
        assert sheet.print_title_rows == f"${head}:${head}", f"{sheet.title}: and stand on every page"
        widths = [sheet.column_dimensions[cell.column_letter].width for cell in sheet[table.ref][0]]
        lines = max(len(cell.value) / width for cell, width in zip(sheet[table.ref][0], widths))
        assert (sheet.row_dimensions[head].height or 15) >= 15 * lines, f"{sheet.title}: heads that break have room"
        assert all(dimension.width >= 9 for dimension in sheet.column_dimensions.values())
    for sheet in book.worksheets[1:]:
        links = [cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink]
        assert links == [f"'{contents.title}'!A1"], f"{sheet.title}: {links}"
    listed = contents[contents.tables["contents"].ref][1:]
    assert [row[0].value for row in listed] == book.sheetnames[1:]
    for name, title, rows in listed:
        assert name.hyperlink.location == f"'{name.value}'!A1"
        table = next(iter(book[name.value].tables.values()))
        assert rows.value == len(book[name.value][table.ref]) - 1 and title.value

    said = [tuple(cell.value for cell in row) for row in method[method.tables["method"].ref][1:]]
    words = " ".join(text for _, text in said).replace("\xa0", "")
    identity = report["identity"]
    for told in (identity["program"], identity["definition"], str(identity["position"]), str(identity["horizon"])):
        assert told in words, told
    for source in report["sources"]:
        assert source.get(lang, source["sv"]) in {text for _, text in said}, source
    assert {HIDDEN, MISSING, "small_group", "low_rate", "protected"} <= {what for what, _ in said}

    heads, lines = lined(path.with_suffix(".csv"))
    shown = [section["id"] for section in report["sections"] if section["id"] in lines]
    assert [list(sheet.tables) for sheet in sections] == [["section_" + id.replace("-", "_")] for id in shown]
    for sheet, id in zip(sections, shown):
        (table,) = sheet.tables.values()
        cells = [[cell for cell in row] for row in sheet[table.ref]]
        assert len(cells) - 1 == len(lines[id])
        # In CSV a column for each value that any section has, where a section first has it; here for the section's own.
        places = {heads[at].lower(): at for at in range(11, len(heads)) if any(line[at] for line in lines[id])}
        used = [places.pop(head.value.lower()) for head in cells[0][8:]]
        assert not places, f"{sheet.title}: {places}"
        for row, line in zip(cells[1:], lines[id]):
            values = [cell.value for cell in row]
            assert values[:5] == [text(cell) for cell in line[2:7]]
            assert values[5:7] == [int(cell) if cell else HIDDEN for cell in line[7:9]]
            assert values[7] == (line[9] or MISSING)
            assert values[8:] == [number(line[at]) for at in used], f"{sheet.title}: {line}"
            for cell in row[5:]:
                if isinstance(cell.value, (int, float)):
                    assert cell.data_type == "n" and cell.number_format in ("#,##0", "#,##0.0", "#,##0.00")
        # As the documentation says it: numbers stay numbers.
        frame = pandas.read_excel(
            path, sheet_name=sheet.title, header=cells[0][0].row - 1, na_values=[HIDDEN, MISSING], dtype={2: str}
        )
        assert all(kind.kind in "if" for kind in frame.dtypes.iloc[8:]), frame.dtypes


# --- Parquet -----------------------------------------------------------------------------------------------------


def told(report):
    """What JSON says, by section, item, unit, statistic and category: how it is shown, as an exact fraction, of whom."""
    values = {}
    for section in report["sections"]:
        figures = section["figures"]
        codes = [category["code"] for category in section["categories"]]
        if section["measure"] == "self_vs_demonstrated":
            codes = [f"{own}/{demonstrated}" for own in codes for demonstrated in codes]
        has = {name: any(figure.get(name) for figure in figures) for name in ("positive", "score", "interval")}
        for figure in figures:
            full, hidden = figure["shown"] == "full", figure["shown"] == "hidden"

            def put(statistic, category, value, may, people):
                state = "shown" if value is not None else "missing" if may else "hidden"
                reason = None if may else figure["reason"]
                key = (section["id"], figure["item"], figure["population"], statistic, category)
                assert key not in values
                values[key] = (state, reason, value, people if value is not None else None)

            def fraction(ends):
                return ends and Fraction(int(ends["num"]), int(ends["den"]))

            base, answered = figure.get("base"), figure.get("answered")
            for place, code in enumerate(codes):
                put("count", code, Fraction(figure["counts"][place]) if full else None, full, answered)
            if has["positive"]:
                share = figure.get("positive") or {"part": 0, "of": 0}
                value = Fraction(share["part"], share["of"]) if share["of"] else None
                put("positive", None, value, not hidden, share["of"])
            if has["score"]:
                score = figure.get("score") or {"mean": None, "n": None}
                put("mean", None, fraction(score["mean"]), not hidden, score["n"])
            if has["interval"]:
                ends = figure.get("interval") or {"low": None, "high": None}
                put("interval_low", None, fraction(ends["low"]), full, answered)
                put("interval_high", None, fraction(ends["high"]), full, answered)
            beside = {value["kind"]: value for value in figure.get("values", [])}
            for kind in section["values"]:
                value = beside.get(kind)
                if kind != "mean":
                    put(kind, None, fraction(value and value["number"]), full, answered)
                if kind in ("mean", "share_change", "mean_change", "at_target"):
                    ends = (value and value["interval"]) or {"low": None, "high": None}
                    put(f"{kind}_low", None, fraction(ends["low"]), full, answered)
                    put(f"{kind}_high", None, fraction(ends["high"]), full, answered)
            put("rate", None, Fraction(answered, base) if base else None, not hidden, base)
    return values


def parquet(path, report):
    schema = pyarrow.parquet.read_schema(path)
    kinds = {pyarrow.string(), pyarrow.large_string(), pyarrow.int64(), pyarrow.float64()}
    assert set(schema.types) <= kinds, "nothing that some reader refuses"
    assert all(name.isascii() and name.islower() for name in schema.names)
    said = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    assert said["larka.format"] == "larka-report-table/1"
    for name in ("title", "place", "period"):
        assert [said[f"larka.{name}_{lang}"] for lang in ("sv", "en")] == [
            report[name]["sv"], report[name].get("en", report[name]["sv"])
        ]

    table = pandas.read_parquet(path)
    identity = {name: report["identity"][name] for name in ("position", "definition", "program", "horizon", "as_of")}
    for name, value in (identity | {"report": report["kind"], "rules": report["rules"]["name"]}).items():
        assert set(table[name]) == {value}, name

    # The same values, exactly.
    keys = ["section", "item", "unit", "statistic", "category"]
    expected = told(report)
    found = {}
    for row in pyarrow.parquet.read_table(path).to_pylist():
        value = None if row["numerator"] is None else Fraction(row["numerator"], row["denominator"])
        assert (row["value"] is None) == (value is None) and (value is None or row["value"] == float(value))
        found[tuple(row[key] for key in keys)] = (row["state"], row["reason"], value, row["people"])
    assert len(found) == len(table), "a row for each value"
    different = {key: (found.get(key), expected.get(key)) for key in found | expected if found.get(key) != expected.get(key)}
    assert not different, list(different.items())[:3]

    # What an analyst does with it first: a filter, an order, a join, a pivot.
    shown = table[(table["state"] == "shown") & (table["statistic"] == "rate")]
    assert len(shown) == sum(state == "shown" and key[3] == "rate" for key, (state, *_) in expected.items())
    ordered = shown.sort_values(["unit_sv", "item"])
    assert list(ordered["unit_sv"]) == sorted(shown["unit_sv"])
    units = pandas.DataFrame([(unit["code"], unit["kind"]) for unit in report["populations"]], columns=["unit", "kind"])
    joined = shown.merge(units, on="unit", validate="many_to_one")
    assert len(joined) == len(shown) and (joined["kind"] == joined["unit_kind"]).all()
    assert shown["value"].between(0, 1).all() and shown["value"].dtype == float
    # No NaN, which is neither a value nor none.
    query = "SELECT count(*), count(value), count(*) FILTER (isnan(value)), coalesce(sum(numerator) FILTER (statistic = 'count'), 0) FROM read_parquet(?)"
    rows, values, nans, people = duckdb.execute(query, [str(path)]).fetchone()
    assert (rows, values, nans) == (len(table), table["value"].notna().sum(), 0)
    assert people == sum(value for key, (_, _, value, _) in expected.items() if key[3] == "count" and value is not None)
    arrow = pyarrow.parquet.read_table(path, filters=[("state", "=", "hidden")]).sort_by("unit")
    assert arrow.num_rows == (table["state"] == "hidden").sum()


def main(folder):
    oracle()
    reports = sorted(folder.glob("*.json"))
    assert reports, f"no reports in {folder}"
    count = 0
    for path in reports:
        report = json.loads(path.read_text(encoding="utf-8"))
        parquet(path.with_suffix(".parquet"), report)
        for lang in ("sv", "en"):
            workbook(path.with_name(f"{path.stem}.{lang}.xlsx"), report)
            count += 1
    print(f"{len(reports)} reports, {count} workbooks: as they should be")


main(Path(sys.argv[1]))
