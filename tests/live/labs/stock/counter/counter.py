"""Each visit adds one; the cache's protocol is a line each way."""

import os
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        with socket.create_connection((os.environ["REDIS_HOST"], 6379), 5) as cache:
            cache.sendall(b"INCR visits\r\n")
            count = cache.recv(64).decode().strip(":\r\n")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"visits: {count}".encode())


HTTPServer(("", 8000), Page).serve_forever()
