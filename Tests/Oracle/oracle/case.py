"""Case files: one configuration, a file tree, and the requests to make. README.md describes the format."""
import os
import re
import shutil
import urllib.parse

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLD = 1700000000  # modification time of every file that does not say otherwise

METHOD = re.compile(r"^[A-Z][A-Za-z-]*$")
ESCAPE = re.compile(r"\\(r|n|t|0|\\|x[0-9a-fA-F]{2})")
REPEAT = re.compile(r"<<(.+?)\*(\d+)>>", re.S)


def unescape(text):
    """\\r \\n \\t \\0 \\\\ \\xHH and <<text*count>>; the result is bytes."""
    table = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}
    text = ESCAPE.sub(lambda m: table.get(m[1]) or chr(int(m[1][1:], 16)), text)
    text = REPEAT.sub(lambda m: m[1] * int(m[2]), text)
    return text.encode("latin-1")


class Message:
    """One request on the wire: its bytes in parts (with a pause between them) and how many answers it deserves."""

    def __init__(self, parts, method, count=1, half_close=False):
        self.parts, self.method, self.count, self.half_close = parts, method, count, half_close


class Exchange:
    """What happens on one connection."""
    kind = "exchange"

    def __init__(self, name, flags):
        self.name, self.flags = name, flags
        self.messages, self.lines = [], []
        self.pipelined = "pipeline" in flags
        self.timeout = 15.0 if "slow" in flags else 8.0
        self.expected = None      # status the reference must give to the last message
        self.contains = None      # text its body must contain


class Step:
    """Something done between two exchanges: write, remove, reload, sleep."""
    kind = "step"

    def __init__(self, verb, arguments, text=""):
        self.verb, self.arguments, self.text = verb, arguments, text


class Case:
    def __init__(self, path):
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.path = path
        self.options = {}
        self.files = []        # (kind, path, argument, text)
        self.config = ""
        self.requests = []
        self._parse(open(path, encoding="latin-1").read())

    def _parse(self, text):
        sections = re.split(r"^== ?(.*)\n", text, flags=re.M)
        self.description = sections[0].strip().lstrip("# ")
        for head, body in zip(sections[1::2], sections[2::2]):
            words = head.split()
            body = body.strip("\n") + "\n" if body.strip("\n") else ""
            kind = words[0]
            if kind == "options":
                for line in body.splitlines():
                    key, _, value = line.partition(" ")
                    self.options[key] = value.strip() or "on"
            elif kind == "config":
                self.config += body
            elif kind == "requests":
                self._requests(body)
            elif kind in ("file", "bytes", "link", "use", "dir", "unescaped"):
                self.files.append((kind, urllib.parse.unquote(words[1], "latin-1"), words[2:], body))
            else:
                raise SystemExit(f"{self.path}: unknown section {head!r}")

    def _requests(self, body):
        lines = iter(body.splitlines())
        current = None
        for line in lines:
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("@"):
                words = line[1:].split()
                text = ""
                if words[0] == "write":
                    for inner in lines:
                        if inner == "@end":
                            break
                        text += inner + "\n"
                self.requests.append(Step(words[0], words[1:], text))
                current = None
            elif line[0] in " \t":
                if current is None:
                    raise SystemExit(f"{self.path}: continuation without a request: {line}")
                self._message(current, line.strip())
            else:
                current = self._exchange(line)

    def _exchange(self, line):
        number = 1 + sum(1 for r in self.requests if r.kind == "exchange")
        name = f"r{number:02}"
        match = re.match(r"([a-z][\w.+-]*):\s*", line)
        if match:
            name, line = match[1], line[match.end():]
        flags = set()
        match = re.match(r"\{([^}]*)\}\s*", line)
        if match:
            flags, line = set(match[1].split(",")), line[match.end():]
        if any(r.kind == "exchange" and r.name == name for r in self.requests):
            raise SystemExit(f"{self.path}: request {name} twice")
        exchange = Exchange(name, flags)
        self.requests.append(exchange)
        if line.strip():
            self._message(exchange, line)
        return exchange

    def _message(self, exchange, line):
        exchange.lines.append(line)
        match = re.search(r"\s->\s(\d{3}|none)(?:\s+\"(.*)\")?\s*$", line)
        if match:
            exchange.expected, exchange.contains = match[1], match[2]
            line = line[:match.start()]
        exchange.messages.append(parse_message(line, self.options.get("host", "localhost:{PORT}")))


def parse_message(line, host):
    if line.startswith("raw"):
        match = re.match(r"raw(\d*)(/?) ?(.*)$", line, re.S)
        parts = match[3].split("~~")
        method = parts[0].split(" ", 1)[0].replace("\\r\\n", "")
        return Message(parts, method, int(match[1] or 1), match[2] == "/")
    body, chunked = None, False
    for mark in (" || ", " |C| "):
        if mark in line:
            line, body = line.split(mark, 1)
            chunked = mark == " |C| "
    head, *headers = line.split(" | ")
    words = head.split(" ")
    method, target = words[0], words[1]
    version = words[2] if len(words) > 2 else "HTTP/1.1"
    if not METHOD.match(method):
        raise SystemExit(f"not a request: {line}")
    names = {h.split(":", 1)[0].strip().lower() for h in headers}
    lines = [f"{method} {target} {version}"]
    if "host" not in names and version == "HTTP/1.1":
        lines.append(f"Host: {host}")
    lines += [h.strip() for h in headers]
    parts = None
    if body is not None and chunked:
        lines.append("Transfer-Encoding: chunked")
        parts = ("chunked", body)
    elif body is not None:
        if "content-length" not in names:
            lines.append("Content-Length: {LENGTH}")
        parts = ("length", body)
    return Message([("\\r\\n".join(lines) + "\\r\\n\\r\\n"), parts], method)


def encode(message, holes):
    """Fills the holes and turns the parts of a message into bytes."""
    done = Message([], message.method, message.count, message.half_close)
    if len(message.parts) == 2 and not isinstance(message.parts[1], str):
        head, body = message.parts
        data = b""
        if body is not None:
            kind, text = body
            pieces = text.split("~~")
            payload = [unescape(fill(p, holes)) for p in pieces]
            if kind == "chunked":
                payload = [b"".join(b"%x\r\n%s\r\n" % (len(p[i:i + 8192]), p[i:i + 8192])
                                    for i in range(0, len(p), 8192)) for p in payload]
                payload[-1] += b"0\r\n\r\n"
            head = head.replace("{LENGTH}", str(sum(map(len, payload))))
            data = payload[0]
            done.parts = [unescape(fill(head, holes)) + data] + payload[1:]
        else:
            done.parts = [unescape(fill(head, holes))]
    else:
        done.parts = [unescape(fill(p, holes)) for p in message.parts]
    return done


def fill(text, holes):
    for name, value in holes.items():
        text = text.replace("{" + name + "}", value)
    return text


class Tree:
    """The files of a case below a root: made once, put back between the two servers with the same inodes and times."""

    def __init__(self, root, holes):
        self.root, self.holes = root, holes
        self.contents = {}
        self.times = {}

    def build(self, files):
        for kind, path, arguments, body in files:
            if kind == "use":
                self._use(path, arguments[0] if arguments else "htdocs")
                continue
            full = os.path.join(self.root, path)
            options = dict(a.split("=", 1) for a in arguments if "=" in a)
            if kind == "dir":
                os.makedirs(full, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(full), exist_ok=True)
            if kind == "link":
                os.symlink(fill(arguments[0], self.holes), full)
                continue
            if kind == "bytes":
                count = int(arguments[0])
                data = (b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n" * (count // 64 + 1))[:count]
            elif kind == "unescaped":
                data = unescape(fill(body.rstrip("\n"), self.holes))
            else:
                data = fill(body, self.holes).encode("latin-1")
            self.put(full, data, int(options.get("mtime", OLD)), int(options.get("mode", "644"), 8))
        self.settle()

    def _use(self, name, below):
        source = os.path.join(HERE, "fixtures", name)
        for folder, _, names in os.walk(source):
            for file in sorted(names):
                path = os.path.join(folder, file)
                full = os.path.join(self.root, below, os.path.relpath(path, source))
                os.makedirs(os.path.dirname(full), exist_ok=True)
                self.put(full, open(path, "rb").read(), OLD, 0o755 if os.access(path, os.X_OK) else 0o644)

    def put(self, full, data, mtime, mode):
        with open(full, "wb") as out:
            out.write(data)
        os.chmod(full, mode)
        self.contents[full] = (data, mtime, mode)
        os.utime(full, (mtime, mtime))

    def settle(self):
        """Gives every directory the fixed time, deepest first."""
        for folder, _, _ in os.walk(os.path.join(self.root, "htdocs"), topdown=False):
            os.utime(folder, (OLD, OLD))

    def restore(self):
        for full, (data, mtime, mode) in self.contents.items():
            if not os.access(full, os.R_OK) and os.path.exists(full):
                continue  # a file nobody may read: nobody changed it either
            if not os.path.exists(full) or open(full, "rb").read() != data:
                with open(full, "wb") as out:
                    out.write(data)
                os.chmod(full, mode)
            os.utime(full, (mtime, mtime))
        for folder, _, names in os.walk(os.path.join(self.root, "htdocs")):
            for name in names:
                full = os.path.join(folder, name)
                if full not in self.contents and not os.path.islink(full):
                    os.unlink(full)
        self.settle()

    def step(self, step):
        """write PATH | remove PATH; paths are below the root."""
        full = os.path.join(self.root, step.arguments[0])
        if step.verb == "write":
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="latin-1") as out:
                out.write(fill(step.text, self.holes))
        elif step.verb == "remove":
            shutil.rmtree(full) if os.path.isdir(full) else os.unlink(full)
        else:
            raise SystemExit(f"unknown step @{step.verb}")
