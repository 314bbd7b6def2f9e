"""A raw HTTP client: sends exactly the given bytes and reports exactly what came back."""
import select
import socket
import time

PAUSE = 0.06        # seconds between the parts of a partial send
KEPT_AFTER = 0.04   # a connection that is still open this long after a complete answer counts as kept


class Answer:
    """One response: interim ones before it, head, decoded body, trailers."""

    def __init__(self):
        self.interim = []
        self.status = ""
        self.headers = []
        self.body = b""
        self.framing = "none"
        self.trailers = []
        self.problem = ""

    def get(self, name):
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def code(self):
        words = self.status.split(" ")
        return words[1] if len(words) > 1 else ""


class Incomplete(Exception):
    pass


class Connection:
    def __init__(self, port, timeout=8.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.eof = False
        self.timeout = timeout

    def send(self, data):
        try:
            self.socket.settimeout(self.timeout)
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def send_watching(self, data):
        """Sends data; stops when the server answers before it has taken everything (a refused upload)."""
        self.socket.setblocking(False)
        view, end = memoryview(data), time.monotonic() + self.timeout
        while view and time.monotonic() < end:
            readable, writable, _ = select.select([self.socket], [self.socket], [], 0.5)
            if readable:
                self.socket.settimeout(self.timeout)
                self._more()
                if self.buffer.startswith(b"HTTP/1.1 100"):
                    self.socket.setblocking(False)
                else:
                    return
            elif writable:
                try:
                    view = view[self.socket.send(view[:262144]):]
                except BlockingIOError:
                    continue
                except OSError:
                    break
        self.socket.settimeout(self.timeout)

    def _more(self):
        if self.eof:
            raise Incomplete("closed")
        try:
            data = self.socket.recv(262144)
        except (socket.timeout, TimeoutError):
            raise Incomplete("no more bytes within the time limit")
        except OSError:
            data = b""
        if not data:
            self.eof = True
        self.buffer += data
        return data

    def _line(self):
        while b"\n" not in self.buffer:
            if not self._more() and self.eof:
                raise Incomplete("closed")
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line[:-1] if line.endswith(b"\r") else line + b"<bare LF>"

    def _exactly(self, count):
        while len(self.buffer) < count:
            self._more()
            if self.eof and len(self.buffer) < count:
                data, self.buffer = self.buffer, b""
                raise Incomplete(f"body ended after {len(data)} of {count} bytes")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _rest(self):
        while not self.eof:
            self._more()
        data, self.buffer = self.buffer, b""
        return data

    def _fields(self):
        fields = []
        while True:
            line = self._line().decode("latin-1")
            if line == "":
                return fields
            name, colon, value = line.partition(":")
            fields.append((name, value.strip(" ") if colon else "<no colon>"))

    def read(self, method):
        """Reads one response (with the interim ones before it) to a request of that method."""
        answer = Answer()
        try:
            self._read(answer, method)
        except Incomplete as why:
            answer.problem = str(why)
        except ValueError as why:
            answer.problem = f"malformed: {why}"
        return answer

    def _read(self, answer, method):
        while True:
            while len(self.buffer) < 5 and not self.eof:
                self._more()
            if not self.buffer.startswith(b"HTTP/"):
                answer.status, answer.framing = "", "eof"
                answer.body = self._rest()
                if not answer.body:
                    answer.problem = "closed without an answer"
                return
            answer.status = self._line().decode("latin-1")
            answer.headers = self._fields()
            if answer.code.startswith("1") and answer.code != "101":
                answer.interim.append((answer.status, answer.headers))
                continue
            break
        if method == "HEAD" or answer.code in ("204", "304"):
            return
        if "chunked" in (answer.get("Transfer-Encoding") or "").lower():
            answer.framing = "chunked"
            while True:
                size = int(self._line().split(b";")[0], 16)
                if size == 0:
                    break
                answer.body += self._exactly(size)
                if self._line() != b"":
                    raise ValueError("chunk without its end")
            answer.trailers = self._fields()
        elif answer.get("Content-Length") is not None:
            answer.framing = "length"
            answer.body = self._exactly(int(answer.get("Content-Length")))
        else:
            answer.framing = "eof"
            answer.body = self._rest()

    def state(self, last):
        """kept or closed, as the peer sees it after a complete answer; bytes nobody asked for are reported."""
        saying_close = "close" in (last.get("Connection") or "").lower() or last.framing == "eof" or last.problem
        end = time.monotonic() + (4.0 if saying_close else KEPT_AFTER)
        while not self.eof and time.monotonic() < end:
            ready, _, _ = select.select([self.socket], [], [], max(0, end - time.monotonic()))
            if ready:
                try:
                    self._more()
                except Incomplete:
                    break
        extra = f" with {len(self.buffer)} more bytes: {self.buffer[:60]!r}" if self.buffer else ""
        return ("closed" if self.eof else "kept") + extra

    def close(self):
        self.socket.close()


def run(port, exchange):
    """Performs one exchange; returns (answers, state)."""
    try:
        connection = Connection(port, exchange.timeout)
    except OSError as why:
        failed = Answer()
        failed.problem = f"no connection: {why}"
        return [failed], "closed"
    answers = []
    try:
        if exchange.pipelined:
            for part in _parts([m for m in exchange.messages]):
                _send(connection, part)
            for message in exchange.messages:
                for _ in range(message.count):
                    answers.append(connection.read(message.method))
                    if answers[-1].problem:
                        break
        else:
            for message in exchange.messages:
                for part in _parts([message]):
                    _send(connection, part)
                if message.half_close:
                    connection.socket.shutdown(socket.SHUT_WR)
                for _ in range(message.count):
                    answers.append(connection.read(message.method))
                    if answers[-1].problem:
                        break
                if answers and (answers[-1].problem or connection.eof):
                    break
        return answers, connection.state(answers[-1]) if answers else connection.state(Answer())
    finally:
        connection.close()


def _parts(messages):
    if len(messages) > 1:
        yield b"".join(b"".join(m.parts) for m in messages)
        return
    for number, part in enumerate(messages[0].parts):
        if number:
            time.sleep(PAUSE)
        yield part


def _send(connection, data):
    if len(data) > 100000:
        connection.send_watching(data)
    else:
        connection.send(data)
