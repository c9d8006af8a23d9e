"""Python's standard client sends a body whole before it reads anything. LARKA_ADDRESS, LARKA_KEY, LARKA_SECRET: the
server and a credential. Fails where it does not get to read why it was refused."""

import base64
import http.client
import os
import urllib.parse

ADDRESS = urllib.parse.urlsplit(os.environ["LARKA_ADDRESS"])
CREDENTIAL = f"{os.environ['LARKA_KEY']}:{os.environ['LARKA_SECRET']}".encode()
OWN = {"Authorization": "Basic " + base64.b64encode(CREDENTIAL).decode()}
VERSION = {"X-Experience-API-Version": "1.0.3", "Content-Type": "application/json"}


def status(path, body, headers):
    connection = http.client.HTTPConnection(ADDRESS.hostname, ADDRESS.port, timeout=60)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    assert response.read()
    return response.status


for size in (17 << 20, 100 << 20):
    body = b" " * size
    pieces = lambda: (body[at : at + 65536] for at in range(0, size, 65536))
    for path, headers, expected in (
        ("/xapi/statements", {**OWN, **VERSION}, 413),
        ("/xapi/statements", VERSION, 401),
        ("/xapi/nothing", VERSION, 404),
        ("/api/v1/organisation", VERSION, 401),
    ):
        for sent in (body, pieces()):
            given = status(path, sent, headers)
            assert given == expected, (path, size, given)
