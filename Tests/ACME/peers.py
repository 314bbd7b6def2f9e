"""Pebble, Martinet and Apache for the tests beside this file. Everything listens on the loopback interface."""
import argparse, contextlib, http.client, json, os, pathlib, re, shutil, signal, socket, subprocess, sys, tempfile, time

arguments = argparse.ArgumentParser()
arguments.add_argument("--martinet", default=".build/debug/martinet")
arguments.add_argument("--tools", default="")
arguments.add_argument("--keep", action="store_true")
options = arguments.parse_args()
martinet = os.path.abspath(options.martinet)
tools = os.path.abspath(options.tools or os.path.join(os.path.dirname(martinet), "martinet-tools"))
root = pathlib.Path(tempfile.mkdtemp(prefix="martinet-acme."))
os.chmod(root, 0o755)
failures = []


def check(what, value):
    print(("ok    " if value else "FAIL  ") + what, flush=True)
    if not value:
        failures.append(what)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


HTTP, TLS, CA, MANAGEMENT, DNS, DNSADMIN = free_ports(6)


def await_(what, condition, seconds=40):
    end = time.time() + seconds
    while time.time() < end:
        with contextlib.suppress(OSError, ValueError, KeyError, http.client.HTTPException):
            if condition():
                return True
        time.sleep(0.1)
    print("      waited in vain: " + what, flush=True)
    return False


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def pebble_certificate():
    """What Pebble itself shows: from a CA made for this run."""
    def make(*words):
        done = run("openssl", *words)
        if done.returncode:
            sys.exit(done.stderr)
    key, cert = str(root / "pebble.key"), str(root / "pebble.pem")
    make("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
         str(root / "ca.key"), "-out", str(root / "ca.pem"), "-subj", "/CN=test root")
    make("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
         str(root / "pebble.csr"), "-subj", "/CN=localhost")
    (root / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    make("x509", "-req", "-in", str(root / "pebble.csr"), "-CA", str(root / "ca.pem"), "-CAkey", str(root / "ca.key"),
         "-CAcreateserial", "-days", "2", "-extfile", str(root / "names"), "-out", cert)
    return cert, key


class Pebble:
    def __init__(self, settings=None, **environment):
        cert, key = pebble_certificate()
        (root / "pebble.json").write_text(json.dumps({"pebble": dict({
            "listenAddress": f"127.0.0.1:{CA}", "managementListenAddress": f"127.0.0.1:{MANAGEMENT}",
            "certificate": cert, "privateKey": key, "httpPort": HTTP, "tlsPort": TLS, "ocspResponderURL": "",
            "externalAccountBindingRequired": False, "domainBlocklist": ["blocked.example"]}, **(settings or {}))}))
        log = open(root / "pebble.log", "a")
        self.dns = subprocess.Popen(
            ["pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", f"127.0.0.1:{DNS}",
             "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", f"127.0.0.1:{DNSADMIN}"],
            stdout=log, stderr=log)
        self.server = subprocess.Popen(
            ["pebble", "-config", str(root / "pebble.json"), "-dnsserver", f"127.0.0.1:{DNS}"], stdout=log, stderr=log,
            env=dict(os.environ, **environment))
        if not await_("Pebble", lambda: socket.create_connection(("127.0.0.1", CA), 1).close() is None):
            sys.exit((root / "pebble.log").read_text())

    def stop(self):
        for process in (self.server, self.dns):
            process.terminate()
            process.wait()


class Martinet:
    def __init__(self, text):
        self.home = root / "server"
        (self.home / "htdocs").mkdir(parents=True, exist_ok=True)
        (self.home / "htdocs/index.html").write_text("hello")
        self.configure(text)
        self.process = subprocess.Popen(
            [martinet, "-f", str(self.home / "httpd.conf"), "-D", "FOREGROUND"], stdout=subprocess.DEVNULL,
            stderr=open(root / "stderr.log", "a"))
        await_("the server", lambda: get("/", "other.example")[0] > 0)

    def configure(self, text):
        user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
        (self.home / "httpd.conf").write_text(f"""
ServerRoot {self.home}
PidFile {self.home}/pid
ErrorLog {self.home}/error.log
LogLevel info
Listen 127.0.0.1:{HTTP}
Listen 127.0.0.1:{TLS} https
ServerName other.example
{user}
LoadModule mpm_event_module event.so
LoadModule authz_core_module authz.so
LoadModule alias_module alias.so
LoadModule ssl_module ssl.so
LoadModule md_module md.so
StartServers 1
DocumentRoot {self.home}/htdocs
MDCertificateAuthority https://localhost:{CA}/dir
MDCertificateAgreement accepted
MDCACertificateFile {root}/ca.pem
MDContactEmail admin@a.example
MDPortMap 80:{HTTP} 443:{TLS}
MDRetryDelay 1s
MDRenewViaARI off
MDPrivateKeys secp256r1
<Location /md-status>
    SetHandler md-status
</Location>
{text}
""")

    def reload(self, text):
        self.configure(text)
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(1)

    @property
    def log(self):
        return (self.home / "error.log").read_text(errors="replace")

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Apache(Martinet):
    """Apache itself, with its mod_md, on the same ServerRoot."""
    def __init__(self, text):
        self.home = root / "server"
        self.configure(text)
        path = self.home / "httpd.conf"
        modules = "/usr/lib/apache2/modules/mod_"
        lines = [re.sub(r"LoadModule (mpm_)?(\w+)_module .*", rf"LoadModule \1\2_module {modules}\1\2.so", line)
                 for line in path.read_text().splitlines() if not line.startswith("MDRenewViaARI")]
        path.write_text("\n".join(lines))
        self.process = subprocess.Popen(["/usr/sbin/apache2", "-f", str(path), "-D", "FOREGROUND"],
                                        stdout=subprocess.DEVNULL, stderr=open(root / "stderr.log", "a"))
        await_("Apache", lambda: get("/", "other.example")[0] > 0)


def get(path, host, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", HTTP, timeout=10)
    connection.request(method, path, headers={"Host": host})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), body


def status(name):
    return json.loads(get(f"/md-status/{name}", "other.example")[2])


def vhost(name, more=""):
    return f"<VirtualHost *:{HTTP}>\nServerName {name}\n{more}\n</VirtualHost>\n"


def shown(name):
    """The issuer and serial of what the TLS port shows for a name."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{TLS}", "-servername", name], input="",
                          capture_output=True, text=True, check=False).stdout
    return subprocess.run(["openssl", "x509", "-noout", "-issuer", "-serial"], input=done, capture_output=True,
                          text=True, check=False).stdout


def complete(name):
    return lambda: status(name)["state"] == 2 and "secp256r1" in status(name)["cert"]


def mode(path):
    return oct(os.stat(path).st_mode & 0o777)


def a2md(*words):
    """Our command of that name on the server's store."""
    return run(tools, "a2md", "-d", str(root / "server/md"), "-C", str(root / "ca.pem"), *words)


def end(server, *others):
    """Stops all, shows what helps after failures, and says how many there were."""
    if server:
        server.stop()
        for line in server.log.splitlines() if failures else []:
            print("      " + line)
    for one in others:
        one.stop()
    if options.keep or failures:
        print(f"files: {root}")
    else:
        shutil.rmtree(root)
    print(f"{len(failures)} failures")
    return 1 if failures else 0
