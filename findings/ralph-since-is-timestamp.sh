#!/usr/bin/env bash
# A learning record store of Ralph (PyPI ralph-malph 5.1.0, `ralph runserver`, here over its files) selects by `since` with
# a statement's `timestamp`, when it happened. xAPI 1.0.3 (Communication 2.1.3) has it select by `stored`, when it came.
# Whoever copies from it with the last `stored` that they have misses for good what came later and happened earlier.
# With `ascending=true` it turns a page over, not the list: the first page has the same statements, last one first.
#
# Seen: stored now, happened in 2020, since February 2026: 0 of 1
#       first page of 2: ['one', 'two'], ascending: ['two', 'one']; of ['one', 'two', 'three', 'four']
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  'ralph-malph[full]==5.1.0' fastapi==0.114.2 starlette==0.38.6 uvicorn==0.30.6 pydantic==2.14.4 pydantic-settings==2.16.3 2>/dev/null
cd "$work"
export RALPH_APP_DIR=$work RALPH_AUTH_FILE=$work/auth.json RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH=$work/data NO_PROXY=127.0.0.1
"$work/venv/bin/ralph" auth -u anna -p secret -s all -M mailto:anna@skola.example -w >/dev/null 2>&1
port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$work/venv/bin/ralph" runserver -b fs --host 127.0.0.1 --port "$port" >"$work/log" 2>&1 &
server=$!
PORT=$port "$work/venv/bin/python" - <<'PYTHON'
import base64, json, os, time, urllib.error, urllib.parse, urllib.request

address = f"http://127.0.0.1:{os.environ['PORT']}"
login = base64.b64encode(b"anna:secret").decode()


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json", "X-Experience-API-Version": "1.0.3"}
    with urllib.request.urlopen(urllib.request.Request(address + path, data, headers)) as answer:
        return json.load(answer)


def statement(name, when):
    return {
        "actor": {"mbox": "mailto:anna@skola.example"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": f"https://kurs.example/{name}"},
        "timestamp": when,
    }


for _ in range(300):
    try:
        urllib.request.urlopen(address + "/__lbheartbeat__")
        break
    except urllib.error.HTTPError:
        break
    except OSError:
        time.sleep(0.1)
ask("/xAPI/statements", [
    statement("one", "2026-03-01T08:00:00+00:00"), statement("two", "2026-03-01T09:00:00+00:00"),
    statement("three", "2026-03-01T10:00:00+00:00"), statement("four", "2020-03-01T10:00:00+00:00"),
])
names = lambda page: [one["object"]["id"].rsplit("/", 1)[1] for one in page["statements"]]
everything = ask("/xAPI/statements")
first, turned = ask("/xAPI/statements?limit=2"), ask("/xAPI/statements?limit=2&ascending=true")
# `four` happened in 2020 and is stored now: since a moment before it was stored, it should be there.
before = "2026-02-01T00:00:00+00:00"
assert all(one["stored"] > before for one in everything["statements"])
since = ask("/xAPI/statements?" + urllib.parse.urlencode({"since": before}))
found = names(since).count("four")
print(f"stored now, happened in 2020, since February 2026: {found} of 1")
print(f"first page of 2: {names(first)}, ascending: {names(turned)}; of {names(everything)}")
assert found == 0 and len(names(since)) == 3
assert names(turned) == list(reversed(names(first)))
PYTHON
