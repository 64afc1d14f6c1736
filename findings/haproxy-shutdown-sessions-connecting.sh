#!/bin/sh
# HAProxy's on-marked-down shutdown-sessions answers nothing to a request that is still connecting.
#
# Package:   haproxy 2.6.12-1+deb12u4 (Debian 12), with liblua5.3-0 and libopentracing-c-wrapper0.
# Behaviour: `retries 3`, `option redispatch 1` and `retry-on all-retryable-errors` send a request whose
#            server cannot be reached to another one. While a request is connecting, its server is marked
#            down by its check: the client's connection is closed without a byte, with no further try
#            (the log's termination state is D---). Without shutdown-sessions the same request is
#            answered by the other server once `timeout connect` is over. A request that was sent already,
#            and waits for its answer, is tried again in either case.
# Effect:    the option that is meant to get requests away from a dead server loses those that a retry
#            would have saved. It shows where a server vanishes without refusing connections, as a machine
#            that loses its power: whatever connects at that moment is lost.
# Seen:      2026-11-28, on loopback; the connecting server is one whose accept queue is full:
#
#     connecting, shutdown-sessions: closed without an answer
#     connecting, without: answered by the other server
#     waiting, shutdown-sessions: answered by the other server
#
# Exit code 0: as described; 1: it changed; 3: the packages are not to be had.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download haproxy=2.6.12-1+deb12u4 liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 \
  >log 2>&1 || { tail -n 3 log >&2; exit 3; }
for package in *.deb; do dpkg-deb -x "$package" root; done

cat >try.py <<'PROGRAM'
import http.client
import socket
import subprocess
import sys
import threading
import time

CONFIGURATION = """
defaults
    mode http
    retries 3
    option redispatch 1
    retry-on all-retryable-errors
    timeout connect 3s
    timeout client 20s
    timeout server 20s
frontend front
    bind 127.0.0.1:{front}
    default_backend back
backend back
    balance first
    server lost 127.0.0.1:{lost} check port {check} inter 300ms fall 1 {option}
    server good 127.0.0.1:{good}
"""


def listening(queue=64):
    end = socket.socket()
    end.bind(("127.0.0.1", 0))
    end.listen(queue)
    return end, end.getsockname()[1]


def accepting(end, answer):
    """Take connections; answer each, or keep it without a word."""
    held = []

    def work():
        while True:
            try:
                client = end.accept()[0]
            except OSError:
                return
            held.append(client)
            if answer:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                client.close()

    threading.Thread(target=work, daemon=True).start()


def outcome(connects, option):
    lost, lost_port = listening(0 if connects else 64)
    checked, check_port = listening()
    good, good_port = listening()
    free, front = listening()
    free.close()
    accepting(good, answer=True)
    accepting(checked, answer=False)
    full = []
    if connects:  # one connection waits to be accepted for ever: further ones get no answer
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", lost_port))
            full.append(one)
    else:
        accepting(lost, answer=False)
    with open("haproxy.cfg", "w") as file:
        file.write(CONFIGURATION.format(
            front=front, lost=lost_port, check=check_port, good=good_port, option=option))
    run = subprocess.Popen([sys.argv[1], "-db", "-f", "haproxy.cfg"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1.5)
        client = http.client.HTTPConnection("127.0.0.1", front, timeout=15)
        threading.Timer(0.8, lambda: (checked.shutdown(socket.SHUT_RDWR), checked.close())).start()
        try:
            client.request("GET", "/")
            client.getresponse().read()
            return "answered by the other server"
        except http.client.RemoteDisconnected:
            return "closed without an answer"
    finally:
        run.terminate()
        run.wait()


OPTION = "on-marked-down shutdown-sessions"
print("connecting, shutdown-sessions:", outcome(True, OPTION))
print("connecting, without:", outcome(True, ""))
print("waiting, shutdown-sessions:", outcome(False, OPTION))
PROGRAM
LD_LIBRARY_PATH=$(echo "$folder"/root/usr/lib/*/) python3 try.py "$folder/root/usr/sbin/haproxy" | tee seen
cat >expected <<'SEEN'
connecting, shutdown-sessions: closed without an answer
connecting, without: answered by the other server
waiting, shutdown-sessions: answered by the other server
SEEN
cmp -s seen expected || { echo "it changed: expected" >&2; cat expected >&2; exit 1; }
