// Apache: server/config.c: text becomes a tree.
import Bytes
import Testing

@testable import ConfigLanguage

private func tree(_ text: String, _ host: FakeHost = FakeHost()) throws -> String {
    host.add("/srv/conf/a.conf", Array(text.utf8))
    let reader = ConfigReader(host, state: .init(serverRoot: "/srv/conf", defines: ["Flag"]))
    return try reader.read("a.conf").map(\.description).joined()
}

@Test(arguments: [
    ("ServerName a\n", "ServerName a  [1]\n"),
    ("servername\ta  b ", "ServerName a  b  [1]\n"),
    ("# x\n\n   Unknown \"a b\" c\r\n", "Unknown \"a b\" c  [3]\n"),
    ("ServerName a\\\n  b\\\r\n c\nListen 1\n", "ServerName a  b c  [3]\nListen 1  [4]\n"),
    ("# comment \\\nServerName a\nListen 1", "Listen 1  [3]\n"),
    ("ServerName a\0b\nListen 1", "ServerName a  [1]\nListen 1  [2]\n"),
    (
        "<directory \"/a b\">\nOptions x\n</DIRECTORY>\nListen 1",
        "<Directory \"/a b\">  [1]\n    Options x  [2]\nListen 1  [4]\n"
    ),
    (
        "<VirtualHost *:80>\n<IfDefine Flag>\nServerName a\n<Directory /x>\n</Directory>\n</IfDefine>\nListen 1\n"
            + "</VirtualHost>",
        "<VirtualHost *:80>  [1]\n    ServerName a  [3]\n    <Directory /x>  [4]\n    Listen 1  [7]\n"
    ),
    ("<IfDefine !Flag>\n# <x\n<Y>\n</Y>\n</IfDefine>\nListen 1", "Listen 1  [6]\n"),
    ("Define A b\nServerName x${A}y${a}$\nListen ${UNKNOWN:x}", "ServerName xbyb$  [2]\nListen ${UNKNOWN:x}  [3]\n"),
    ("ServerName ${HOME}\nDefine HOME x\nServerName ${HOME}", "ServerName /root  [1]\nServerName x  [3]\n"),
    ("Define A\nServerName ${A}\n", "ServerName ${A}  [2]\n"),
    ("Define A 1\nUnDefine A\n<IfDefine A>\nX\n</IfDefine>\nServerName ${A}", "ServerName ${A}  [6]\n"),
    (
        "<IfModule mod_macro.c>\n<Macro Site $n @p>\n# c\nServerName $n\nDocumentRoot @p\n</Macro>\n</IfModule>\n"
            + "Use site a.b \"/x y\"\nListen 1",
        "ServerName a.b  [1]\nDocumentRoot \"/x y\"  [2]\nListen 1  [9]\n"
    ),
    (
        "<IfModule later_module>\nX\n</IfModule>\nLoadModule later_module l\n<IfModule mod_later.c>\nY\n</IfModule>",
        "Y  [6]\n"
    ),
    ("AtOnce a b\nListen 1", "Listen 1  [2]\n"),
    ("<IfVersion >= 2.4>\nA\n</IfVersion>\n<IfVersion < 2.4>\nB\n</IfVersion>", "A  [2]\n"),
])
func makesTree(text: String, expected: String) throws {
    let host = FakeHost()
    host.variables["HOME"] = "/root"
    #expect(try tree(text, host) == expected)
}

@Test func includesInOrder() throws {
    let host = FakeHost([
        "/srv/conf/d/b.conf": "B\n", "/srv/conf/d/a.conf": "A\nInclude e/x.conf", "/srv/conf/d/.h.conf": "H\n",
        "/srv/conf/d/c.txt": "C\n", "/srv/conf/e/x.conf": "X\n", "/srv/conf/e/sub/y": "Y\n",
    ])
    let text =
        "Include d/*.conf\n<Directory />\nInclude e\n</Directory>\nIncludeOptional none/*.conf\nIncludeOptional n"
    #expect(try tree(text, host) == "A  [1]\nX  [1]\nB  [1]\n<Directory />  [2]\n    Y  [1]\n    X  [1]\n")
    #expect(
        host.opened == [
            "0 (0) /srv/conf/a.conf", "1 (1) /srv/conf/d/a.conf", "2 (2) /srv/conf/e/x.conf",
            "1 (2) /srv/conf/d/b.conf", "1 (3) /srv/conf/e/sub/y", "1 (3) /srv/conf/e/x.conf",
        ])
}

@Test func readsCommandLine() throws {
    let host = FakeHost(["/etc/x/a.conf": "Listen 2\n"])
    let reader = ConfigReader(host, state: .init(serverRoot: "/srv/conf"))
    let nodes = try reader.read("a.conf", before: ["ServerRoot /etc/x", "Listen 1"], after: ["Listen 3"])
    #expect(nodes.map(\.arguments) == ["1", "2", "3"])
    #expect(nodes[0].location == SourceLocation(file: "-c/-C directives", line: 2))
}

@Test(arguments: [
    ("<IfModule core.c>\nOptions x\n</IfModule>", HtaccessRules(), "Options x  [2]\n"),
    ("Include x", HtaccessRules(), "Include not allowed here"),
    ("Define x", HtaccessRules(), "Define not allowed here"),
    ("<IfModule core.c>", HtaccessRules(allowsOverride: false), "<IfModule not allowed here"),
    (
        "Define x\nOptions a", HtaccessRules(isOverrideNonfatal: true),
        "Options a  [2]\nAH02295: Define in .htaccess forbidden by AllowOverride"
    ),
    ("Define x", HtaccessRules(directives: ["define"]), "Define cannot occur within htaccess files"),
    ("LoadModule a b", HtaccessRules(), "LoadModule not allowed here"),
    ("<Files x>\nOptions a", HtaccessRules(), "/w/.htaccess:1: <Files> was not closed."),
    ("<IfModule core.c>\n<Files x>\n", HtaccessRules(), "<Files x>  [2]\n"),
    ("<IfModule none>\n", HtaccessRules(), "Expected </IfModule> before end of configuration"),
    ("</Files>", HtaccessRules(), "</Files> without matching <Files> section"),
])
func readsHtaccess(text: String, rules: HtaccessRules, expected: String) {
    let host = FakeHost()
    let reader = ConfigReader(host, state: .init(serverRoot: "/srv/conf"))
    var result: String
    do {
        let nodes = try reader.readHtaccess(Array(text.utf8), name: "/w/.htaccess", rules: rules)
        result = nodes.map(\.description).joined() + host.logged.joined()
    } catch {
        result = error.message
    }
    #expect(result == expected)
}

/// Lengths with and without a newline, as measured on a running server.
@Test(arguments: [
    (8190, true, true), (8191, true, true), (8192, true, false), (8192, false, true), (8193, false, false),
])
func limitsLinesOfHtaccess(length: Int, newline: Bool, fits: Bool) {
    let reader = ConfigReader(FakeHost(), state: .init(serverRoot: "/"))
    let text = "SetEnv a " + String(repeating: "a", count: length - 9) + (newline ? "\n" : "")
    do {
        let nodes = try reader.readHtaccess(Array(text.utf8), name: "/h")
        #expect(fits && nodes[0].arguments.count == length - 7)
    } catch {
        #expect(!fits && error.message == "Error reading /h at line 1: Line too long")
    }
}

@Test func stateOutlivesReading() throws {
    let host = FakeHost(["/srv/conf/a.conf": "Define A b\n<Macro M $x>\nServerName $x\n</Macro>\n"])
    let reader = ConfigReader(host, state: .init(serverRoot: "/srv/conf"))
    _ = try reader.read("a.conf")
    let second = ConfigReader(host, state: reader.state)
    #expect(try second.readHtaccess(Array("Use M ${A}".utf8), name: "/h").map(\.arguments) == ["b"])
}

/// What macros are not warned of, from where it is said on.
@Test(
    arguments: [
        ("<Macro $m $x>\nA$x\n</Macro>\nUse $m \"\"", 2798),
        ("MacroIgnoreEmptyArgs\n<Macro $m $x>\nA$x\n</Macro>\nUse $m \"\"", nil),
        ("<Macro $m $x>\nA$x\n</Macro>\nUse $m \"\"\nMacroIgnoreEmptyArgs Off", 2798),
        ("<Macro $m>\n<Directory /b>\n</Macro>", 2795),
        ("MacroIgnoreBadNesting\n<Macro $m>\n<Directory /b>\n</Macro>", nil),
    ] as [(String, Int?)])
func macroWarnings(_ row: (text: String, number: Int?)) throws {
    let host = FakeHost()
    let reader = ConfigReader(host, state: .init(serverRoot: "/"))
    _ = try reader.readHtaccess(Array(row.text.utf8), name: "/h")
    let lines = host.logged.filter { !$0.contains("AH02803") }
    #expect(lines.map { $0.prefix(7) } == (row.number.map { ["AH0\($0)"] } ?? []))
}
