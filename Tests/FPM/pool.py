"""A process manager with one configuration, in a directory of its own."""
import os
import signal
import subprocess
import tempfile
import time

REFERENCE = "/usr/sbin/php-fpm8.2"

CONFIG = """[global]
error_log = {folder}/error.log
pid = {folder}/fpm.pid
log_level = notice
{globals}
[www]
listen = {folder}/www.sock
listen.mode = 0666
{user}
pm = static
pm.max_children = 1
pm.status_path = /status
ping.path = /ping
access.log = {folder}/access.log
catch_workers_output = yes
{pool}
"""


class Server:
    """Runs `binary` in the foreground until the block ends."""

    def __init__(self, binary, pool="", globals_="", php_ini="", arguments=()):
        self.binary = binary
        self.folder = tempfile.mkdtemp(prefix="fpm-test-")
        os.chmod(self.folder, 0o755)
        user = "user = www-data\ngroup = www-data" if os.getuid() == 0 else ""
        with open(self.path("fpm.conf"), "w") as file:
            file.write(CONFIG.format(folder=self.folder, user=user, pool=pool, globals=globals_))
        with open(self.path("php.ini"), "w") as file:
            file.write(php_ini)
        self.arguments = list(arguments)
        self.process = None

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def socket(self):
        return self.path("www.sock")

    def text(self, name):
        try:
            with open(self.path(name), errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def __enter__(self):
        command = [self.binary, "-F", "-c", self.path("php.ini"), "-y", self.path("fpm.conf")] + self.arguments
        with open(self.path("output.log"), "w") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        end = time.time() + 10
        while "ready to handle connections" not in self.text("error.log") + self.text("output.log"):
            if self.process.poll() is not None or time.time() > end:
                self.stop()
                raise RuntimeError(f"{self.binary} does not start:\n{self.text('error.log')}{self.text('output.log')}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
