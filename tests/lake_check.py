#!/usr/bin/env python3
"""Reads a lake with DuckDB, knowing only docs/formats/lake.md, and holds it against its manifest.

    pip install duckdb
    python3 tests/lake_check.py DATA_DIR/lake

Exits non-zero with one line for each promise that does not hold.
"""

import hashlib
import json
import pathlib
import sys

import duckdb

COLUMNS = {
    "position": "BIGINT",
    "stored_day": "INTEGER",
    "day": "INTEGER",
    "dated_ahead": "BOOLEAN",
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


def check(lake):
    """Yields what does not hold."""
    manifest = json.loads((lake / "manifest.json").read_text())
    if manifest["format"] != 2:
        yield f"format {manifest['format']}, expected 2"
        return
    found = [(block["first"], block["last"]) for block in manifest["blocks"]]
    if found != blocks(manifest["position"]):
        yield "the ranges are not those of the position"
    named, rows = set(), {"statements": 0, "voids": 0}
    for block in manifest["blocks"]:
        for table in rows:
            file = block[table]
            if file is None:
                continue
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
            if low < block["first"] or high > block["last"] or not ascending:
                yield f"{file['path']}: positions outside its range or out of order"
    left = {str(p.relative_to(lake)) for p in lake.glob("*/*.parquet")} - named
    if left:
        yield f"{len(left)} files that the manifest does not name"
    if not rows["statements"]:
        return

    statements = f"read_parquet('{lake}/statements/*.parquet')"
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
        "a scaled score is between -1 and 1": "SELECT coalesce(bool_and(abs(score_scaled) <= 1000000), true) FROM s",
    }.items():
        if not duckdb.execute(f"WITH s AS (FROM {statements}) {condition}").fetchone()[0]:
            yield f"does not hold: {promise}"
    if rows["voids"]:
        voids = f"read_parquet('{lake}/voids/*.parquet')"
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
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    failures = list(check(pathlib.Path(sys.argv[1])))
    for failure in failures:
        print(failure, file=sys.stderr)
    sys.exit(bool(failures))
