"""What the document's formats mean when values are made up, and what is counted of the answers."""

import atexit
import collections
import datetime
import hashlib
import json
import os

import schemathesis
from hypothesis import strategies as st

WORD = st.text("abcdefghijklmnopqrstuvwxyzåäö0123456789-", min_size=1, max_size=12)
IRI = st.builds("https://larkby.example/{}/{}".format, WORD, WORD) | st.builds("urn:larkby:{}".format, WORD)
LANGUAGE = st.sampled_from(["sv", "en", "sv-SE", "en-GB", "se", "fi-FI", "zh-Hant", "de-CH-1996", "x-larkby"])
ZONE = st.sampled_from(["Z", "+01:00", "-05:30"])
INSTANT = st.builds(
    lambda at, zone: at.isoformat() + zone,
    st.datetimes(min_value=datetime.datetime(1990, 1, 1), max_value=datetime.datetime(2026, 12, 31)),
    ZONE,
)
TAG = st.sampled_from(["*", '"a"', 'W/"a"', '"a", "b"', "da39a3ee5e6b4b0d3255bfef95601890afd80709"])

schemathesis.openapi.format("absolute-iri", IRI)
schemathesis.openapi.format("mailto-iri", st.builds("mailto:{}@larkby.example".format, st.text("abcdefghij", min_size=1, max_size=8)))
schemathesis.openapi.format("language-tag", LANGUAGE)
schemathesis.openapi.format("date-time", INSTANT)
schemathesis.openapi.format("duration", st.sampled_from(["PT1H", "P1D", "PT0.015S", "P1Y2M3DT4H5M6.78S", "P4W"]))
schemathesis.openapi.format("media-type", st.sampled_from(["text/plain", "application/pdf", "image/png; q=1"]))
schemathesis.openapi.format("sha2", st.binary(max_size=8).map(lambda some: hashlib.sha256(some).hexdigest()))
schemathesis.openapi.format("entity-tags", TAG)
schemathesis.openapi.format("date", st.dates().map(lambda day: day.isoformat()))
schemathesis.openapi.format("scope", st.sampled_from(["all", "all/read", "statements/write", "statements/read", "state", "define", "profile"]))

BOUNDARY = "larkby"


def with_content(content, verb, spoiled):
    """A statement with one attachment, as a multipart body."""
    sha2 = hashlib.sha256(content).hexdigest()
    statement = {
        "actor": {"mbox": "mailto:anna@larkby.example"},
        "verb": {"id": verb},
        "object": {"id": "https://larkby.example/kurser/1"},
        "attachments": [
            {
                "usageType": "https://larkby.example/bilaga",
                "display": {"sv": "Bilaga"},
                "contentType": "application/octet-stream",
                "length": len(content),
                "sha2": sha2,
            }
        ],
    }
    lines = [
        f"--{BOUNDARY}",
        "Content-Type: application/json",
        "",
        json.dumps(statement),
        f"--{BOUNDARY}",
        "Content-Type: application/octet-stream",
        "Content-Transfer-Encoding: binary",
        f"X-Experience-API-Hash: {sha2}",
        "",
        "",
    ]
    body = "\r\n".join(lines).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    at, byte = spoiled
    if byte is None:
        return body
    at %= len(body)
    return body[:at] + bytes([byte]) + body[at + 1 :]


schemathesis.openapi.media_type(
    "multipart/mixed",
    st.builds(
        with_content,
        st.binary(max_size=64),
        IRI,
        st.tuples(st.integers(0, 2000), st.none() | st.integers(0, 255)),
    ),
)

answers = collections.Counter()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.media_type == "multipart/mixed":
        case.headers = {**(case.headers or {}), "Content-Type": f"multipart/mixed; boundary={BOUNDARY}"}


@schemathesis.hook
def after_call(context, case, response):
    answers[f"{case.operation.method.upper()} {case.operation.path} {response.status_code}"] += 1


@atexit.register
def told():
    """Writes how many requests there were, by operation and status: that none was spared is checked by whoever runs this."""
    path = os.environ.get("LARKA_COUNTS")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(dict(sorted(answers.items())), file, indent=1)
