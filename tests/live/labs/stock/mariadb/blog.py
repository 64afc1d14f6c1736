"""Each visit writes a line, and tells how many there are."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

import pymysql


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        blog = pymysql.connect(
            host="mariadb",
            user=os.environ["MARIADB_USER"],
            password=os.environ["MARIADB_PASSWORD"],
            database=os.environ["MARIADB_DATABASE"],
            autocommit=True,
        )
        with blog, blog.cursor() as lines:
            lines.execute("CREATE TABLE IF NOT EXISTS posts (id INT AUTO_INCREMENT PRIMARY KEY)")
            lines.execute("INSERT INTO posts VALUES ()")
            lines.execute("SELECT COUNT(*) FROM posts")
            (count,) = lines.fetchone()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"posts: {count}".encode())


HTTPServer(("", 8000), Page).serve_forever()
