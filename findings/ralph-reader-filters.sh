#!/usr/bin/env bash
# Ralph (PyPI ralph-malph 5.1.0), reading from a learning record store with LRSDataBackend and LRSStatementsQuery: of
# the filters that it takes, some arrive as something else than what xAPI 1.0.3 (Communication 2.1.3) calls them, and one
# does not arrive.
#
# - `since` as text is dropped without a word: everything is read. As a datetime it arrives.
# - `agent` arrives as Python writes a dict, {'mbox': ...}, which is not JSON.
# - `statementId` arrives as `statement_id`.
# - The second page is asked for with `more`'s parameter beside all of the first page's.
#
# Seen: since as text:      ['limit']
#       since as datetime:  ['limit', 'since']
#       agent:              {'mbox': 'mailto:anna@skola.example'}
#       statementId:        ['limit', 'statement_id']
#       second page:        ['limit', 'token', 'verb']
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  'ralph-malph[backend-lrs]==5.1.0' httpx==0.28.1 pydantic==2.14.4 pydantic-settings==2.16.3
cd "$work"
NO_PROXY=127.0.0.1 "$work/venv/bin/python" - <<'PYTHON'
import json
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlparse

from ralph.backends.data.lrs import LRSDataBackend, LRSDataBackendSettings
from ralph.backends.lrs.base import LRSStatementsQuery

asked = []


class Store(BaseHTTPRequestHandler):
    """A store with two empty pages for whoever asks by a verb, and one for others."""

    def do_GET(self):
        query = {name: values[0] for name, values in parse_qs(urlparse(self.path).query).items()}
        asked.append(query)
        more = "/xAPI/statements?token=2" if "verb" in query and "token" not in query else ""
        body = json.dumps({"statements": [], "more": more}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


store = HTTPServer(("127.0.0.1", 0), Store)
Thread(target=store.serve_forever, daemon=True).start()
backend = LRSDataBackend(LRSDataBackendSettings(BASE_URL=f"http://127.0.0.1:{store.server_port}", USERNAME="a", PASSWORD="b"))


def read(**filters):
    asked.clear()
    list(backend.read(LRSStatementsQuery(**filters)))
    return asked[-1]


day = datetime(2026, 1, 1, tzinfo=timezone.utc)
text, moment = sorted(read(since=day.isoformat())), sorted(read(since=day))
agent = read(agent={"mbox": "mailto:anna@skola.example"})["agent"]
one = sorted(read(statementId="0f3d3b2c-1f4e-4e0e-9d5c-2a5d3a1c9b7e"))
second = sorted(read(verb="http://adlnet.gov/expapi/verbs/completed"))
print(f"since as text:      {text}\nsince as datetime:  {moment}\nagent:              {agent}")
print(f"statementId:        {one}\nsecond page:        {second}")
assert text == ["limit"] and moment == ["limit", "since"]
assert agent == "{'mbox': 'mailto:anna@skola.example'}"
assert one == ["limit", "statement_id"]
assert second == ["limit", "token", "verb"]
PYTHON
