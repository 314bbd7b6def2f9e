"""A small HTTP server behind the servers under test: it says what it was asked, or answers with the very bytes it was asked for."""
import os
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

from . import server


class Backend:
    """Listens on two ports, one with TLS, and a unix socket; a thread for each connection.

    /echo…            the request as it came: line, fields (sorted behind Host), length and sum of the body
    /conn             `new` or `kept`: whether the connection served a request before
    /port             which port it came in on
    /raw?BYTES        these bytes, percent-decoded, then the end of the connection; `~~` is a pause of 0.2 s
    /rawkeep?BYTES    the same, and the connection goes on
    /status/N         that status with a short body
    /100/…            `100 Continue` before the body is read, then as /echo
    /expect/N         answers N to `Expect` without reading the body, and closes
    /ws               changes to a protocol that says everything back in capitals
    /slow/S           answers after S seconds
    /body/N, /chunked/N  a body of N bytes
    """

    def __init__(self, folder):
        self.socket = os.path.join(folder, "backend.sock")
        self.certificate = os.path.join(folder, "backend.pem")
        self.listeners = []
        self.ports = []

    def start(self):
        for _ in range(2):
            port = server.free_port()
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            self.ports.append(port)
            self._serve(listener, f"port{len(self.ports)}")
        self._serve(self._secure_listener(), "tls")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.socket)
        os.chmod(self.socket, 0o666)
        self._serve(listener, "socket")

    def _secure_listener(self):
        """A certificate for `localhost`, made anew."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", self.certificate + ".key",
                        "-out", self.certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.certificate + ".key")
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port = server.free_port()
        listener.bind(("127.0.0.1", port))
        self.ports.append(port)
        return context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)

    def _serve(self, listener, name):
        listener.listen(64)
        self.listeners.append(listener)

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_Connection(connection, name).run, daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()

    def stop(self):
        for listener in self.listeners:
            listener.close()


class _Connection:
    def __init__(self, connection, name):
        self.connection, self.name = connection, name
        self.stream = connection.makefile("rb")
        self.count = 0

    def run(self):
        try:
            self.connection.settimeout(20)
            while self._request():
                self.count += 1
        except (OSError, ValueError):
            pass
        finally:
            self.stream.close()
            self.connection.close()

    def _request(self):
        line = self.stream.readline().decode("latin-1").rstrip("\r\n")
        if not line:
            return False
        method, target, _ = line.split(" ")
        fields = []
        while True:
            field = self.stream.readline().decode("latin-1").rstrip("\r\n")
            if not field:
                break
            fields.append(field)
        values = {}
        for field in fields:
            name, _, value = field.partition(":")
            values.setdefault(name.lower(), value.strip())
        path, _, query = target.partition("?")
        return self._answer(method, path, query, line, fields, values)

    def _body(self, values):
        if "chunked" in values.get("transfer-encoding", ""):
            body = b""
            while True:
                size = int(self.stream.readline().split(b";")[0], 16)
                if size == 0:
                    while self.stream.readline().strip():
                        pass
                    return body
                body += self.stream.read(size)
                self.stream.readline()
        return self.stream.read(int(values.get("content-length", "0") or "0"))

    def _end_with_what_follows(self):
        """The end of the connection shall come with the last bytes: who keeps the connection would else, now and then, ask on it again before."""
        try:
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        except OSError:
            pass

    def _say(self, status, body, extra="", close=False, method="GET"):
        if isinstance(body, str):
            body = body.encode("latin-1")
        head = (f"HTTP/1.1 {status}\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: Backend\r\n{extra}"
                f"Content-Length: {len(body)}\r\n{'Connection: close' + chr(13) + chr(10) if close else ''}\r\n")
        self.connection.sendall(head.encode("latin-1") + (b"" if method == "HEAD" else body))
        return not close

    def _answer(self, method, path, query, line, fields, values):
        first = path.strip("/").split("/")
        kind = first[0] if first else ""
        closes = values.get("connection", "").lower() == "close" or line.endswith("HTTP/1.0")
        plain = "Content-Type: text/plain\r\n"
        if kind == "expect" and "expect" in values:
            return self._say(f"{first[1]} Refused", "not wanted\n", plain, close=True)
        if kind == "100":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if kind == "raw" or kind == "rawkeep":
            self._body(values)
            keeps = kind == "rawkeep" and not closes
            parts = query.split("~~")
            for number, part in enumerate(parts):
                if not keeps and number == len(parts) - 1:
                    self._end_with_what_follows()
                self.connection.sendall(urllib.parse.unquote_to_bytes(part))
                time.sleep(0.2 if number < len(parts) - 1 else 0)
            if not keeps:
                self.connection.shutdown(socket.SHUT_WR)
            return keeps
        if kind == "ws":
            self.connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    b"X-Own: yes\r\n\r\nhello ")
            while True:
                data = self.connection.recv(4096)
                if not data:
                    return False
                self.connection.sendall(data.upper())
        body = self._body(values)
        if kind == "slow":
            time.sleep(float(first[1]))
        if kind == "conn":
            return self._say("200 OK", f"{'kept' if self.count else 'new'}\n", plain, closes, method)
        if kind == "port":
            return self._say("200 OK", self.name + "\n", plain, closes, method)
        if kind == "status":
            return self._say(f"{first[1]} Own Words", f"the backend says {first[1]}\n", plain, closes, method)
        if kind == "body":
            return self._say("200 OK", b"0123456789abcdef" * (int(first[1]) // 16), plain, closes, method)
        if kind == "chunked":
            data = b"0123456789abcdef" * (int(first[1]) // 16)
            self.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
            if method == "HEAD":
                return not closes
            for at in range(0, len(data), 4096):
                part = data[at:at + 4096]
                self.connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            self.connection.sendall(b"0\r\nX-Trailer: t\r\n\r\n")
            return not closes
        said = [line] + fields[:1] + sorted(fields[1:])
        said.append(f"body {len(body)} {sum(body) % 65521}")
        return self._say("200 OK", "\n".join(said) + "\n", plain, closes, method)
