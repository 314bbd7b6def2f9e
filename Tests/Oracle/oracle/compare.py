"""Running one case on one server, and comparing what two servers said."""
import difflib
import os
import time

from . import case as cases
from . import client, mask, server

BACKEND = None      # a backend.Backend, while there is one

BASE = """ServerRoot "{ROOT}"
Listen 127.0.0.1:{PORT}
PidFile "{ROOT}/run/httpd.pid"
DefaultRuntimeDir "{ROOT}/run"
ErrorLog "{LOGS}/error.log"
ServerName localhost
ServerTokens Prod
StartServers 1
ServerLimit 2
ThreadsPerChild 16
MinSpareThreads 1
MaxSpareThreads 32
MaxRequestWorkers 32
TypesConfig /etc/mime.types
"""
SITE = """DocumentRoot "{ROOT}/htdocs"
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory "{ROOT}/htdocs">
    Options Indexes FollowSymLinks
    AllowOverride All
    Require all granted
</Directory>
"""
ACCESS = """LogFormat "%h %l %u \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\" %v %p %m %U%q %H" oracle
CustomLog "{LOGS}/access.log" oracle
"""


class Site:
    """A case laid out on disk: root, ports, configuration file."""

    def __init__(self, case, folder, php):
        self.case = case
        self.root = os.path.join(folder, case.name)
        self.port = server.free_port()
        self.holes = {"ROOT": self.root, "LOGS": self.root + "/logs", "PORT": str(self.port),
                      "PORT2": str(server.free_port()), "PORT3": str(server.free_port()),
                      "PHP_SOCKET": php.socket if php else "/nonexistent", "PHP_PORT": str(php.port) if php else "1",
                      "HERE": cases.HERE}
        if BACKEND:
            self.holes.update(BACKEND=str(BACKEND.ports[0]), BACKEND2=str(BACKEND.ports[1]), BACKEND_SOCKET=BACKEND.socket,
                              BACKEND_TLS=str(BACKEND.ports[2]), BACKEND_CERTIFICATE=BACKEND.certificate)
        for name in ("run", "logs", "htdocs", "conf"):
            os.makedirs(os.path.join(self.root, name))
        self.tree = cases.Tree(self.root, self.holes)
        self.tree.build(case.files)
        text = "" if case.options.get("base") == "off" else BASE + server.user_lines() + server.load_module_lines()
        if case.options.get("base") != "off":
            text += "" if case.options.get("site") == "off" else SITE
            text += "" if case.options.get("log") == "off" else ACCESS
        self.conf = os.path.join(self.root, "conf", "httpd.conf")
        with open(self.conf, "w", encoding="latin-1") as out:
            out.write(cases.fill(text + case.config, self.holes))

    def clear_logs(self):
        folder = os.path.join(self.root, "logs")
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))


class Run:
    """What one server said to the whole case."""

    def __init__(self):
        self.failed = None
        self.answers = {}   # exchange name -> (answers, state)
        self.logs = {}      # log name -> sorted lines
        self.errors = []
        self.raw_errors = ""
        self.stopped = None


def perform(site, binary):
    result = Run()
    site.clear_logs()
    site.tree.restore()
    process = server.Server(binary, site.root, site.conf, site.port)
    result.failed = process.start()
    if result.failed:
        return result
    try:
        for item in site.case.requests:
            if item.kind == "step":
                _step(site, process, item)
                continue
            wire = cases.Exchange(item.name, item.flags)
            wire.messages = [cases.encode(m, site.holes) for m in item.messages]
            port = site.port
            for flag in item.flags:
                if flag.startswith("port"):
                    port = int(site.holes["PORT" + flag[4:]])
            result.answers[item.name] = client.run(port, wire)
    finally:
        stopped = process.stop()
        result.stopped = stopped if stopped != 0 else None
    _collect(site, result)
    return result


def _step(site, process, step):
    if step.verb == "sleep":
        time.sleep(float(step.arguments[0]))
    elif step.verb == "signal":
        process.signal(int(step.arguments[0]))
        time.sleep(float(step.arguments[1]) if len(step.arguments) > 1 else 1.0)
    else:
        site.tree.step(step)


def _collect(site, result):
    folder = os.path.join(site.root, "logs")
    ignored = site.case.options.get("ignore-logs", "").split()
    for name in sorted(os.listdir(folder)):
        text = open(os.path.join(folder, name), encoding="latin-1").read()
        if name.startswith("error"):
            result.raw_errors += text
        elif name not in ignored:
            result.logs[name] = sorted(text.splitlines())
    mode = site.case.options.get("errorlog")
    if mode:
        result.errors = mask.error_lines(result.raw_errors, mode)


def describe(item, answers_state):
    """The lines of one exchange that are compared."""
    if answers_state is None:
        return ["<not performed>"]
    answers, state = answers_state
    lines = []
    for number, answer in enumerate(answers):
        if number:
            lines.append(f"-- answer {number + 1}")
        if "status" in item.flags:
            lines.append(answer.status)
            continue
        for status, fields in answer.interim:
            lines.append(f"interim {status}")
            lines += mask.headers(fields, item.flags)
        lines.append(answer.status)
        lines += mask.headers(answer.headers, item.flags)
        if "head" not in item.flags:
            lines += mask.body(answer, item.flags)
        if answer.trailers:
            lines.append("trailers " + repr(answer.trailers))
        if answer.problem:
            lines.append("! " + answer.problem)
    if "nostate" not in item.flags:
        lines.append("connection " + state)
    return lines


def diff(reference, subject, limit=14):
    lines = list(difflib.unified_diff(reference, subject, "apache", "martinet", lineterm="", n=1))[2:]
    if len(lines) > limit:
        lines = lines[:limit] + [f"… {len(lines) - limit} more lines"]
    return [f"    {line[:220]}" for line in lines]


def compare(site, reference, subject):
    """Yields (name, [diff lines]) for every comparison of the case; an empty list means equal."""
    case = site.case
    if reference.failed:
        yield "start", [f"    the reference {reference.failed}"]
        return
    if subject.failed:
        yield "start", [f"    {subject.failed}"]
        return
    yield "start", []
    for item in case.requests:
        if item.kind != "exchange":
            continue
        ours, theirs = subject.answers.get(item.name), reference.answers.get(item.name)
        problems = diff(describe(item, theirs), describe(item, ours))
        yield item.name, problems + _unexpected(item, theirs, "the reference", site.holes)
    for name in sorted(set(reference.logs) | set(subject.logs)):
        yield f"log-{name}", diff(reference.logs.get(name, []), subject.logs.get(name, []))
    if case.options.get("errorlog"):
        yield "errorlog", diff(reference.errors, subject.errors)
    if reference.stopped != subject.stopped:
        yield "stop", [f"    exit: apache {reference.stopped}, martinet {subject.stopped}"]


def judge_alone(site, subject):
    """For cases the reference cannot run: only the expectations written in the case count."""
    if subject.failed:
        yield "start", [f"    {subject.failed}"]
        return
    for item in site.case.requests:
        if item.kind == "exchange":
            yield item.name, _unexpected(item, subject.answers.get(item.name), "martinet", site.holes)


def _unexpected(item, answers_state, who, holes):
    if not item.expected:
        return []
    answer = answers_state[0][-1] if answers_state and answers_state[0] else client.Answer()
    if (answer.code or "none") != item.expected:
        return [f"    {who} answered {answer.code or 'none'}, the case expects {item.expected}"]
    wanted = cases.fill(item.contains or "", holes)
    if wanted.encode("latin-1") not in answer.body:
        return [f"    the body of {who} lacks {wanted!r}: {answer.body[:120]!r}"]
    return []
