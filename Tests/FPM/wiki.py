"""DokuWiki out of its Debian package behind Martinet, and its visitor: logs in, writes pages and files of its own, reads them and what
the package brings, and knows what every answer must be."""
import hashlib
import http.client
import random
import re
import urllib.parse

import browser
import packages

BASE = "/dokuwiki"


class Visitor:
    """One client with a kept connection and a session."""

    # Style and scripts are put together by PHP; the first answer is right for all others.
    dispatched = {}

    def __init__(self, port, root, number):
        self.port = port
        self.root = root
        self.random = random.Random(number + 1000)
        self.space = f"space{number}"
        self.connection = None
        self.cookies = {}
        self.count = 0
        self.pages = {}
        self.files = {}
        self.token = None

    def ask(self, method, target, body=None, kind=None):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        if kind:
            headers["Content-Type"] = kind
        self.count += 1
        self.connection.request(method, BASE + target, body, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, _, content = value.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if content != "deleted":
                self.cookies[name] = content
        if answer.will_close:
            self.connection.close()
            self.connection = None
        return answer, data

    def post(self, target, form):
        return self.ask("POST", target, urllib.parse.urlencode(form), "application/x-www-form-urlencoded")

    def require(self, condition, target, answer, data):
        if not condition:
            raise AssertionError(f"{BASE}{target}: {answer.status} {answer.getheaders()} {data[:300]!r}")

    def installed(self, name):
        with open(self.root + name, "rb") as file:
            return file.read()

    def login(self):
        answer, data = self.ask("GET", "/doku.php?id=start&do=login")
        form = {**browser.hidden(data.decode()), "u": "admin", "p": packages.ANSWERS["dokuwiki/wiki/password"]}
        answer, data = self.post("/doku.php?id=start&do=login", form)
        self.require(answer.status == 302, "login", answer, data)
        self.start()

    def start(self):
        answer, data = self.ask("GET", "/doku.php?id=start")
        self.require(answer.status == 200 and b"Debian DokuWiki" in data and b"do=logout" in data and data.rstrip().endswith(b"</html>"),
                     "start", answer, data)

    def write(self):
        page = f"{self.space}:page{self.random.randrange(40)}"
        target = f"/doku.php?id={page}"
        answer, data = self.ask("GET", target + "&do=edit")
        form = browser.hidden(data.decode())
        self.require(answer.status == 200 and form.get("id") == page and form.get("sectok"), target, answer, data)
        self.token = form["sectok"]
        mark = f"mark{self.random.getrandbits(64):016x}"
        text = f"====== Häuser of {self.space} ======\n\n{mark} <martins> & **swallows**\n" + "fly south\n\n" * self.random.randrange(60)
        answer, data = self.post(target + "&do=edit", {**form, "wikitext": text, "do[save]": "1"})
        self.require(answer.status == 302, target + " save", answer, data)
        self.pages[page] = (mark, text)

    def read(self):
        if not self.pages:
            return self.write()
        page, (mark, _) = self.random.choice(list(self.pages.items()))
        answer, data = self.ask("GET", f"/doku.php?id={page}")
        marks = re.findall(rb"mark[0-9a-f]{16}", data)
        self.require(answer.status == 200 and set(marks) == {mark.encode()} and b"&lt;martins&gt; &amp; <strong>swallows</strong>" in data
                     and f"Häuser of {self.space}</h1>".encode() in data, page, answer, data)

    def raw(self):
        if not self.pages:
            return self.write()
        page, (_, text) = self.random.choice(list(self.pages.items()))
        answer, data = self.ask("GET", f"/doku.php?id={page}&do=export_raw")
        self.require(answer.status == 200 and data.decode() == text, page + " raw", answer, data)

    def packaged(self):
        name = self.random.choice(("syntax", "welcome", "dokuwiki"))
        answer, data = self.ask("GET", f"/doku.php?id=wiki:{name}&do=export_raw")
        expected = self.installed(f"/var/lib/dokuwiki/data/pages/wiki/{name}.txt")
        self.require(answer.status == 200 and data == expected, name, answer, data)

    def upload(self):
        if not self.token:
            return self.write()
        name = f"file{self.count}.zip"
        content = f"{name} of {self.space} {self.random.random()}\n".encode() * self.random.randrange(1, 2000)
        target = f"/lib/exe/ajax.php?call=mediaupload&ns={self.space}&qqfile={name}&sectok={self.token}"
        answer, data = self.ask("POST", target, content, "application/octet-stream")
        self.require(answer.status == 200 and b'"success":true' in data, target, answer, data)
        self.files[name] = content

    def fetch(self):
        if not self.files:
            return self.upload()
        name, content = self.random.choice(list(self.files.items()))
        target = f"/lib/exe/fetch.php?media={self.space}:{name}"
        answer, data = self.ask("GET", target)
        self.require(answer.status == 200 and data == content, target, answer, data)

    def dispatch(self):
        target = self.random.choice(("/lib/exe/css.php?t=dokuwiki", "/lib/exe/js.php?t=dokuwiki", "/lib/exe/jquery.php"))
        answer, data = self.ask("GET", target)
        expected = self.dispatched.setdefault(target, hashlib.sha256(data).digest())
        self.require(answer.status == 200 and len(data) > 10_000 and hashlib.sha256(data).digest() == expected, target, answer, data)

    def picture(self):
        answer, data = self.ask("GET", "/lib/tpl/dokuwiki/images/logo.png")
        expected = self.installed("/usr/share/dokuwiki/lib/tpl/dokuwiki/images/logo.png")
        self.require(answer.status == 200 and data == expected, "logo", answer, data)

    def missing(self):
        answer, data = self.ask("GET", f"/doku.php?id={self.space}:none")
        self.require(answer.status == 200 and b"This topic does not exist yet" in data, "missing", answer, data)

    def denied(self):
        answer, data = self.ask("GET", "/inc/init.php")
        self.require(answer.status == 403, "/inc/init.php", answer, data)

    def turn(self):
        if not self.count:
            return self.login()
        kinds = [self.read] * 5 + [self.raw] * 3 + [self.packaged, self.packaged, self.write, self.upload, self.fetch, self.fetch,
                                                     self.start, self.dispatch, self.picture, self.missing, self.denied]
        self.random.choice(kinds)()
