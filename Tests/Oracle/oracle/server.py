"""Starting and stopping servers: the reference (apache2), the server under test, and php-fpm."""
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time

REFERENCE = os.environ.get("APACHE", "/usr/sbin/apache2")
MODULE_DIR = os.environ.get("APACHE_MODULES", "/usr/lib/apache2/modules")

# The modules both servers load. The first group is compiled into Debian's apache2: loaded only where it is missing.
BUILT_IN = ["log_config", "version", "unixd"]
MODULES = """mpm_event access_compat actions alias auth_basic authn_core authn_file authz_core authz_groupfile authz_host
authz_user autoindex deflate dir env expires filter headers macro mime negotiation proxy proxy_fcgi reqtimeout rewrite
setenvif status""".split()

_ports = set()
_lock = threading.Lock()


def free_port():
    """A five-digit port nobody listens on, below the ephemeral range, never given out twice in this process."""
    while True:
        port = random.randint(12000, 31999)
        with _lock:
            if port in _ports:
                continue
            _ports.add(port)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def load_module_lines():
    lines = []
    for name in BUILT_IN:
        lines += [f"<IfModule !{name}_module>", f"LoadModule {name}_module {MODULE_DIR}/mod_{name}.so", "</IfModule>"]
    lines += [f"LoadModule {name}_module {MODULE_DIR}/mod_{name}.so" for name in MODULES]
    return "\n".join(lines) + "\n"


def user_lines():
    return "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""


def is_real_apache(binary):
    """True when the binary is Debian's apache2 itself (used to develop these tools without another server)."""
    try:
        out = subprocess.run([binary, "-v"], capture_output=True, text=True, timeout=20).stdout
    except OSError:
        return False
    return "Martinet" not in out


def wait_until(test, seconds, step=0.01):
    end = time.monotonic() + seconds
    while True:
        if test():
            return True
        if time.monotonic() > end:
            return False
        time.sleep(step)


def accepts(port):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """One foreground server in its own process group, so that everything it starts can be ended by that group's id."""

    def __init__(self, binary, root, conf, port, env=None):
        self.binary, self.root, self.conf, self.port = binary, root, conf, port
        self.env = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", **(env or {}))
        self.process = None
        self.output = os.path.join(root, "server.out")

    def start(self, seconds=15):
        """Starts the server; returns None, or what it said when it did not come up."""
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                [self.binary, "-d", self.root, "-f", self.conf, "-D", "FOREGROUND"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=self.env, start_new_session=True)
        up = wait_until(lambda: self.process.poll() is not None or accepts(self.port), seconds)
        if self.process.poll() is None and up:
            return None
        said = open(self.output, errors="replace").read()
        status = self.process.poll()
        self.stop()
        return f"did not start (exit {status}): {said}"

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
        late = self.process.poll() is None
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        status = self.process.wait()
        self.process = None
        return "did not stop within 10 s" if late else status


class PHP:
    """A private php-fpm with one pool that listens on a unix socket, and one on a TCP port."""

    def __init__(self, root, children=6, ini=None, program=None, limit="64M"):
        self.root = root
        self.limit = limit      # of request bodies
        self.program = program or self.binary()     # php-fpm, or what takes its place
        self.ini = ini      # the only php.ini it reads; none without it
        self.socket = os.path.join(root, "php.sock")
        self.port = free_port()
        self.process = None
        self.children = children

    @staticmethod
    def binary():
        for name in ("php-fpm8.2", "php-fpm8.4", "php-fpm8.3", "php-fpm"):
            path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
            if path:
                return path
        return None

    def start(self):
        os.makedirs(self.root, exist_ok=True)
        user = "user=www-data\ngroup=www-data\n" if os.geteuid() == 0 else ""
        owner = "listen.mode=0666\n"
        common = (f"{user}{owner}pm=static\npm.max_children={self.children}\ncatch_workers_output=yes\n"
                  f"php_admin_flag[display_errors]=on\nphp_admin_flag[log_errors]=off\nphp_admin_value[post_max_size]={self.limit}\n"
                  "php_admin_value[upload_max_filesize]=64M\nphp_admin_value[date.timezone]=UTC\n"
                  "php_admin_flag[html_errors]=off\nphp_admin_value[session.save_path]=/tmp\n")
        conf = os.path.join(self.root, "fpm.conf")
        with open(conf, "w") as out:
            out.write(f"[global]\nerror_log={self.root}/fpm.log\npid={self.root}/fpm.pid\ndaemonize=no\n"
                      f"[unix]\nlisten={self.socket}\n{common}[tcp]\nlisten=127.0.0.1:{self.port}\n{common}")
        if self.program is None:
            return "php-fpm is not installed"
        choice = ["-c", self.ini] if self.ini else ["-n"]
        self.process = subprocess.Popen([self.program, *choice, "-y", conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        env=dict(os.environ, PHP_INI_SCAN_DIR="") if self.ini else None)
        if wait_until(lambda: accepts(self.port) and os.path.exists(self.socket), 10):
            return None
        return f"{os.path.basename(self.program)} did not start: " + open(f"{self.root}/fpm.log", errors="replace").read()

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None
