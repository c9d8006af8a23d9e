#!/usr/bin/env python3
"""Computes the figures of the competence report with DuckDB from the lake that the example `lake_speed` left, holds them
against Lärka's own, and says how long it took (docs/benchmarks.md).

    cargo build --release --workspace --examples; target/release/examples/lake_speed 5000000 /tmp/lake
    tests/clients/.venv/bin/python tests/lake_speed.py /tmp/lake
"""

import json
import pathlib
import resource
import sys
import time

import duckdb
import pandas

PREPARE = """
CREATE TEMP TABLE manifest AS SELECT * FROM read_json(getvariable('lake') || '/manifest.json', maximum_object_size = 200000000);
SET VARIABLE statements = (
  SELECT list(getvariable('lake') || '/' || block.statements.path) FROM (SELECT unnest(blocks) AS block FROM manifest));
SET VARIABLE voids = (
  SELECT list(getvariable('lake') || '/' || block.voids.path) FROM (SELECT unnest(blocks) AS block FROM manifest));
"""

# The day of the report, how many are dated ahead, whom the courses have reached, and the bands by unit and competence: of
# each person and competence the highest level that courses of 1,000 thousandths together reach.
FIGURES = """
CREATE OR REPLACE TEMP TABLE counted AS
  SELECT day, dated_ahead, actor, verb, object, success FROM read_parquet(getvariable('statements'))
  WHERE position NOT IN (SELECT target FROM read_parquet(getvariable('voids')));
SET VARIABLE on_day = (SELECT max(day) FROM counted);
SET VARIABLE ahead = (SELECT count(*) FROM counted WHERE dated_ahead);
CREATE OR REPLACE TEMP TABLE done AS
  SELECT p.person, r.activity, max(day) FILTER (WHERE (ends_with(verb, '/passed') AND success IS DISTINCT FROM false)
    OR (ends_with(verb, '/completed') AND success)) AS passed
  FROM counted JOIN people p ON p.agent = actor JOIN (SELECT DISTINCT activity FROM rules) r ON r.activity = object
  GROUP BY ALL;
CREATE OR REPLACE TEMP TABLE reached AS SELECT unit, count(DISTINCT person) FROM done JOIN places USING (person) GROUP BY ALL;
CREATE OR REPLACE TEMP TABLE levels AS
  SELECT person, competence, max(level) AS level FROM (
    SELECT person, competence, level, sum(weight) AS support FROM (
      SELECT person, competence, activity, weight, unnest(generate_series(1, low)) AS level FROM done JOIN rules USING (activity)
      WHERE passed IS NOT NULL
        AND DATE '1970-01-01' + passed + INTERVAL 24 MONTH >= DATE '1970-01-01' + getvariable('on_day')::INTEGER)
    GROUP BY ALL) WHERE support >= 1000 GROUP BY ALL;
SELECT unit, competence, (level - 1) // 2 AS band, count(*) FROM levels JOIN places USING (person) GROUP BY ALL ORDER BY ALL;
"""


def run(connection, text):
    answer = None
    for line in text.split(";\n"):
        if line.strip():
            answer = connection.execute(line).fetchall()
    return answer


def main(lake):
    roster = json.loads((lake / "roster.json").read_text())
    times, found = [], None
    for _ in range(5):
        connection = duckdb.connect()
        connection.execute(f"SET VARIABLE lake = '{lake}'")
        connection.execute("CREATE TEMP TABLE people (person INTEGER, agent BLOB)")
        connection.execute("CREATE TEMP TABLE places (person INTEGER, unit VARCHAR)")
        connection.execute("CREATE TEMP TABLE rules (activity VARCHAR, competence VARCHAR, low INTEGER, weight INTEGER)")
        people = [(n, bytes.fromhex(p["agent"])) for n, p in enumerate(roster["people"])]
        places = [(n, unit) for n, p in enumerate(roster["people"]) for unit in ("k", p["unit"][:2], p["unit"])]
        frames = {
            "people": pandas.DataFrame(people, columns=["person", "agent"]),
            "places": pandas.DataFrame(places, columns=["person", "unit"]),
            "rules": pandas.DataFrame(roster["rules"])[["activity", "competence", "low", "weight"]],
        }
        for name, frame in frames.items():
            connection.register("given", frame)
            connection.execute(f"INSERT INTO {name} FROM given")
            connection.unregister("given")
        started = time.perf_counter()
        run(connection, PREPARE)
        found = run(connection, FIGURES)
        times.append(time.perf_counter() - started)
    counts = {}
    for unit, competence, band, count in found:
        counts.setdefault((unit, competence), [0] * 4)[band] = count
    wrong = 0
    for unit, competence, expected in json.loads((lake / "figures.json").read_text()):
        if "/" not in unit:
            wrong += counts.pop((unit, competence), [0] * 4) != expected
    wrong += len(counts)
    times.sort()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"DuckDB {duckdb.__version__}: {times[2]:.3f} s ({times[0]:.3f} to {times[-1]:.3f}), {peak} MB at most, {wrong} figures differ")
    return wrong != 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1])))
