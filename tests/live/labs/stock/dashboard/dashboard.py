"""The machine's first process, and what its Docker runs."""

import json
import socket
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Docker(HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        docker = Docker("localhost")
        docker.request("GET", "/containers/json")
        names = sorted(c["Names"][0].strip("/") for c in json.load(docker.getresponse()))
        first = Path("/host/proc/1/comm").read_text().strip()
        self.send_response(200)
        self.end_headers()
        said = {"containers": names, "first process": first}
        self.wfile.write(json.dumps(said).encode())


HTTPServer(("", 8000), Page).serve_forever()
