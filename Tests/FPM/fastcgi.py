"""A FastCGI client that sees every record."""
import socket
import struct

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, VALUES = range(1, 11)


def record(kind, content=b"", id=1):
    return struct.pack(">BBHHBB", 1, kind, id, len(content), 0, 0) + content


def pair(name, value):
    out = b""
    for text in (name, value):
        out += bytes([len(text)]) if len(text) < 128 else struct.pack(">I", len(text) | 0x80000000)
    return out + name + value


def stream(kind, content, id=1, piece=65528):
    out = b"".join(record(kind, content[at:at + piece], id) for at in range(0, len(content), piece))
    return out + record(kind, b"", id)


def params(variables, id=1):
    """Pairs never lie across two records: php-fpm would not take that."""
    out, block = b"", b""
    for name, value in variables:
        one = pair(encode(name), encode(value))
        if block and len(block) + len(one) > 65000:
            out, block = out + record(PARAMS, block, id), b""
        block += one
    if block:
        out += record(PARAMS, block, id)
    return out + record(PARAMS, b"", id)


def encode(text):
    return text if isinstance(text, bytes) else text.encode()


def begin(role=1, keep=False, id=1):
    return record(BEGIN, struct.pack(">HB5x", role, 1 if keep else 0), id)


class Answer:
    """What came for one request."""

    def __init__(self):
        self.stdout = b""
        self.stderr = b""
        self.end = None
        self.kinds = []
        self.empty_records = 0

    @property
    def head(self):
        return self.stdout.partition(b"\r\n\r\n")[0]

    @property
    def body(self):
        return self.stdout.partition(b"\r\n\r\n")[2]


class Connection:
    def __init__(self, address, timeout=20):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def end_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _take(self, count):
        while len(self.buffer) < count:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.buffer += more
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def record(self):
        """(kind, content), or None at the end."""
        head = self._take(8)
        if head is None:
            return None
        _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", head)
        content = self._take(length + padding)
        return None if content is None else (kind, content[:length])

    def answer(self):
        out = Answer()
        while True:
            one = self.record()
            if one is None:
                return out
            kind, content = one
            if not out.kinds or out.kinds[-1] != kind:
                out.kinds.append(kind)
            if kind == END:
                out.end = content
                return out
            if not content:
                out.empty_records += 1
            if kind == STDOUT:
                out.stdout += content
            elif kind == STDERR:
                out.stderr += content

    def is_closed(self):
        return self.record() is None

    def close(self):
        self.socket.close()


def request(address, variables, body=b"", role=1, timeout=20):
    connection = Connection(address, timeout)
    try:
        connection.send(begin(role) + params(variables) + stream(STDIN, body))
        return connection.answer()
    finally:
        connection.close()
