"""Seeds for the targets, from the committed corpus: one file each in corpus/TARGET."""

import json
import pathlib

HERE = pathlib.Path(__file__).parent
TEXTS = []
for name in ("valid", "invalid"):
    for line in (HERE / f"../crates/xapi/tests/corpus/{name}.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        TEXTS.append(entry.get("text") or json.dumps(entry.get("statement"), ensure_ascii=False))
DEFINITIONS = [
    '{"name":{"sv":"Kurs"},"interactionType":"choice","choices":[{"id":"a"}],"correctResponsesPattern":["a"]}',
    '{"name":{"en":"Course"},"choices":[{"id":"b","description":{"sv":"B"}}],"extensions":{"https://larkby.example/x":{"b":1,"a":[2]}}}',
    '{"type":"https://larkby.example/t","moreInfo":"https://larkby.example/m"}',
]
PARTS = (
    b"\x05\x01\x20\x07--larkby\r\nContent-Type: application/json\r\n\r\n{}\r\n--larkby\r\n"
    b"X-Experience-API-Hash: 1\r\n\r\n\r\n--lark\r\n--larkby--\r\n"
)
SEEDS = {
    "statement": TEXTS,
    "output": TEXTS,
    "equal": [a + "\x00" + b for a, b in zip(TEXTS, TEXTS[1:])],
    "merge": ['{"a":1,"b":{"c":2}}\x00{"b":{"d":[1,2]},"e":null}'] + [a + "\x00" + b for a in DEFINITIONS for b in DEFINITIONS],
    "multipart": [PARTS],
    "signature": ['{"alg":"RS256"}', '{"alg":"RS512","x5c":["MIIB"]}', "eyJhbGciOiJSUzI1NiJ9.e30.AAAA"],
    "parameters": [
        'agent={"mbox":"mailto:a@larkby.example"}&activityId=https://larkby.example/a&stateId=s',
        "statementId=8f87ccde-bb56-4c2e-ab83-44982ef22df0&format=ids&attachments=true",
        "since=2026-03-01T09:30:00Z&until=2026-03-02T00:00:00+01:00&limit=5&ascending=true&related_agents=false",
        'multipart/mixed; boundary="larkby"',
        "sv-SE, en;q=0.8, *;q=0.1",
    ],
    "times": ["2026-03-01T09:30:00.123456789+01:00", "20260301T0930Z", "P1Y2M3DT4H5M6.78S", "P4W"],
    "lexical": ["https://larkby.example/å?b#c", "urn:isbn:9", "8F87CCDE-bb56-4c2e-ab83-44982ef22df0", "sl-rozaj-biske-1994", "x-larkby"],
}
for target, seeds in SEEDS.items():
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        # 0xff parts two texts: UTF-8 has no such byte.
        data = seed if isinstance(seed, bytes) else seed.encode("utf-8", "surrogatepass").replace(b"\x00", b"\xff")
        (folder / f"seed-{number}").write_bytes(data)
