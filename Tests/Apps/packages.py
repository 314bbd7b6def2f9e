"""DokuWiki and phpSysInfo out of their Debian packages, laid out below a directory of our own instead of being installed."""
import glob
import os
import re
import shutil
import subprocess

# The applications, and of what they depend on what a web server's machine may lack.
PACKAGES = """dokuwiki phpsysinfo php-geshi libphp-simplepie php-phpseclib php-random-compat javascript-common libjs-jquery
libjs-jquery-cookie libjs-jquery-ui libjs-bootstrap4 php8.2-xml php8.2-mbstring libonig5""".split()

# What is rewritten: these absolute paths, in the PHP files and configuration of the two applications, in their symbolic
# links, in DokuWiki's postinst, and in Debian's Apache configuration, get the directory's name in front.
OWN = ["/usr/share/dokuwiki", "/usr/share/phpsysinfo", "/usr/share/javascript", "/usr/share/php", "/var/lib/dokuwiki",
       "/etc/dokuwiki", "/etc/phpsysinfo", "/var/www"]

PATHS = re.compile("|".join(OWN))

# The answers to the questions of DokuWiki's installer (its defaults, with a password).
ANSWERS = {"dokuwiki/system/documentroot": "/dokuwiki", "dokuwiki/system/accessible": "localhost only",
           "dokuwiki/wiki/title": "Debian DokuWiki", "dokuwiki/wiki/license": "cc-by-sa", "dokuwiki/wiki/acl": "true",
           "dokuwiki/system/writeconf": "false", "dokuwiki/system/writeplugins": "false", "dokuwiki/wiki/policy": "public",
           "dokuwiki/wiki/superuser": "admin", "dokuwiki/wiki/fullname": "DokuWiki Administrator",
           "dokuwiki/wiki/email": "webmaster@localhost", "dokuwiki/wiki/password": "fix-your-password"}

# What the postinst calls, reduced to what matters outside an installed system.
SHELL = """set -e
db_get() { case "$1" in %s
*) RET= ;; esac; }
db_set() { :; }
ucf() { for last; do :; done; eval "from=\\${$(($# - 1))}"; cp "$from" "$last"; }
ucfr() { :; }
chown() { [ "$(id -u)" != 0 ] || command chown "$@"; }
%s
write_htaccess; write_dokuwiki_conf; setup_acl; setup_superuser; write_apache2_conf
"""


class Unavailable(Exception):
    pass


def download(cache):
    """Fetches the packages that are not in the cache yet; returns their files."""
    os.makedirs(cache, exist_ok=True)
    missing = [name for name in PACKAGES if not glob.glob(f"{cache}/{name}_*.deb")]
    for update in (False, True):
        if not missing:
            break
        if update:
            subprocess.run(["apt-get", "update", "-q"], capture_output=True)
        done = subprocess.run(["apt-get", "download", *missing], cwd=cache, capture_output=True, text=True)
        missing = [name for name in PACKAGES if not glob.glob(f"{cache}/{name}_*.deb")]
    if missing:
        raise Unavailable(f"apt-get download {' '.join(missing)}: {done.stderr.strip()}")
    return [sorted(glob.glob(f"{cache}/{name}_*.deb"))[-1] for name in PACKAGES]


def rewrite(text, root):
    return PATHS.sub(lambda match: root + match[0], text)


def rewrite_file(path, root):
    with open(path, encoding="latin-1", newline="") as source:
        text = source.read()
    changed = rewrite(text, root)
    if changed != text:
        times = os.stat(path)
        with open(path, "w", encoding="latin-1", newline="") as out:
            out.write(changed)
        os.utime(path, (times.st_atime, times.st_mtime))


def unpack(files, tree, root):
    """Unpacks into `tree` what will be used at `root`."""
    for file in files:
        subprocess.run(["dpkg", "-x", file, tree], check=True, capture_output=True)
    for folder, folders, names in os.walk(tree):
        for name in folders + names:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                target = os.readlink(path)
                if target.startswith(tuple(OWN)):
                    os.unlink(path)
                    os.symlink(root + target, path)
            elif name.endswith((".php", ".conf", ".ini", ".inc")) and "/distros.ini" not in path:
                rewrite_file(path, root)


def configure(files, tree, root, work):
    """What DokuWiki's postinst does: its own functions write the .htaccess, the settings, the account, apache.conf."""
    control = os.path.join(work, "control")
    subprocess.run(["dpkg", "-e", files[0], control], check=True)
    with open(os.path.join(control, "postinst"), encoding="utf-8") as source:
        functions = source.read().split('\nif [ $1 = "configure" ]', 1)[0]
    answers = "".join(f"{name}) RET='{value}' ;;\n" for name, value in ANSWERS.items())
    # It writes at `root`, where the tree is for the time being only a link.
    os.symlink(tree, root)
    try:
        subprocess.run(["sh", "-c", SHELL % (answers, rewrite(functions, root))], check=True)
    finally:
        os.unlink(root)
    # A wiki that is looked at by its administrator asks dokuwiki.org for updates: not in a test.
    with open(tree + "/etc/dokuwiki/local.php", "a") as out:
        out.write("$conf['updatecheck'] = 0;\n")


def apache(tree, root, port, php_socket, user):
    """Debian's /etc/apache2 with its default modules, mod_proxy_fcgi for PHP, and the applications enabled."""
    base = tree + "/etc/apache2"
    for name in ("apache2.conf", "magic"):
        shutil.copy("/etc/apache2/" + name, base)
    for name in ("mods-available", "conf-available"):
        shutil.copytree("/etc/apache2/" + name, base + "/" + name, symlinks=True, dirs_exist_ok=True)
    for name in ("mods-enabled", "conf-enabled", "sites-enabled"):
        os.makedirs(base + "/" + name)
    modules = """access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex deflate dir
        env filter mime mpm_event negotiation proxy proxy_fcgi reqtimeout setenvif status""".split()
    for name in modules:
        for kind in ("load", "conf"):
            if os.path.exists(f"{base}/mods-available/{name}.{kind}"):
                os.symlink(f"../mods-available/{name}.{kind}", f"{base}/mods-enabled/{name}.{kind}")
    for name in ("charset", "localized-error-pages", "security", "serve-cgi-bin", "javascript-common"):
        if os.path.exists(f"{base}/conf-available/{name}.conf"):
            os.symlink(f"../conf-available/{name}.conf", f"{base}/conf-enabled/{name}.conf")
    shutil.copy("/etc/apache2/conf-available/php8.2-fpm.conf", base + "/conf-enabled/php8.2-fpm.conf")
    os.symlink(root + "/etc/dokuwiki/apache.conf", base + "/conf-enabled/dokuwiki.conf")
    os.symlink(root + "/etc/phpsysinfo/apache.conf", base + "/conf-enabled/50-phpsysinfo.conf")
    with open(base + "/ports.conf", "w") as out:
        out.write(f"Listen 127.0.0.1:{port}\nServerName localhost\n")
    with open("/etc/apache2/sites-available/000-default.conf") as source:
        site = source.read().replace("*:80", f"*:{port}")
    with open(base + "/sites-enabled/000-default.conf", "w") as out:
        out.write(rewrite(site, root))
    for folder, _, names in os.walk(base):
        for name in names:
            if not os.path.islink(os.path.join(folder, name)):
                rewrite_file(os.path.join(folder, name), root)
    replace(base + "/apache2.conf", "<Directory /usr/share>", f"<Directory {root}/usr/share>")
    replace(base + "/conf-enabled/php8.2-fpm.conf", "/run/php/php8.2-fpm.sock", php_socket)
    for name in ("/var/log/apache2", "/var/run/apache2", "/var/lock/apache2", "/var/www/html"):
        os.makedirs(tree + name, exist_ok=True)
    with open(tree + "/var/www/html/index.html", "w") as out:
        out.write("<!DOCTYPE html><title>Apache2 Debian Default Page</title><p>It works!</p>\n")
    return {"APACHE_RUN_USER": user, "APACHE_RUN_GROUP": user, "APACHE_PID_FILE": root + "/var/run/apache2/apache2.pid",
            "APACHE_RUN_DIR": root + "/var/run/apache2", "APACHE_LOCK_DIR": root + "/var/lock/apache2",
            "APACHE_LOG_DIR": root + "/var/log/apache2"}


def replace(path, old, new):
    with open(path) as source:
        text = source.read()
    if old not in text:
        raise Unavailable(f"{path} has no {old}")
    with open(path, "w") as out:
        out.write(text.replace(old, new))


def php_ini(tree, path, more=""):
    """An ini file with the extensions the applications need, and `more`; those not installed come out of the packages."""
    installed = subprocess.run(["php-config", "--extension-dir"], capture_output=True, text=True).stdout.strip() \
        if shutil.which("php-config") else ""
    folders = [installed] if installed else sorted(glob.glob("/usr/lib/php/2*"))
    folders += glob.glob(tree + "/usr/lib/php/2*")
    lines = []
    for name in "ctype iconv fileinfo posix tokenizer dom simplexml xml xmlreader xmlwriter mbstring".split() + more.split():
        found = [f"{folder}/{name}.so" for folder in folders if os.path.exists(f"{folder}/{name}.so")]
        lines += [f"extension={found[0]}"] if found else []
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")
