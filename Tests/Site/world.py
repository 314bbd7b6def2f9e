"""A host of one's own for a test: namespaces with private copies of what a site is made of. Needs root.

`enter` starts the program again inside them; nothing done there is left on the machine, no process outlives it.
"""
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

INSIDE = "SITE_TEST_INSIDE"
# What add, remove and the servers write.
PLACES = ["/etc", "/home", "/run", "/srv", "/var/log", "/var/lib/apache2", "/var/lib/php", "/var/mail", "/var/cache",
          "/tmp", "/var/lib/martinet", "/usr/local/share/ca-certificates"]
COPIED = ["/etc"]


def enter():
    """Returns inside; ends the program outside."""
    if os.environ.get(INSIDE):
        return prepare(os.environ[INSIDE])
    if os.geteuid() != 0:
        print("skipped: making users needs root")
        sys.exit(0)
    own = "/var/lib/martinet"
    is_made = not os.path.isdir(own)
    if is_made:
        os.mkdir(own)
    with tempfile.TemporaryDirectory(prefix="site-test-") as folder:
        command = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "--propagation",
                   "private", sys.executable] + sys.argv
        status = subprocess.run(command, env=dict(os.environ, **{INSIDE: folder})).returncode
    if is_made:
        os.rmdir(own)
    sys.exit(status)


def prepare(folder):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder], check=True)
    for place in PLACES:
        if not os.path.isdir(place):
            continue
        copy = folder + place
        if place in COPIED:
            subprocess.run(["mkdir", "-p", os.path.dirname(copy)], check=True)
            subprocess.run(["cp", "-a", place, copy], check=True)
        else:
            os.makedirs(copy)
        subprocess.run(["mount", "--bind", copy, place], check=True)
    os.chmod("/tmp", 0o1777)
    for path in ["/run/apache2", "/run/lock/apache2", "/run/php", "/var/log/apache2", "/var/lib/php/sessions"]:
        os.makedirs(path, exist_ok=True)
    shutil.chown("/run/lock/apache2", "www-data")
    os.chmod("/var/lib/php/sessions", 0o1733)
    # Whatever the machine has enabled: one plain host.
    link = "/etc/apache2/sites-enabled/000-default.conf"
    for name in os.listdir("/etc/apache2/sites-enabled"):
        os.unlink("/etc/apache2/sites-enabled/" + name)
    os.symlink("../sites-available/000-default.conf", link)
    os.makedirs("/etc/logrotate.d", exist_ok=True)
    # The loopback interface of a new network namespace is down.
    with socket.socket() as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, 0x8913, request))[1]
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))
    return folder


def tree(*places):
    """Everything below the places that a person would see: kind, mode, owner, contents."""
    found = {}
    for place in places:
        for folder, directories, files in os.walk(place):
            for name in directories + files:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                content = ""
                if os.path.islink(path):
                    content = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as file:
                        content = file.read()
                found[path] = (oct(status.st_mode), status.st_uid, status.st_gid, content)
    return found
