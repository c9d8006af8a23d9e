#!/usr/bin/env bash
# tincan 1.0.0 (PyPI): RemoteLRS.save_state() sends its PUT twice and answers with what the second one was answered. With
# the ETag of what is there, as xAPI 1.0.3 (Communication 3.1) has clients send it against lost updates, the first one is
# stored and changes the ETag, so that the second is refused: what was saved is said to have failed.
#
# Seen: requests of one save_state: 2, answered [204, 412]; success: False; stored: b'{"sida": 4}'
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tincan==1.0.0
NO_PROXY=127.0.0.1 "$work/venv/bin/python" - <<'PYTHON'
import hashlib
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from tincan import Activity, Agent, RemoteLRS, StateDocument

stored, answered = b'{"sida": 3}', []
etag = lambda: '"' + hashlib.sha1(stored).hexdigest() + '"'


class Store(BaseHTTPRequestHandler):
    """A store with one state."""

    def do_PUT(self):
        global stored
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 204 if self.headers.get("If-Match") in (None, etag()) else 412
        if status == 204:
            stored = body
        answered.append(status)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


store = HTTPServer(("127.0.0.1", 0), Store)
Thread(target=store.serve_forever, daemon=True).start()
lrs = RemoteLRS(version="1.0.3", endpoint=f"http://127.0.0.1:{store.server_port}/xapi/", username="a", password="b")
said = lrs.save_state(StateDocument(
    activity=Activity(id="https://kurs.example/1"), agent=Agent(mbox="mailto:anna@skola.example"), id="plats",
    content='{"sida": 4}', content_type="application/json", etag=etag(),
))
print(f"requests of one save_state: {len(answered)}, answered {answered}; success: {said.success}; stored: {stored}")
assert answered == [204, 412] and said.success is False and stored == b'{"sida": 4}'
PYTHON
