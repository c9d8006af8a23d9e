#!/usr/bin/env bash
# edx-event-routing-backends 9.3.8 (PyPI; 10.1.0, which wants Python 3.12, does the same), which hands Open edX's events on
# as xAPI: a batch that the store answers with 409, because one of its statements has the id of another one, counts as
# delivered. xAPI 1.0.3 (Communication 2.1.2) has the store keep nothing of such a batch, so the others are lost; nothing
# is raised, and nothing is sent again. A 400 is raised.
#
# Seen: 409: no exception, requests: 1, warnings: ['Duplicate event id found in: [...]']
#       400: EventNotDispatched, requests: 1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check edx-event-routing-backends==9.3.8 tincan==1.0.0 2>/dev/null
NO_PROXY=127.0.0.1 "$work/venv/bin/python" - <<'PYTHON'
import json
import logging
import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "event_routing_backends"], SECRET_KEY="a",
                   RUNNING_WITH_TEST_SETTINGS=True)
# It says that it is not inside of Open edX.
logging.getLogger("event_routing_backends.helpers").setLevel(logging.CRITICAL + 1)
django.setup()
from event_routing_backends.models import RouterConfiguration
from event_routing_backends.processors.transformer_utils.exceptions import EventNotDispatched
from event_routing_backends.utils.xapi_lrs_client import LrsClient
from tincan import Activity, Agent, Statement, Verb

status, requests, warnings = 409, 0, []


class Store(BaseHTTPRequestHandler):
    """A store that keeps nothing of what comes."""

    def do_POST(self):
        global requests
        requests += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"error": "one of them is here already, and another one"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Listener(logging.Handler):
    def emit(self, record):
        warnings.append(re.sub(r"\[.*\]", "[...]", record.getMessage()))


logger = logging.getLogger("event_routing_backends.utils.xapi_lrs_client")
logger.addHandler(Listener())
logger.propagate = False
store = HTTPServer(("127.0.0.1", 0), Store)
Thread(target=store.serve_forever, daemon=True).start()
client = LrsClient(url=f"http://127.0.0.1:{store.server_port}/xapi/", version="1.0.3", auth_scheme=RouterConfiguration.AUTH_BASIC,
                   username="a", password="b")
batch = [
    Statement(actor=Agent(mbox="mailto:anna@skola.example"), verb=Verb(id="http://adlnet.gov/expapi/verbs/completed"),
              object=Activity(id=f"https://kurs.example/{number}"))
    for number in range(20)
]


def send():
    global requests
    requests = 0
    warnings.clear()
    try:
        client.bulk_send(batch)
        return "no exception"
    except EventNotDispatched as error:
        return type(error).__name__


conflict = send()
print(f"409: {conflict}, requests: {requests}, warnings: {warnings}")
assert conflict == "no exception" and requests == 1 and warnings == ["Duplicate event id found in: [...]"]
status = 400
invalid = send()
print(f"400: {invalid}, requests: {requests}")
assert invalid == "EventNotDispatched" and requests == 1
PYTHON
