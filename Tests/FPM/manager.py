"""A process manager with pools of the test's choice, and what can be seen of its processes from outside."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import fastcgi

REFERENCE = "/usr/sbin/php-fpm8.2"
IS_ROOT = os.getuid() == 0


def wait(condition, what, seconds=10):
    """The first true value of `condition`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def alive(pid):
    """Whether it runs: what has ended and was not waited for does not."""
    return state(pid) not in ("", "Z", "X")


def state(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def title(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def status(pid):
    """The fields of /proc/PID/status."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}
    except OSError:
        return {}


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def pss(pid):
    """Bytes of memory, what is shared counted in parts."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(r"^Pss: +(\d+) kB", file.read(), re.M)[1]) * 1024


def environment(script, query="", method="GET", more=()):
    base = {
        "QUERY_STRING": query, "REQUEST_METHOD": method, "CONTENT_TYPE": "", "CONTENT_LENGTH": "",
        "SCRIPT_FILENAME": script, "SCRIPT_NAME": "/" + os.path.basename(script),
        "REQUEST_URI": "/" + os.path.basename(script) + (f"?{query}" if query else ""), "DOCUMENT_ROOT": os.path.dirname(script),
        "SERVER_PROTOCOL": "HTTP/1.1", "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_SOFTWARE": "test/1",
        "REMOTE_ADDR": "192.0.2.1", "REMOTE_PORT": "4711", "SERVER_NAME": "example.org", "HTTP_HOST": "example.org",
    }
    base.update(dict(more))
    return list(base.items())


class Manager:
    """Runs `binary` in the foreground, in a directory of its own, until the block ends.

    `pools` maps names to lines of their sections. `listen`, `user` and `group` are there without being said.
    """

    # Seconds until it must be ready.
    patience = 10

    def __init__(self, binary, pools, globals_="", php_ini="", user="www-data"):
        self.binary = binary
        self.pools = dict(pools)
        self.globals = globals_
        self.user = user
        self.folder = tempfile.mkdtemp(prefix="fpm-test-")
        os.chmod(self.folder, 0o755)
        self.process = None
        self.write("php.ini", php_ini)
        self.configure()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """A file below the directory, for all to read; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w") as file:
            file.write(text)
        os.chmod(path + ".new", 0o644)
        os.rename(path + ".new", path)
        return path

    def configure(self, pools=None):
        self.pools.update(pools or {})
        lines = ["[global]", f"error_log = {self.path('error.log')}", f"pid = {self.path('fpm.pid')}", self.globals]
        for name, text in self.pools.items():
            lines += [f"[{name}]", f"listen = {self.socket(name)}", "listen.mode = 0666"]
            if IS_ROOT and not re.search(r"^user *=", text, re.M):
                lines += [f"user = {self.user}", f"group = {self.user}"]
            lines.append(text)
        self.write("fpm.conf", "\n".join(lines) + "\n")

    def socket(self, name="www"):
        return self.path(name + ".sock")

    def log(self, name="error.log"):
        try:
            with open(self.path(name), errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    @property
    def pid(self):
        return self.process.pid

    def workers(self, name=None):
        """Pids of the workers that run, of one pool or all."""
        wanted = f"pool {name}" if name else "pool "
        return [pid for pid in children(self.pid) if wanted in title(pid) and alive(pid)]

    def zygotes(self):
        return [pid for pid in children(self.pid) if "zygote" in title(pid) and alive(pid)]

    def settled(self, count, name=None):
        """The workers, once there are so many."""
        return wait(lambda: len(self.workers(name)) == count and self.workers(name), f"{count} workers")

    def signal(self, number):
        self.process.send_signal(number)

    def told(self, text, count=1, seconds=10):
        wait(lambda: self.log().count(text) >= count, f"{text!r} in the log {count} times:\n{self.log()[-1500:]}", seconds)

    def ask(self, script, query="", pool="www", method="GET", more=(), body=b"", timeout=20):
        return fastcgi.request(self.socket(pool), environment(script, query, method, more), body, timeout=timeout)

    def command(self, *arguments):
        """Of the control socket: (exit code, what it says)."""
        done = subprocess.run([self.binary, "-y", self.path("fpm.conf"), *arguments], capture_output=True, text=True, timeout=20)
        return done.returncode, done.stdout + done.stderr

    def __enter__(self):
        command = [self.binary, "-F", "-c", self.path("php.ini"), "-y", self.path("fpm.conf")]
        with open(self.path("output.log"), "w") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait(lambda: "ready to handle" in self.log() or self.process.poll() is not None, f"{self.binary} is ready",
                 self.patience)
            assert self.process.poll() is None, f"{self.binary} does not start:\n{self.log()}{self.log('output.log')}"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def perform(tests, only="", verbose=False):
    """Runs the functions whose names hold `only`; the exit code."""
    chosen = [test for test in tests if only in test.__name__]
    failed = 0
    for test in chosen:
        name = test.__name__.replace("_", " ")
        started = time.monotonic()
        try:
            said = test()
        except Exception as error:  # whatever goes wrong is this test's fault, and the next one still runs
            failed += 1
            print(f"FAILED  {name}: {type(error).__name__}: {error}", flush=True)
            continue
        if said or verbose:
            print(f"ok      {name}" + (f": {said}" if said else "") + f" ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} tests passed")
    return 1 if failed else 0


def options(parser):
    """What every test of this kind can be told."""
    here = os.path.dirname(os.path.abspath(__file__))
    default = os.environ.get("MARTINET_FPM", os.path.join(here, "../../.build/release/martinet-fpm"))
    parser.add_argument("--only", default="", metavar="TEXT", help="tests whose name holds this")
    parser.add_argument("--martinet-fpm", default=default, metavar="PATH", dest="binary")
    parser.add_argument("-v", action="store_true", dest="verbose")
    args = parser.parse_args()
    args.binary = os.path.abspath(args.binary)
    if not os.access(args.binary, os.X_OK):
        sys.exit(f"{args.binary} is not there")
    return args
