"""What may differ between two runs of the same server, and is therefore replaced before comparing."""
import email.utils
import re
import zlib

PRODUCT = re.compile(r"Apache/2\.4\.\d+ \([^)]*\)|Apache/2\.4\.\d+")
ERROR_HEAD = re.compile(r"^\[[^\]]*\] \[([^\]]*)\] (?:\[pid [^\]]*\] )?(?:\(\d+\)[^:]*: )?\[client ([^\]]*)\] ?")
NUMBER = re.compile(r"AH\d{5}")


def parse_date(text):
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return None


def headers(fields, flags):
    """Header lines, masked, sorted: order does not matter, spelling and multiplicity do."""
    date = next((parse_date(v) for n, v in fields if n.lower() == "date"), None)
    encoded = any(n.lower() == "content-encoding" for n, v in fields)
    multipart = any("boundary=" in v for n, v in fields if n.lower() == "content-type")  # its length is random
    lines = []
    for name, value in fields:
        low = name.lower()
        if low == "date":
            value = "<date>" if parse_date(value) is not None else value
        elif low == "server":
            value = PRODUCT.sub("<product>", value)
        elif low == "allow":  # Apache's order comes out of a hash table with a seed of its own
            value = ",".join(sorted(value.split(",")))
        elif low == "expires" and date is not None and parse_date(value) is not None:
            delta = parse_date(value) - date
            value = f"<date{10 * round(delta / 10):+.0f}>" if delta > 0 or parse_date(value) > 1e9 else value
        elif low == "cache-control" and "age" in flags:
            value = re.sub(r"max-age=-?\d+", "max-age=<age>", value)
        elif low == "content-length" and (encoded or multipart or "shape" in flags or "length" in flags):
            value = "<length>"
        elif low == "content-type":
            value = re.sub(r"boundary=\S+", "boundary=<boundary>", value)
        elif low == "set-cookie":
            value = re.sub(r"expires=[^;]+", "expires=<time>", value, flags=re.I)
        if "fuzzy" in flags and low in ("expires", "last-modified", "etag"):
            value = "<time>"
        lines.append(f"{name}: {value}")
    return sorted(lines, key=str.lower)


def body(answer, flags):
    """Body lines, masked, or a digest where the body is long."""
    data = answer.body
    encoding = (answer.get("Content-Encoding") or "").lower()
    if encoding in ("gzip", "x-gzip") and data and "encoded" not in flags:
        try:
            data = zlib.decompress(data, 31)
        except zlib.error as why:
            return [f"<broken gzip: {why}>"]
    kind = answer.get("Content-Type") or ""
    boundary = re.search(r"boundary=(\S+)", kind)
    if boundary:
        data = data.replace(boundary[1].strip('"').encode("latin-1"), b"<boundary>")
    if len(data) > 40000:
        import hashlib
        return [f"<{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:16]}>"]
    text = PRODUCT.sub("<product>", data.decode("latin-1"))
    if "shape" in flags:
        text = re.sub(r"\d+", "N", text)
        text = re.sub(r"N(\.N)+(e-N)?", "N", text)
        text = re.sub(r"\.N\b", "N", text)
    return [repr(line) for line in text.splitlines(keepends=True)]


def error_lines(text, mode):
    """Lines of the error log that belong to a request: whole text or numbers only."""
    lines = []
    for line in text.splitlines():
        match = ERROR_HEAD.match(line)
        if not match:
            continue
        rest = line[match.end():]
        if mode == "numbers":
            numbers = NUMBER.findall(rest)
            lines.append(f"[{match[1]}] {numbers[0] if numbers else rest}")
        else:
            rest = re.sub(r"\b127\.0\.0\.1:\d{4,5}\b", "127.0.0.1:<port>", rest)
            rest = re.sub(r"(\[rid#)[0-9a-f]+(/\S*\])", r"\1<id>\2", rest)
            rest = re.sub(r"(\[sid#)[0-9a-f]+(\])", r"\1<id>\2", rest)
            lines.append(f"[{match[1]}] {rest}")
    return sorted(lines)


def output(text, root="", port=""):
    """What a command printed: times, process ids and product versions masked."""
    text = re.sub(r"\[\w{3} \w{3} +\d+ [\d:.]+ \d{4}\] ", "[<time>] ", text)
    # Each server calls itself by the name it was started with.
    text = re.sub(r"(?m)^((?:AH\d+: )?)(?:apache2|martinet):", r"\1<program>:", text)
    text = re.sub(r"\[pid \d+(:tid \d+)?\]", "[pid <pid>]", text)
    text = re.sub(r"pid \d+", "pid <pid>", text)
    return PRODUCT.sub("<product>", text)
