"""A browser for the comparison: keeps the connection and the cookies, and writes down what it saw, masked."""
import hashlib
import re
import time
import urllib.parse
import zlib

from oracle import client, mask

MASKS = [(re.compile(rb"\b[0-9a-f]{32}\b"), b"<token>"),
         (re.compile(rb"\b(19|20)\d\d(?:\\?/|-)\d\d(?:\\?/|-)\d\d([ T]\d\d:\d\d(:\d\d)?)?([+-]\d\d:\d\d|Z)?"), b"<when>"),
         (re.compile(rb"\b[12]\d{9}\b"), b"<time>"),
         (re.compile(rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d (\+0000|GMT)"), b"<when>"),
         (re.compile(rb"\b\d+ seconds ago"), b"<seconds> ago"),
         (re.compile(rb"\btok=[0-9a-f]{6}\b"), b"tok=<token>"),     # made with a secret of the installation
         (re.compile(rb"\b[0-9a-f]{6}(?=\.\w+\b)"), b"<token>")]


def masked(data):
    for pattern, instead in MASKS:
        data = pattern.sub(instead, data)
    return data


def body(answer):
    data = answer.body
    if (answer.get("Content-Encoding") or "") == "gzip" and data:
        data = zlib.decompress(data, 31)
    return data


class Browser:
    def __init__(self, port):
        self.port = port
        self.cookies = {}
        self.connection = None
        self.seen = []      # (name, lines)

    def visit(self, name, target, headers=(), form=None, upload=None, method=None, raw=None, flags=(), show=None):
        """Asks for one page, follows nothing; returns (answer, text). `show` turns the body into what is compared."""
        payload, kind = raw, "text/xml"
        if form is not None:
            payload, kind = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif upload is not None:
            payload, kind = multipart(*upload)
        method = method or ("GET" if payload is None else "POST")
        lines = [f"{method} {target} HTTP/1.1", f"Host: localhost:{self.port}", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
                 "Accept: text/html,*/*;q=0.8", "Accept-Language: en"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{n}={v}" for n, v in self.cookies.items()))
        lines += headers
        if payload is not None:
            lines += [f"Content-Type: {kind}", f"Content-Length: {len(payload)}"]
        answer = self._ask(method, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (payload or b""))
        for field, value in answer.headers:
            if field.lower() == "set-cookie":
                self._cookie(value)
        self.seen.append((name, self._describe(answer, set(flags), show)))
        return answer, body(answer).decode("utf-8", "replace")

    def _ask(self, method, data):
        for _ in range(2):
            fresh = self.connection is None
            if fresh:
                self.connection = client.Connection(self.port, 20.0)
            self.connection.send(data)
            answer = self.connection.read(method)
            if answer.problem or answer.framing == "eof" or "close" in (answer.get("Connection") or "").lower():
                self.close()
            if fresh or answer.status:
                break
        return answer

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def _cookie(self, value):
        pair, _, attributes = value.partition(";")
        name, _, content = pair.partition("=")
        if content == "deleted" or "max-age=0" in attributes.lower():
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = content

    def _describe(self, answer, flags, show):
        fields = [(name, self._field(name.lower(), value)) for name, value in answer.headers]
        if mask.PRODUCT.search(answer.body.decode("latin-1")):
            flags = flags | {"length"}  # the two name themselves differently below an error page
        lines = [answer.status] + mask.headers(fields, flags) + [f"framing {answer.framing}"]
        if answer.problem:
            lines.append("! " + answer.problem)
        if "head" in flags:
            return lines
        data = body(answer)
        data = show(data) if show else masked(data)
        text = mask.PRODUCT.sub("<product>", data.decode("latin-1"))
        if "text" not in (answer.get("Content-Type") or "") and not show:
            return lines + [f"{len(data)} bytes {hashlib.sha256(data).hexdigest()[:16]}"]
        return lines + [repr(line) for line in text.replace("><", ">\n<").splitlines()]

    @staticmethod
    def _field(name, value):
        if name == "set-cookie":
            return re.sub(r"=(?!deleted)[^;]+", "=<value>", value, count=1)
        if name == "location" or name == "etag" or name == "x-cache-key":
            return masked(value.encode("latin-1")).decode("latin-1")
        if name == "last-modified":
            made = mask.parse_date(value)
            return "<during the test>" if made and abs(time.time() - made) < 600 else value
        return value


def multipart(fields, name, filename, kind, data):
    boundary = "----------------7d33a816d302b6"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
                 f"Content-Type: {kind}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def hidden(text):
    """The hidden fields of the forms of a page: name to value."""
    fields = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", text):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name:
            fields[name[1]] = value[1] if value else ""
    return fields
