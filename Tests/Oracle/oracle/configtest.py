"""`-t` on small configurations, and small .htaccess files below a running server: outcomes and exact sentences."""
import concurrent.futures
import fnmatch
import os
import re
import subprocess

from . import case as cases
from . import compare, mask, server


def items(path):
    """(name, text) for every `== name` of a file."""
    whole = cases.REPEAT.sub(lambda m: m[1] * int(m[2]), open(path, encoding="latin-1").read())
    whole = whole.replace("\\xef\\xbb\\xbf", "\xef\xbb\xbf")
    parts = re.split(r"^== ?(.*)\n", whole, flags=re.M)
    return [(head.strip(), body.strip("\n") + "\n") for head, body in zip(parts[1::2], parts[2::2])]


def check(binary, root, conf, arguments=()):
    """Exit status and output of `-t`."""
    done = subprocess.run([binary, "-d", root, "-f", conf, *arguments, "-t"], capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL, errors="replace",
                          env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", ORACLE_ENV="from the environment"))
    said = mask.output(done.stdout + done.stderr).splitlines()
    return [f"exit {done.returncode}"] + said


def layout(root, port):
    for name in ("run", "logs", "htdocs", "conf", "conf/parts", "conf/empty"):
        os.makedirs(os.path.join(root, name))
    for name, text in (("conf/parts/a.conf", "Define FROM_A 1\n"), ("conf/parts/b.conf", "Define FROM_B 2\n"),
                       ("conf/bad.conf", "ServerAdmin a@b\n\nNoSuchThing here\n"), ("htdocs/index.html", "hello\n"),
                       ("conf/self.conf", 'Include "{ROOT}/conf/self.conf"\n'), ("conf/users", "u:{SHA}x\n")):
        with open(os.path.join(root, name), "w") as out:
            out.write(text.replace("{ROOT}", root))
    holes = {"ROOT": root, "LOGS": root + "/logs", "PORT": str(port)}
    base = cases.fill(compare.BASE + server.user_lines() + server.load_module_lines(), holes)
    with open(os.path.join(root, "conf/base.conf"), "w") as out:
        out.write(base)
    return holes


def run(here, only, binary, folder):
    """Every snippet of configtests/*.txt, judged by both with -t."""
    root = os.path.join(folder, "configtest")
    os.makedirs(root)
    holes = layout(root, server.free_port())
    work = []
    for name in sorted(os.listdir(os.path.join(here, "configtests"))):
        group = "configtest-" + name[:-4]
        if not fnmatch.fnmatch(group, only):
            continue
        for head, text in items(os.path.join(here, "configtests", name)):
            title, *arguments = head.split()
            conf = os.path.join(root, "conf", f"{group}-{title}.conf")
            with open(conf, "w", encoding="latin-1") as out:
                out.write(f'Include "{root}/conf/base.conf"\n' + cases.fill(text, holes))
            work.append((f"{group}/{title}", conf, arguments))

    def judge(item):
        title, conf, arguments = item
        return title, compare.diff(check(server.REFERENCE, root, conf, arguments), check(binary, root, conf, arguments))

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(judge, work))


def run_htaccess(here, only, binary, folder, php):
    """Every snippet of htaccess.txt as the .htaccess of its own directory: status and error-log sentence."""
    if not fnmatch.fnmatch("htaccess", only):
        return []
    snippets = items(os.path.join(here, "htaccess.txt"))
    path = os.path.join(folder, "htaccess.case")
    with open(path, "w", encoding="latin-1") as out:
        out.write("# snippets\n== options\nerrorlog text\n")
        out.write('== config\n<Directory "{ROOT}/htdocs">\nAllowOverride All\n</Directory>\n')
        out.write('<Directory "{ROOT}/htdocs/only-*">\nAllowOverride FileInfo\n</Directory>\n')
        out.write('<Directory "{ROOT}/htdocs/nonfatal-*">\nAllowOverride None Nonfatal=All\n</Directory>\n')
        out.write('<Directory "{ROOT}/htdocs/list-*">\nAllowOverride None\nAllowOverrideList Redirect Header\n</Directory>\n')
        for name, text in snippets:
            out.write(f"== file htdocs/{name}/.htaccess\n{text}== file htdocs/{name}/a.txt\na\n")
        out.write("== requests\n")
        for name, text in snippets:
            out.write(f"{name}: GET /{name}/a.txt\n")
    site = compare.Site(cases.Case(path), folder, php)
    results = compare.compare(site, compare.perform(site, server.REFERENCE), compare.perform(site, binary))
    return [(f"htaccess/{name}", lines) for name, lines in results]
