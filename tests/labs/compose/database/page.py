"""The administrator's page: how many entries the guestbook has."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pymysql


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        password = Path("/run/secrets/db_password").read_text().strip()
        with pymysql.connect(host="db", user="guestbook", password=password, db="guestbook") as db:
            cursor = db.cursor()
            cursor.execute("SHOW TABLES")
            tables = [row[0] for row in cursor.fetchall()]
        body = f"tables: {', '.join(tables)}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("", 8081), Page).serve_forever()
