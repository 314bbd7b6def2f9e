"""The command line: options that print something, -k, exit statuses."""
import fnmatch
import os
import re
import subprocess
import time

from . import case as cases
from . import compare, mask, server

VHOSTS = """
Listen 127.0.0.1:{PORT2}
Define SITE one
<VirtualHost 127.0.0.1:{PORT}>
  ServerName one.test
  ServerAlias www.one.test *.one.test
</VirtualHost>
<VirtualHost 127.0.0.1:{PORT}>
  ServerName two.test
</VirtualHost>
<VirtualHost *:{PORT2}>
  ServerName three.test
</VirtualHost>
<VirtualHost _default_:{PORT3}>
  ServerName four.test
</VirtualHost>
"""


SECTIONS = """
Include "{ROOT}/conf/../conf/more*.conf"
<Directory "{ROOT}/htdocs">
  <Limit GET>
    Require all granted
  </Limit>
  <IfModule !nothing.c>
    Options None
  </IfModule>
  <Files "*.php">
  </Files>
</Directory>
ErrorDocument 404 "a <b> \\
   c"
<Location /x>
</Location>
"""


def text(done):
    """Everything it printed; the Mutex lines come out of a hash table, in no order."""
    out = mask.output(done.stdout).splitlines()
    mutexes = sorted(l for l in out if l.startswith("Mutex ") and "watchdog" not in l)
    return [f"exit {done.returncode}"] + [l for l in out if not l.startswith("Mutex ")] + mutexes + \
        mask.output(done.stderr).splitlines()


def shape(done):
    """Only the labels and the layout: for -v and -V, whose values belong to the build."""
    lines = []
    for line in (done.stdout + done.stderr).splitlines():
        line = re.sub(r'="[^"]*"', '="…"', mask.output(line))
        line = re.sub(r"^(Server version: +<product>).*", r"\1", line)
        line = re.sub(r"^(Server built|Server's Module Magic Number|Server loaded|Compiled using):( +).*", r"\1:\2…", line)
        if not line.startswith(" -D ") or any(w in line for w in ("HTTPD_ROOT", "SERVER_CONFIG_FILE", "AP_TYPES", "DEFAULT_")):
            lines.append(line)
    return [f"exit {done.returncode}"] + lines


def module_names(done):
    """-M: the names of both kinds, sorted; whether a module is static or shared is the build's business."""
    names = re.findall(r"^ (\w+_module) \((?:static|shared)\)$", done.stdout, flags=re.M)
    rest = [l for l in done.stdout.splitlines() if not re.match(r"^ \w+_module \((static|shared)\)$", l)]
    return [f"exit {done.returncode}"] + rest + sorted(n for n in names if n not in ("watchdog_module", "logio_module"))


def listing(done):
    """-l: the head line, the form of the lines, and that the core is there."""
    lines = done.stdout.splitlines()
    bad = [l for l in lines[1:] if not re.match(r"^  \w+\.c$", l)]
    return [f"exit {done.returncode}", lines[0] if lines else "", f"core.c {'  core.c' in lines}"] + bad


def directive_names(done):
    """-L: directive and module names of what Apache has compiled in (watchdog's are its own)."""
    return [f"exit {done.returncode}"] + sorted(set(re.findall(r"^(\S+ \((?:core|http_core|mod_so|mod_log_config|mod_unixd|mod_version)\.c\))$",
                                                               done.stdout, flags=re.M)))


def directives(done):
    """-L: every directive of every module that is loaded, with its usage and where it may stand; not those of mod_php."""
    entries = re.split(r"^(?=\S+ \(\S+\)$)", done.stdout, flags=re.M)
    return [f"exit {done.returncode}"] + sorted(" | ".join(e.split("\n\t")).strip() for e in entries
                                                 if "(mod_fastcgi.c)" not in e and not e.startswith("php_"))


def usage(done):
    """-h: exit status and the option letters."""
    return [f"exit {done.returncode}"] + sorted(set(re.findall(r"^\s+(-\w+) ", done.stdout + done.stderr, flags=re.M)))


MORE = ("brotli buffer cgid data include info ratelimit reflector substitute unique_id allowmethods asis authn_anon auth_digest "
        "authz_owner actions").split()
TABLE = [
    ("version", ["-v"], "", shape), ("build", ["-V"], "", shape), ("static", ["-l"], "", listing),
    ("directives", ["-L"], "", directive_names), ("usage", ["-h"], "", usage),
    ("directives-all", ["-L"], "".join(f"LoadModule {n}_module /usr/lib/apache2/modules/mod_{n}.so\n" for n in MORE), directives),
    ("modules", ["-M"], "", module_names), ("modules-t", ["-t", "-D", "DUMP_MODULES"], "", module_names),
    ("vhosts", ["-S"], VHOSTS, text), ("vhosts-none", ["-S"], "", text),
    ("vhosts-t", ["-t", "-D", "DUMP_VHOSTS"], VHOSTS, text), ("run-cfg", ["-t", "-D", "DUMP_RUN_CFG"], "Define A b\n", text),
    ("includes", ["-t", "-D", "DUMP_INCLUDES"], 'IncludeOptional "{ROOT}/conf/none*.conf"\n', text),
    ("config", ["-t", "-D", "DUMP_CONFIG"], "LoadModule info_module /usr/lib/apache2/modules/mod_info.so\n" + VHOSTS + SECTIONS, text),
    ("config-no-info", ["-t", "-D", "DUMP_CONFIG"], "", text),
    ("dump-all", ["-t", "-D", "DUMP_INCLUDES", "-D", "DUMP_VHOSTS", "-D", "DUMP_RUN_CFG"], VHOSTS, text),
    ("certs", ["-t", "-D", "DUMP_CERTS"], "", text), ("chroot", ["-S"], 'ChrootDir "{ROOT}/htdocs"\n', text),
    ("define-flag", ["-t", "-D", "SPECIAL"], "<IfDefine SPECIAL>\nNoSuchThing\n</IfDefine>\n", text),
    ("before", ["-C", "Define EARLY yes", "-t"], "<IfDefine !EARLY>\nNoSuchThing\n</IfDefine>\n", text),
    ("before-bad", ["-C", "NoSuchThing x", "-t"], "", text),
    ("after", ["-c", "ServerAdmin me@example.org", "-t"], "", text),
    ("after-bad", ["-c", "NoSuchThing x", "-t"], "", text),
    ("after-context", ["-c", "AllowOverride All", "-t"], "", text),
    ("docroot-check", ["-T", "-t"], 'DocumentRoot "{ROOT}/nowhere"\n', text),
    ("docroot-missing", ["-t"], 'DocumentRoot "{ROOT}/nowhere"\n', text),
    ("no-file", ["-f", "{ROOT}/conf/nowhere.conf", "-t"], "", text),
    ("bad-option", ["-Q"], "", usage), ("bad-k", ["-k", "dance"], "", usage),
    ("loglevel", ["-e", "debug", "-t"], "", lambda d: [f"exit {d.returncode}", (d.stdout + d.stderr).splitlines()[-1]]),
    ("loglevel-bad", ["-e", "dancing", "-t"], "", usage),
    ("stop-nothing", ["-k", "stop"], "", text), ("graceful-stop-nothing", ["-k", "graceful-stop"], "", text),
    ("bad-start", [], "NoSuchThing\n", text), ("bad-graceful", ["-k", "graceful"], "NoSuchThing\n", text),
    ("no-servername", ["-t"], "", text),
    ("busy-port", [], "Listen 127.0.0.1:{BUSY}\n", text),
    ("log-missing", [], 'ErrorLog "{ROOT}/nowhere/error.log"\n', text),
    ("pidfile-missing", ["-t"], 'PidFile "{ROOT}/nowhere/pid"\n', text),
]


def run(only, binary, folder):
    if not fnmatch.fnmatch("commands", only):
        return []
    results = []
    import socket
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        for name, arguments, config, view in TABLE:
            root = os.path.join(folder, "command-" + name)
            conf, holes = _layout(root, config, busy.getsockname()[1])
            said = [view(_invoke(b, root, conf, holes, arguments)) for b in (server.REFERENCE, binary)]
            results.append((f"commands/{name}", compare.diff(*said)))
    results += _lifecycle(folder, binary)
    return results


def _layout(root, config, busy):
    for name in ("run", "logs", "htdocs", "conf"):
        os.makedirs(os.path.join(root, name))
    holes = {"ROOT": root, "LOGS": root + "/logs", "PORT": str(server.free_port()), "PORT2": str(server.free_port()),
             "PORT3": str(server.free_port()), "BUSY": str(busy)}
    with open(os.path.join(root, "htdocs/index.html"), "w") as out:
        out.write("hello\n")
    conf = os.path.join(root, "conf/httpd.conf")
    text = compare.BASE + server.user_lines() + server.load_module_lines() + compare.SITE + config
    with open(conf, "w") as out:
        out.write(cases.fill(text, holes))
    return conf, holes


def _invoke(binary, root, conf, holes, arguments):
    arguments = [cases.fill(a, holes) for a in arguments]
    where = [] if "-f" in arguments else ["-f", conf]
    return subprocess.run([binary, "-d", root, *where, *arguments], capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL, errors="replace", env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC"))


def _lifecycle(folder, binary):
    """start, start again, graceful, restart, graceful-stop as a daemon; each with its exit status and words."""
    said = {}
    for who, program in (("apache", server.REFERENCE), ("martinet", binary)):
        root = os.path.join(folder, f"lifecycle-{who}")
        conf, holes = _layout(root, "", 1)
        pid_file = os.path.join(root, "run/httpd.pid")
        port, lines = int(holes["PORT"]), {}

        def step(name, *arguments):
            lines[name] = [l.replace(root, "<root>") for l in text(_invoke(program, root, conf, holes, arguments))]

        def pid():
            try:
                return int(open(pid_file).read())
            except (OSError, ValueError):
                return 0
        step("start", "-k", "start")
        lines["start"].append(f"serves {server.wait_until(lambda: server.accepts(port), 5)}")
        lines["start"].append(f"pid file {server.wait_until(lambda: pid() > 0, 5)}")
        first = pid()
        step("start-again", "-k", "start")
        step("graceful", "-k", "graceful")
        time.sleep(1.2)
        lines["graceful"].append(f"same parent {pid() == first}, serves {server.accepts(port)}")
        step("restart", "-k", "restart")
        time.sleep(1.2)
        lines["restart"].append(f"same parent {pid() == first}, serves {server.wait_until(lambda: server.accepts(port), 5)}")
        step("graceful-stop", "-k", "graceful-stop")
        gone = server.wait_until(lambda: not server.accepts(port), 5)
        lines["graceful-stop"].append(f"port free {gone}, pid file gone {server.wait_until(lambda: not os.path.exists(pid_file), 5)}")
        step("graceful-when-stopped", "-k", "graceful")
        lines["graceful-when-stopped"].append(f"serves {server.wait_until(lambda: server.accepts(port), 5)}")
        step("stop", "-k", "stop")
        lines["stop"].append(f"port free {server.wait_until(lambda: not server.accepts(port), 5)}, "
                             f"pid file gone {server.wait_until(lambda: not os.path.exists(pid_file), 5)}")
        if pid():
            try:
                os.kill(pid(), 9)
            except ProcessLookupError:
                pass
        said[who] = lines
    return [(f"commands/lifecycle-{name}", compare.diff(said["apache"][name], said["martinet"][name]))
            for name in said["apache"]]
