"""A server with TLS for tests, ours or the real apache2: certificates, configuration, and how it is started and ended."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../Oracle"))
from oracle import server as oracle  # noqa: E402

MODULES = ["mpm_event", "authz_core", "mime", "dir", "alias", "env", "cgi", "headers", "socache_shmcb", "ssl", "reqtimeout"]
CONF = """ServerRoot "{run}"
Listen 127.0.0.1:{port}
ServerName localhost
PidFile "{run}/pid"
DefaultRuntimeDir "{run}"
ErrorLog "{run}/error.log"
LogLevel ssl:debug
{user}{modules}
TypesConfig /etc/mime.types
DocumentRoot "{run}/www"
<Directory "{run}">
Require all granted
</Directory>
ScriptAlias /cgi/ "{run}/cgi/"
LogFormat "%h \\"%r\\" %>s %b %{{SSL_PROTOCOL}}x" short
CustomLog "{run}/access.log" short
{main}
<VirtualHost 127.0.0.1:{port}>
ServerName localhost
SSLEngine on
{extra}
</VirtualHost>
"""


class Pki:
    """A CA, a server's certificate with its responder's address, and clients' certificates."""

    def __init__(self, responder):
        self.dir = tempfile.mkdtemp(prefix="tls-pki-")
        os.chmod(self.dir, 0o755)
        with open(f"{self.dir}/ca.conf", "w") as file:
            file.write(f"""[ca]
default_ca = main
[main]
dir = {self.dir}
database = {self.dir}/index.txt
new_certs_dir = {self.dir}
serial = {self.dir}/serial
default_md = sha256
default_days = 30
policy = any
email_in_dn = no
unique_subject = no
[any]
commonName = supplied
[server]
subjectAltName = DNS:localhost
authorityInfoAccess = OCSP;URI:http://127.0.0.1:{responder}/
[client]
extendedKeyUsage = clientAuth
authorityInfoAccess = OCSP;URI:http://127.0.0.1:{responder}/
""")
        open(f"{self.dir}/index.txt", "w").close()
        with open(f"{self.dir}/serial", "w") as file:
            file.write("01\n")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
                     "-out", "ca.pem", "-subj", "/CN=Test CA", "-days", "30")
        self.issue("server", "localhost", "server")
        with open(f"{self.dir}/chain.pem", "w") as out:
            out.write(open(f"{self.dir}/server.pem").read() + open(f"{self.dir}/ca.pem").read())

    def openssl(self, *arguments, check=True):
        result = subprocess.run(["openssl", *arguments], cwd=self.dir, capture_output=True, text=True)
        if check and result.returncode != 0:
            raise OSError(f"openssl {arguments[0]}: {result.stderr}")
        return result.stdout

    def issue(self, name, subject, kind):
        self.sign(name, subject, "-extensions", kind, "-cert", "ca.pem", "-keyfile", "ca.key")

    def end_date(self):
        """Half a day more than whole days, so that what is left of them (SSL_CLIENT_V_REMAIN) does not change while tests run."""
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 29.5 * 86400))

    def self_sign(self, name, subject):
        self.sign(name, subject, "-selfsign", "-keyfile", f"{name}.key")

    def sign(self, name, subject, *arguments):
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                     "-out", f"{name}.csr", "-subj", f"/CN={subject}")
        self.openssl("ca", "-batch", "-notext", "-config", "ca.conf", *arguments, "-enddate", self.end_date(), "-in", f"{name}.csr", "-out", f"{name}.pem")

    def revoke(self, name):
        self.openssl("ca", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-revoke", f"{name}.pem")

    def end(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class Responder:
    """`openssl ocsp`, behind a port that counts who comes."""

    def __init__(self, pki, port):
        inner = oracle.free_port()
        self.count = 0
        self.process = subprocess.Popen(
            ["openssl", "ocsp", "-index", "index.txt", "-port", str(inner), "-rsigner", "ca.pem", "-rkey", "ca.key", "-CA", "ca.pem",
             "-nmin", "60"], cwd=pki.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        oracle.wait_until(lambda: accepts(inner) or self.process.poll() is not None, 10)
        self.inner = inner
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                front, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            try:
                with front, socket.create_connection(("127.0.0.1", self.inner), 10) as back:
                    question = b""
                    while (head := question.find(b"\r\n\r\n")) < 0 or len(question) < head + 4 + int(
                            re.search(rb"(?i)content-length: *(\d+)", question).group(1)):
                        part = front.recv(4096)
                        if not part:
                            break
                        question += part
                    back.sendall(question)
                    while part := back.recv(4096):
                        front.sendall(part)
            except OSError:
                pass

    def questions(self):
        return self.count

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.process.terminate()
        self.process.wait()


def accepts(port):
    """Whether somebody listens, without connecting: a connection would keep `openssl ocsp` busy."""
    return f":{port:04X} 00000000:0000 0A" in open("/proc/net/tcp").read() or f":{port:04X} 00000000000000000000000000000000:0000 0A" in open("/proc/net/tcp6").read()


class Site:
    def __init__(self, binary, pki, extra="", main="", modules=()):
        self.run = tempfile.mkdtemp(prefix="tls-")
        os.chmod(self.run, 0o755)
        self.pki = pki
        for folder in ("www", "cgi"):
            os.mkdir(f"{self.run}/{folder}")
        with open(f"{self.run}/www/index.html", "wb") as file:
            file.write(b"hello\n")
        with open(f"{self.run}/cgi/env", "w") as file:
            file.write("#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nenv | sort\n")
        os.chmod(f"{self.run}/cgi/env", 0o755)
        self.port = oracle.free_port()
        user = ""
        if os.geteuid() == 0:
            user = "User www-data\nGroup www-data\n"
            shutil.chown(self.run, "www-data")
        folder = "/usr/lib/apache2/modules"
        lines = "".join(f"LoadModule {module}_module {folder}/mod_{module}.so\n" for module in [*MODULES, *modules])
        self.conf = f"{self.run}/httpd.conf"
        self.text = CONF
        self.fields = {"run": self.run, "port": self.port, "user": user, "modules": lines, "pki": pki.dir}
        self.write(extra, main)
        self.binary = binary
        self.process = subprocess.Popen([binary, "-d", self.run, "-f", self.conf, "-DFOREGROUND"],
                                        stdout=open(f"{self.run}/output", "wb"), stderr=subprocess.STDOUT, start_new_session=True)
        if not oracle.wait_until(lambda: accepts(self.port) or self.process.poll() is not None, 20) or self.process.poll() is not None:
            raise OSError("the server does not start: " + open(f"{self.run}/output").read() + self.log())

    def write(self, extra="", main=""):
        fields = dict(self.fields)
        fields["extra"] = extra.format(**self.fields)
        fields["main"] = main.format(**self.fields)
        with open(self.conf, "w") as file:
            file.write(self.text.format(**fields))

    def log(self):
        try:
            return open(f"{self.run}/error.log", errors="replace").read()
        except OSError:
            return ""

    def reload(self):
        os.kill(self.process.pid, 10)

    def children(self):
        out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True).stdout
        return [int(pid) for pid in out.split()]

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.run, ignore_errors=True)


def client(port, *arguments, send="", timeout=20, names=True):
    """What `openssl s_client` says; with `names` it asks for localhost."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *(["-servername", "localhost"] if names else []), *arguments]
    try:
        result = subprocess.run(command, input=send, capture_output=True, text=True, timeout=timeout, errors="replace")
        return result.stdout + result.stderr
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").decode(errors="replace") + "TIMEOUT"


def stapled(text):
    """What is stapled, in a word."""
    if "OCSP response: no response sent" in text:
        return "none"
    found = re.search(r"OCSP Response Status: (\w+)", text)
    status = re.search(r"Cert Status: (\w+)", text)
    if not found:
        return "no handshake" if "Cipher is (NONE)" in text else "?"
    return found.group(1) + (f" {status.group(1)}" if status else "")
