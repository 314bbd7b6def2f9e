"""A server with HTTP/2 in the clear for tests: its configuration, its files, and how it is started and ended."""
import os
import pwd
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../Oracle"))
from oracle import server as oracle  # noqa: E402

MODULES = ["mpm_event", "authz_core", "mime", "dir", "alias", "env", "cgi", "headers", "http2"]
FILES = {"index.html": b"hello\n", "small.txt": b"s" * 600, "large.bin": bytes(range(256)) * 4096, "middle.bin": b"m" * 100000}
CGI = {
    "echo": "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nexec cat\n",
    "slow": "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nsleep 2\necho late\n",
    "ignore": "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\nno body wanted'\n",
    "env": "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nenv | sort\n",
}
CONF = """ServerRoot "{run}"
Listen 127.0.0.1:{port}
ServerName localhost
PidFile "{run}/pid"
DefaultRuntimeDir "{run}"
ErrorLog "{run}/error.log"
{user}{modules}
ServerLimit 1
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 64
TypesConfig /etc/mime.types
Protocols h2c http/1.1
DocumentRoot "{run}/www"
<Directory "{run}">
Require all granted
</Directory>
ScriptAlias /cgi/ "{run}/cgi/"
LogFormat "%h \\"%r\\" %>s %b %H" short
CustomLog "{run}/access.log" short
{extra}
"""


class Site:
    def __init__(self, binary, extra="", name="martinet", modules=()):
        self.run = tempfile.mkdtemp(prefix="http2-")
        os.chmod(self.run, 0o755)
        for folder in ("www", "cgi"):
            os.mkdir(f"{self.run}/{folder}")
        for file, content in FILES.items():
            with open(f"{self.run}/www/{file}", "wb") as output:
                output.write(content)
        for file, content in CGI.items():
            with open(f"{self.run}/cgi/{file}", "w") as output:
                output.write(content)
            os.chmod(f"{self.run}/cgi/{file}", 0o755)
        self.port = oracle.free_port()
        user = ""
        if os.geteuid() == 0:
            pwd.getpwnam("www-data")
            user = "User www-data\nGroup www-data\n"
            shutil.chown(self.run, "www-data")
        folder = "/usr/lib/apache2/modules"
        modules = "".join(f"LoadModule {module}_module {folder}/mod_{module}.so\n" for module in [*MODULES, *modules])
        self.conf = f"{self.run}/httpd.conf"
        with open(self.conf, "w") as output:
            output.write(CONF.format(run=self.run, port=self.port, user=user, modules=modules, extra=extra.replace("{cgi}", f"{self.run}/cgi")))
        self.binary = binary
        self.process = subprocess.Popen([binary, "-d", self.run, "-f", self.conf, "-DFOREGROUND"],
                                        stdout=open(f"{self.run}/output", "wb"), stderr=subprocess.STDOUT, start_new_session=True)
        if not oracle.wait_until(lambda: oracle.accepts(self.port) or self.process.poll() is not None, 20) or self.process.poll() is not None:
            raise OSError(f"{name} does not start: " + open(f"{self.run}/output").read() + self.log())

    def log(self):
        try:
            return open(f"{self.run}/error.log", errors="replace").read()
        except OSError:
            return ""

    def child(self):
        """The process id of the one child."""
        children = open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read().split()
        return int(children[0])

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        shutil.rmtree(self.run, ignore_errors=True)
