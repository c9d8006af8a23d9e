#!/usr/bin/env python3
"""Reads a lake with DuckDB, pandas and pyarrow, knowing only docs/formats/lake.md, and holds it against its manifest.

    pip install duckdb pandas pyarrow
    python3 tests/lake_check.py DATA_DIR/lake
    python3 tests/lake_check.py DATA_DIR/lake MANIFESTS    # the documented query, again and again while a server writes

Exits non-zero with one line for each promise that does not hold. With a number, queries until it has met so many manifests.
"""

import hashlib
import json
import pathlib
import re
import sys

import duckdb
import pandas
import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet

DOCUMENT = pathlib.Path(__file__).resolve().parent.parent / "docs/formats/lake.md"

COLUMNS = {
    "position": "BIGINT",
    "stored_day": "INTEGER",
    "day": "INTEGER",
    "dated_ahead": "BOOLEAN",
    "minute": "INTEGER",
    "actor": "BLOB",
    "actor_is_group": "BOOLEAN",
    "verb": "VARCHAR",
    "object_kind": "VARCHAR",
    "object": "VARCHAR",
    "registration": "BLOB",
    "success": "BOOLEAN",
    "completion": "BOOLEAN",
    "score_scaled": "BIGINT",
    "score_raw": "BIGINT",
    "score_min": "BIGINT",
    "score_max": "BIGINT",
    "score_share": "BIGINT",
    "duration_cs": "BIGINT",
    "responses": "VARCHAR[]",
    "parents": "VARCHAR[]",
    "groupings": "VARCHAR[]",
    "categories": "VARCHAR[]",
    "others": "VARCHAR[]",
    "xapi_version": "VARCHAR",
}
SEGMENT, SMALLEST = 65_536, 4_096


def blocks(position):
    """The ranges that a lake of this position has files for."""
    ranges, first, size = [], 1, SEGMENT
    while size >= SMALLEST:
        while position + 1 - first >= size:
            ranges.append((first, first + size - 1))
            first += size
        size //= 2
    return ranges + ([(first, position)] if first <= position else [])


def queries(lake):
    """The documented lines of SQL, about this lake: those that prepare, and the last, which asks."""
    text = re.search(r"```sql\n(.*?)```", DOCUMENT.read_text(), re.DOTALL).group(1)
    text = text.replace("/var/lib/larka/lake", str(lake))
    *prepare, ask = [line for line in text.split(";") if line.strip()]
    return prepare, ask


def documented(lake, manifest):
    """The documented query counts every statement that was not voided, once."""
    prepare, ask = queries(lake)
    connection = duckdb.connect()
    for line in prepare:
        connection.execute(line)
    counted = sum(count for _, count in connection.execute(ask).fetchall())
    # A voiding statement may be named as a target, and counts anyhow for nothing.
    frames = frames_of(lake, manifest)
    expected = len(frames["statements"]) - frames["statements"]["position"].isin(frames["voids"]["target"]).sum()
    if counted != expected:
        yield f"the documented query counts {counted}, pandas {expected}"


def frames_of(lake, manifest):
    """Both tables in pandas, without an option."""
    return {
        table: pandas.concat(pandas.read_parquet(lake / block[table]["path"]) for block in manifest["blocks"])
        for table in ("statements", "voids")
    }


def in_python(lake, manifest, rows):
    """pandas and pyarrow filter, sort, join and group every column of text."""
    frame = frames_of(lake, manifest)["statements"]
    if len(frame) != rows or sum(len(group) for _, group in frame.groupby("verb")) != rows:
        yield "pandas does not find every row"
    verbs = pandas.DataFrame({"verb": frame["verb"].unique()})
    if len(frame.merge(verbs, on="verb").sort_values(["object", "verb"])) != rows:
        yield "pandas does not join and sort"
    files = [str(lake / block["statements"]["path"]) for block in manifest["blocks"]]
    dataset = pyarrow.dataset.dataset(files)
    for field in dataset.schema:
        if "view" in str(field.type) or pyarrow.types.is_unsigned_integer(field.type) or pyarrow.types.is_floating(field.type):
            yield f"{field.name} is {field.type}"
    if not rows:
        return
    table = dataset.to_table()
    verb = table["verb"][0].as_py()
    filtered = dataset.to_table(filter=pyarrow.compute.field("verb") == verb)
    if filtered.num_rows != (frame["verb"] == verb).sum():
        yield "pyarrow does not filter"
    if table.sort_by([("object", "ascending"), ("position", "ascending")]).num_rows != rows:
        yield "pyarrow does not sort"
    joined = table.select(["position", "verb"]).join(filtered.select(["verb", "actor"]).slice(0, 1), "verb", join_type="inner")
    if joined.num_rows != filtered.num_rows:
        yield "pyarrow does not join"


def while_written(lake, until):
    """Asks by the documented lines until it has met so many manifests; yields each answer that is not right."""
    prepare, ask = queries(lake)
    met, position, answers = 0, -1, 0
    while met < until:
        connection = duckdb.connect()
        for line in prepare:
            connection.execute(line)
        blocks, latest = connection.execute("SELECT blocks, position FROM manifest").fetchone()
        met, position, answers = met + (latest != position), latest, answers + 1
        rows, voids = (sum(block[table]["rows"] for block in blocks) for table in ("statements", "voids"))
        counted = sum(count for _, count in connection.execute(ask).fetchall())
        found, distinct, last = connection.execute(
            "SELECT count(*), count(DISTINCT position), coalesce(max(position), 0) FROM read_parquet(getvariable('statements'))"
        ).fetchone()
        if (found, distinct) != (rows, rows) or last > latest or not rows - voids <= counted <= rows:
            yield f"at {latest}: {found} rows, {distinct} positions, {counted} counted; the manifest says {rows} and {voids} voidings"
    print(f"{answers} right answers from {met} manifests")


def check(lake):
    """Yields what does not hold."""
    manifest = json.loads((lake / "manifest.json").read_text())
    if manifest["format"] != 4:
        yield f"format {manifest['format']}, expected 4"
        return
    found = [(block["first"], block["last"]) for block in manifest["blocks"]]
    if found != blocks(manifest["position"]):
        yield "the ranges are not those of the position"
    named, rows = set(), {"statements": 0, "voids": 0}
    for block in manifest["blocks"]:
        for table in rows:
            file = block[table]
            path = lake / file["path"]
            named.add(file["path"])
            rows[table] += file["rows"]
            content = path.read_bytes()
            if (len(content), hashlib.sha256(content).hexdigest()) != (file["bytes"], file["sha256"]):
                yield f"{file['path']}: not the length and hash of the manifest"
            count, low, high, ascending = duckdb.execute(
                f"SELECT count(*), min(position), max(position), coalesce(bool_and(later), true) FROM "
                f"(SELECT position, position >= lag(position, 1, position) OVER (ORDER BY file_row_number) AS later "
                f"FROM read_parquet('{path}', file_row_number = true))"
            ).fetchone()
            if count != file["rows"]:
                yield f"{file['path']}: {count} rows, the manifest says {file['rows']}"
            if count and (low < block["first"] or high > block["last"]) or not ascending:
                yield f"{file['path']}: positions outside its range or out of order"
            about = pyarrow.parquet.read_schema(path).metadata or {}
            if about.get(b"larka.instance", b"").decode() != manifest["instance"] or about.get(b"larka.format") != b"4":
                yield f"{file['path']}: does not say whose it is"
    yield from documented(lake, manifest)
    yield from in_python(lake, manifest, rows["statements"])
    if not rows["statements"]:
        return

    statements = "read_parquet(" + str([f"{lake}/{block['statements']['path']}" for block in manifest["blocks"]]) + ")"
    types = {row[0]: row[1] for row in duckdb.execute(f"DESCRIBE SELECT * FROM {statements}").fetchall()}
    if types != COLUMNS:
        yield f"columns are not those of the format: {sorted(set(types.items()) ^ set(COLUMNS.items()))}"
    for promise, condition in {
        "a position stands once": "SELECT count(*) = count(DISTINCT position) FROM s",
        "ids have sixteen bytes": "SELECT coalesce(bool_and(octet_length(actor) = 16 AND "
        "octet_length(coalesce(registration, actor)) = 16), true) FROM s WHERE actor IS NOT NULL",
        "an object is an activity or has no IRI": "SELECT bool_and((object_kind = 'activity') = (object IS NOT NULL)) FROM s",
        "nothing counts on a day after it was stored": "SELECT coalesce(bool_and(day <= stored_day), true) FROM s",
        "a share is between 0 and 1": "SELECT coalesce(bool_and(score_share BETWEEN 0 AND 1000000), true) FROM s",
        "lists are never null": "SELECT bool_and(responses IS NOT NULL AND parents IS NOT NULL AND groupings IS NOT NULL "
        "AND categories IS NOT NULL AND others IS NOT NULL) FROM s",
        "a scaled score is between -1 and 1": "SELECT coalesce(bool_and(abs(score_scaled) <= 1000000), true) FROM s",
    }.items():
        if not duckdb.execute(f"WITH s AS (FROM {statements}) {condition}").fetchone()[0]:
            yield f"does not hold: {promise}"
    if rows["voids"]:
        voids = "read_parquet(" + str([f"{lake}/{block['voids']['path']}" for block in manifest["blocks"]]) + ")"
        wrong = duckdb.execute(
            f"SELECT count(*) FROM {voids} v LEFT JOIN {statements} t ON t.position = v.target "
            f"LEFT JOIN {statements} w ON w.position = v.voiding "
            "WHERE t.position IS NULL OR w.verb IS DISTINCT FROM 'http://adlnet.gov/expapi/verbs/voided' "
            "OR v.position <> greatest(v.voiding, v.target)"
        ).fetchone()[0]
        if wrong:
            yield f"{wrong} voidings without a voiding statement and its target"
    print(f"{rows['statements']} statements and {rows['voids']} voidings up to position {manifest['position']}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    lake = pathlib.Path(sys.argv[1])
    failures = list(check(lake) if len(sys.argv) == 2 else while_written(lake, int(sys.argv[2])))
    for failure in failures:
        print(failure, file=sys.stderr)
    sys.exit(bool(failures))
