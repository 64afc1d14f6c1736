"""Answers each connection with a job more, and counts who asked."""

import socketserver

counter = 0


class Job(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        global counter
        counter += 1
        self.wfile.write(f"job {counter} for {self.client_address[0]}\n".encode())


socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(("", 7000), Job).serve_forever()
