import os
import socket

from flask import Flask

app = Flask(__name__)


def visits() -> int:
    with socket.create_connection((os.environ["REDIS_HOST"], 6379), timeout=3) as cache:
        cache.sendall(b"INCR visits\r\n")
        return int(cache.recv(64).lstrip(b":"))


@app.get("/")
def hello() -> str:
    return f"Seen {visits()} times.\n"


app.run(host="0.0.0.0", port=5000)
