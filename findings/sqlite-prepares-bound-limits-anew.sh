#!/usr/bin/env bash
# SQLite 3.50.4 (apsw 3.50.4.0 from PyPI): a prepared statement with a parameter as its LIMIT is prepared anew at every run,
# though it is kept and nothing but the values changes: the planner looks at a bound LIMIT, so each binding is taken for a
# reason to plan again. With the LIMIT in the text, or with the query planner's stability asked for
# (SQLITE_DBCONFIG_ENABLE_QPSG, or SQLITE_ENABLE_QPSG when it is built), it is prepared once. What is asked of an index a
# page at a time spends a good part of its time there.
#
# Seen, calls of the authorizer, which is asked while a statement is prepared and never while it runs (the first run, and
# 50 after it):
#       LIMIT ?: 10, 250
#       LIMIT 10: 5, 0
#       LIMIT ? with QPSG: 5, 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check apsw==3.50.4.0
"$work/venv/bin/python" - <<'PYTHON'
import apsw

db = apsw.Connection(":memory:")
db.execute("CREATE TABLE statement (position INTEGER PRIMARY KEY)")
db.executemany("INSERT INTO statement VALUES (?)", ((position,) for position in range(100)))
asked = 0


def authorizer(*_):
    global asked
    asked += 1
    return apsw.SQLITE_OK


def prepared(sql, *values):
    """How often the authorizer is asked for the first run of a statement, and for 50 runs after it."""
    global asked
    asked = 0
    db.execute(sql, values).fetchall()
    first, asked = asked, 0
    for _ in range(50):
        db.execute(sql, values).fetchall()
    return first, asked


db.authorizer = authorizer
page = "SELECT position FROM statement WHERE position > ? ORDER BY position LIMIT "
seen = {
    "LIMIT ?": prepared(page + "?", 3, 10),
    "LIMIT 10": prepared(page + "10", 3),
}
db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
seen["LIMIT ? with QPSG"] = prepared(page + " ?", 3, 10)

print(f"SQLite {apsw.sqlite_lib_version()}")
for name, (first, after) in seen.items():
    print(f"{name}: {first}, {after}")
assert apsw.sqlite_lib_version() == "3.50.4"
assert seen == {"LIMIT ?": (10, 250), "LIMIT 10": (5, 0), "LIMIT ? with QPSG": (5, 0)}, seen
PYTHON
