"""A client of HTTP/2 that writes any frame, right or wrong, and reads the answers. Fields are written without compression; of
the answers' heads only :status is read."""
import socket
import struct
import time

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PRIORITY_UPDATE = 16
END_STREAM, END_HEADERS, PADDED, PRIORITY_FLAG, ACK = 1, 4, 8, 32, 1
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM,
 CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, HTTP_1_1_REQUIRED) = range(14)
NAMES = ("NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR REFUSED_STREAM "
         "CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM INADEQUATE_SECURITY HTTP_1_1_REQUIRED").split()
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW = 4
# RFC 7541, appendix A, entries 8 to 14.
STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


def integer(value, bits, first):
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out = [first | limit]
    value -= limit
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def literal(name, value):
    """A field that is not remembered (RFC 7541, section 6.2.2)."""
    name = name if isinstance(name, bytes) else name.encode("latin-1")
    value = value if isinstance(value, bytes) else value.encode("latin-1")
    return b"\0" + integer(len(name), 7, 0) + name + integer(len(value), 7, 0) + value


def indexed(name, value):
    """A field that is remembered (section 6.2.1)."""
    return b"\x40" + literal(name, value)[1:]


def block(fields):
    return b"".join(literal(name, value) for name, value in fields)


def request(path="/", method="GET", authority="localhost", extra=()):
    return block([(":method", method), (":scheme", "http"), (":path", path), (":authority", authority), *extra])


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", key, value) for key, value in pairs))


def status_of(payload):
    at = 0
    while payload[at] & 0xE0 == 0x20:
        at += 1
    byte = payload[at]
    if byte & 0x80:
        return STATUSES.get(byte & 0x7F)
    index = byte & 0x3F if byte & 0x40 else byte & 0x0F
    if index not in STATUSES:
        return None
    length = payload[at + 1] & 0x7F
    text = payload[at + 2:at + 2 + length]
    if not payload[at + 1] & 0x80:
        return int(text)
    bits = "".join(f"{byte:08b}" for byte in text)
    digits, position = "", 0
    while len(digits) < 3:
        if bits[position:position + 5] in ("00000", "00001", "00010"):
            digits += str(int(bits[position:position + 5], 2))
            position += 5
        else:
            digits += str(int(bits[position:position + 6], 2) - 22)
            position += 6
    return int(digits)


class Closed(Exception):
    pass


class Client:
    def __init__(self, port, *pairs, begin=True, timeout=5, context=None):
        """`context`: an ssl.SSLContext, for TLS."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        if context:
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.timeout = timeout
        if begin:
            self.send(PREFACE + settings(*pairs))

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None

    def frame(self, kind, flags, stream, payload=b""):
        self.send(frame(kind, flags, stream, payload))

    def get(self, stream, path="/", end=True, extra=(), method="GET"):
        self.frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, request(path, method, extra=extra))

    def take(self, count, deadline):
        while len(self.buffer) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except socket.timeout:
                raise TimeoutError from None
            except (ConnectionResetError, BrokenPipeError):
                raise Closed from None
            if not data:
                raise Closed
            self.buffer += data
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def next(self, timeout=None):
        """The next frame: kind, flags, stream, payload."""
        deadline = time.monotonic() + (timeout or self.timeout)
        head = self.take(9, deadline)
        length = int.from_bytes(head[:3], "big")
        payload = self.take(length, deadline)
        return head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7FFFFFFF, payload

    def until(self, wanted, timeout=None):
        """Reads up to the first frame for which `wanted(kind, flags, stream, payload)` holds. SETTINGS are acknowledged."""
        while True:
            kind, flags, stream, payload = self.next(timeout)
            if kind == SETTINGS and not flags & ACK:
                try:
                    self.frame(SETTINGS, ACK, 0)
                except Closed:
                    pass
            if wanted(kind, flags, stream, payload):
                return kind, flags, stream, payload

    def ping(self, timeout=None):
        """Waits until the server has dealt with everything so far. What came meanwhile, without SETTINGS."""
        self.frame(PING, 0, 0, b"are you?")
        seen = []

        def wanted(kind, flags, stream, payload):
            if kind == PING and flags & ACK:
                return True
            if kind not in (SETTINGS, WINDOW_UPDATE):
                seen.append((kind, flags, stream, payload))
            return False

        self.until(wanted, timeout)
        return seen

    def answer(self, stream, timeout=None):
        """Status and body of a stream's answer; an error code instead of the body where it was reset."""
        status, body = None, b""
        while True:
            kind, flags, _, payload = self.until(lambda k, f, s, p: s == stream and k in (DATA, HEADERS, RST_STREAM), timeout)
            if kind == RST_STREAM:
                return status, NAMES[int.from_bytes(payload, "big")]
            if kind == HEADERS:
                found = status_of(payload)
                if found is None or found >= 200:
                    status = status or found
            else:
                body += payload
            if flags & END_STREAM:
                return status, body
            if kind == DATA and payload:
                self.send(b"".join(frame(WINDOW_UPDATE, 0, s, struct.pack(">I", len(payload))) for s in (0, stream)))

    def verdict(self, stream=None, timeout=None):
        """What the server says to what was sent: ("connection", code), ("stream", code), ("answer", status), "closed"."""
        try:
            while True:
                kind, flags, at, payload = self.until(lambda k, f, s, p: k in (GOAWAY, RST_STREAM, HEADERS, PING), timeout)
                if kind == GOAWAY:
                    return "connection", NAMES[int.from_bytes(payload[4:8], "big")]
                if kind == RST_STREAM and stream in (None, at):
                    return "stream", NAMES[int.from_bytes(payload, "big")]
                if kind == HEADERS and stream == at:
                    return "answer", status_of(payload)
                if kind == PING and flags & ACK:
                    return "ignored", None
        except Closed:
            return "closed", None
        except TimeoutError:
            return "silence", None
