"""What the visitor does: one session with each application, the same on every server."""
import base64
import html
import os
import re
import time

from browser import hidden
from packages import ANSWERS

GZIP = "Accept-Encoding: gzip, deflate"
WIKI = "/dokuwiki"
PAGE = "playground:martin"
TEXT = "====== Häuser ======\n\nA page about **swallows** & <martins>.\n\n{{:playground:bird.png}}\n\n<code php>\n<?php echo 1;\n</code>\n"
PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def dokuwiki(visitor, root):
    _reader(visitor)
    _static(visitor)
    _denied(visitor)
    _login(visitor)
    _edit(visitor)
    _media(visitor)
    _find(visitor, root)
    _logout(visitor)


def _reader(visitor):
    visitor.visit("site front", "/")
    visitor.visit("wiki without slash", WIKI)
    visitor.visit("wiki front", WIKI + "/")
    _, page = visitor.visit("start page", WIKI + "/doku.php")
    visitor.visit("start page, gzip", WIKI + "/doku.php", [GZIP])
    visitor.visit("start page, HEAD", WIKI + "/doku.php", method="HEAD")
    visitor.visit("long page", WIKI + "/doku.php?id=wiki:syntax", [GZIP])
    visitor.visit("page in the path", WIKI + "/doku.php/wiki:welcome")
    visitor.visit("raw export", WIKI + "/doku.php?id=wiki:welcome&do=export_raw", [GZIP])
    visitor.visit("missing page", WIKI + "/doku.php?id=playground:nothing")
    visitor.visit("another site", WIKI + "/sites/nobody/doku.php")
    visitor.visit("feed", WIKI + "/feed.php", [GZIP])
    for kind, pattern in (("style", r'href="([^"]*css\.php[^"]*)"'), ("jquery", r'src="([^"]*jquery\.php[^"]*)"'),
                          ("script", r'src="([^"]*js\.php[^"]*)"'), ("manifest", r'href="([^"]*manifest\.php[^"]*)"')):
        target = html.unescape(re.search(pattern, page)[1])
        visitor.visit(f"{kind} dispatcher", target)
        # Only the second answer comes from DokuWiki's cache, with the times of the cached file.
        answer, _ = visitor.visit(f"{kind} dispatcher, cached", target)
        visitor.visit(f"{kind} dispatcher, gzip", target, [GZIP])
        _again(visitor, f"{kind} dispatcher", target, answer)


def _again(visitor, name, target, answer, ranges=False):
    """The same with what a browser knows from the first answer."""
    tag, date = answer.get("ETag"), answer.get("Last-Modified")
    if tag:
        visitor.visit(f"{name}, If-None-Match", target, [f"If-None-Match: {tag}"])
        visitor.visit(f"{name}, If-None-Match, gzip", target, [f"If-None-Match: {tag}", GZIP])
    if date:
        visitor.visit(f"{name}, If-Modified-Since", target, [f"If-Modified-Since: {date}"])
    if ranges:
        visitor.visit(f"{name}, Range", target, ["Range: bytes=10-29"])
        visitor.visit(f"{name}, Range, suffix", target, ["Range: bytes=-7"])
        visitor.visit(f"{name}, Range too far", target, ["Range: bytes=900000-"])
        visitor.visit(f"{name}, HEAD", target, method="HEAD")


def _static(visitor):
    for name, target in (("logo", "/lib/tpl/dokuwiki/images/logo.png"), ("script file", "/lib/scripts/behaviour.js"),
                         ("style file", "/lib/styles/screen.css")):
        answer, _ = visitor.visit(name, WIKI + target)
        _again(visitor, name, WIKI + target, answer, ranges=True)
        visitor.visit(name + ", gzip", WIKI + target, [GZIP])
    visitor.visit("shared library", "/javascript/jquery/jquery.min.js", [GZIP], flags={"head"})


def _denied(visitor):
    for target in ("/bin/", "/bin/wantedpages.php", "/inc/init.php", "/inc/", "/inc/lang/en/lang.php", "/vendor/autoload.php",
                   "/README", "/COPYING", "/VERSION", "/.htaccess", "/.git/config", "/data/pages/wiki/syntax.txt", "/conf/",
                   "/conf/users.auth.php", "/lib/", "/lib/images/", "/nothing", "/nothing.php", "/.php", "/lib/images/..%2f..%2finc",
                   "/doku.php.bak", "/lib/exe/xmlrpc.php"):
        visitor.visit("direct " + target, WIKI + target)
    visitor.visit("XML-RPC", WIKI + "/lib/exe/xmlrpc.php", raw=b"<?xml version='1.0'?><methodCall><methodName>dokuwiki.getVersion"
                  b"</methodName><params/></methodCall>")


def _login(visitor):
    _, page = visitor.visit("login form", WIKI + "/doku.php?id=start&do=login")
    form = {**hidden(page), "u": "admin", "p": "wrong"}
    visitor.visit("login, wrong password", WIKI + "/doku.php?id=start", form=form)
    form["p"] = ANSWERS["dokuwiki/wiki/password"]
    visitor.visit("login", WIKI + "/doku.php?id=start&do=login", form=form)
    visitor.visit("start page as administrator", WIKI + "/doku.php?id=start", [GZIP])
    visitor.visit("administration", WIKI + "/doku.php?id=start&do=admin")
    visitor.visit("profile", WIKI + "/doku.php?id=start&do=profile")


def _edit(visitor):
    _, page = visitor.visit("edit form", f"{WIKI}/doku.php?id={PAGE}&do=edit", [GZIP])
    form = {**hidden(page), "wikitext": TEXT, "summary": "written by a test", "id": PAGE}
    visitor.visit("preview", f"{WIKI}/doku.php?id={PAGE}&do=edit", form={**form, "do[preview]": "1"})
    visitor.visit("save", f"{WIKI}/doku.php?id={PAGE}&do=edit", form={**form, "do[save]": "1"})
    visitor.visit("saved page", f"{WIKI}/doku.php?id={PAGE}")
    visitor.visit("saved page, gzip", f"{WIKI}/doku.php?id={PAGE}", [GZIP])
    visitor.visit("save without token", f"{WIKI}/doku.php?id={PAGE}", form={"do[save]": "1", "wikitext": "x", "id": PAGE})
    visitor.visit("raw text", f"{WIKI}/doku.php?id={PAGE}&do=export_raw")
    _, page = visitor.visit("second edit form", f"{WIKI}/doku.php?id={PAGE}&do=edit")
    time.sleep(1.1)  # a revision is known by its second
    big = {**hidden(page), "wikitext": TEXT + "martins fly south\n\n" * 6000, "id": PAGE, "do[save]": "1"}
    visitor.visit("save a big page", f"{WIKI}/doku.php?id={PAGE}&do=edit", form=big)
    visitor.visit("big page, gzip", f"{WIKI}/doku.php?id={PAGE}", [GZIP])
    visitor.visit("revisions", f"{WIKI}/doku.php?id={PAGE}&do=revisions")


def _media(visitor):
    manager = f"{WIKI}/lib/exe/mediamanager.php?ns=playground"
    _, page = visitor.visit("media manager", manager)
    fields = [(n, v) for n, v in hidden(page).items() if n in ("sectok", "ns")] + [("mediaid", "bird.png")]
    visitor.visit("upload", manager, upload=(fields, "upload", "bird.png", "image/png", PICTURE))
    ajax = f"{WIKI}/lib/exe/ajax.php?call=mediaupload&ns=playground&qqfile=notes.txt&sectok={dict(fields).get('sectok', '')}"
    visitor.visit("upload of a text", ajax, upload=([], "qqfile", "notes.txt", "text/plain", b"notes about martins\n" * 2000))
    target = f"{WIKI}/lib/exe/fetch.php?media=playground:bird.png"
    answer, _ = visitor.visit("uploaded picture", target, flags={"fuzzy"})
    _fresh(visitor, "uploaded picture", target, answer)
    answer, _ = visitor.visit("uploaded text", f"{WIKI}/lib/exe/fetch.php?media=playground:notes.txt", flags={"fuzzy"})
    _fresh(visitor, "uploaded text", f"{WIKI}/lib/exe/fetch.php?media=playground:notes.txt", answer)
    visitor.visit("missing picture", f"{WIKI}/lib/exe/fetch.php?media=playground:none.png")
    visitor.visit("picture details", f"{WIKI}/lib/exe/detail.php?media=playground:bird.png")


def _fresh(visitor, name, target, answer):
    """Conditions and ranges on a file just made: its times are its own."""
    for what, header in (("If-None-Match", f"If-None-Match: {answer.get('ETag')}"),
                         ("If-Modified-Since", f"If-Modified-Since: {answer.get('Last-Modified')}"),
                         ("Range", "Range: bytes=10-29"), ("suffix Range", "Range: bytes=-7"),
                         ("two ranges", "Range: bytes=0-3,10-13"), ("Range too far", "Range: bytes=900000-"), ("gzip", GZIP)):
        visitor.visit(f"{name}, {what}", target, [header], flags={"fuzzy"})
    visitor.visit(f"{name}, HEAD", target, method="HEAD", flags={"fuzzy"})


def _find(visitor, root):
    visitor.visit("task runner", f"{WIKI}/lib/exe/taskrunner.php?id={PAGE}")
    end = time.monotonic() + 5
    index = root + "/var/lib/dokuwiki/data/meta/playground/martin.indexed"
    while not os.path.exists(index) and time.monotonic() < end:
        time.sleep(0.05)
    visitor.visit("search", f"{WIKI}/doku.php?do=search&id=start&q=swallows", [GZIP])
    visitor.visit("quick search", f"{WIKI}/lib/exe/ajax.php", form={"call": "qsearch", "q": "martin"})
    visitor.visit("recent changes", f"{WIKI}/doku.php?id=start&do=recent")
    visitor.visit("site map", f"{WIKI}/doku.php?id=start&do=index", [GZIP])
    visitor.visit("backlinks", f"{WIKI}/doku.php?id=wiki:syntax&do=backlink")


def _logout(visitor):
    _, page = visitor.visit("before logout", f"{WIKI}/doku.php?id=start")
    target = re.search(r'href="([^"]*do=logout[^"]*)"', page)
    visitor.visit("logout", html.unescape(target[1]))
    visitor.visit("edit after logout", f"{WIKI}/doku.php?id={PAGE}&do=edit")


def elements(data):
    """Of a measurement only what is measured: the names of the XML elements."""
    return "\n".join(sorted(set(re.findall(r"<(\w+)", data.decode("utf-8", "replace"))))).encode()


def phpsysinfo(visitor):
    base = "/phpsysinfo"
    visitor.visit("phpSysInfo without slash", base)
    _, page = visitor.visit("phpSysInfo", base + "/", flags={"length"})
    visitor.visit("phpSysInfo, gzip", base + "/", [GZIP])
    visitor.visit("phpSysInfo by name", base + "/index.php?disp=dynamic", flags={"length"})
    for target in sorted(set(re.findall(r'(?:src|href)="([^"#?]+(?:\?[^"]*)?)"', page))):
        if not target.startswith(("http:", "https:", "//", "data:")):
            visitor.visit("phpSysInfo " + html.unescape(target), f"{base}/{html.unescape(target)}", [GZIP], flags={"length"})
    visitor.visit("phpSysInfo language", base + "/language/language.php?lang=en", [GZIP])
    visitor.visit("phpSysInfo scripts", base + "/js.php?name=phpsysinfo", flags={"length"})
    visitor.visit("phpSysInfo XML", base + "/xml.php", flags={"length"}, show=elements)
    visitor.visit("phpSysInfo XML, gzip", base + "/xml.php?plugin=complete", [GZIP], show=elements)
    visitor.visit("phpSysInfo shared style", base + "/templates/vendor/bootstrap.min.css", [GZIP])
    for target in ("/data/distros.ini", "/data/", "/includes/", "/includes/class.CommonFunctions.inc.php", "/gfx/", "/none.php"):
        visitor.visit("phpSysInfo direct " + target, base + target)
