// PHP: Zend/zend_ini_parser.y, sapi/fpm/fpm/fpm_conf.c
import Bytes
import Testing

@testable import ConfigLanguage

extension FakeHost: IniSource {
    func iniVariable(_ name: ByteString) -> ByteString? { name == "HOME" ? "/root" : nil }
    func fullIncludePath(_ pattern: ByteString) -> ByteString { mergedPath("/srv/fpm", pattern) ?? pattern }
    func logIniWarning(_ message: String) { logged.append(message) }
}

private func text(_ statement: IniStatement) -> String? {
    switch statement {
    case .section(let name): "[\(name)]"
    case .entry(let name, let value): value.map { "\(name)=\($0)" }
    case .arrayEntry(let name, let key, let value): "\(name)[\(key)]=\(value)"
    }
}

@Test func parsesLinesLikePHP() {
    let host = FakeHost()
    for (line, expected) in iniVerdicts {
        let result: String
        do {
            result = try IniParser.parse(Array(line.utf8), host).compactMap(text).joined(separator: "|")
        } catch {
            result = "! " + error.message
        }
        #expect(result == expected, "\(line)")
    }
}

private func read(_ files: [String: String]) -> String {
    let host = FakeHost(files)
    do {
        let entries = try IniFile.read("/srv/fpm/fpm.conf", host)
        return
            (entries.compactMap { entry in text(entry.statement).map { "\(entry.location.line) \($0)" } }
            + host.logged).joined(separator: "\n")
    } catch {
        return error.messages.joined(separator: "\n")
    }
}

@Test(arguments: [
    (["/srv/fpm/fpm.conf": "[global]\r\npid = x\n\n[www]\nuser = a"], "1 [global]\n2 pid=x\n4 [www]\n5 user=a"),
    (
        [
            "/srv/fpm/fpm.conf": "include=pool.d/*.conf\nz = 1\n", "/srv/fpm/pool.d/b.conf": "[b]\n",
            "/srv/fpm/pool.d/a.conf": "[a]\nx[y] = 10s;\n", "/srv/fpm/pool.d/sub.conf/x": "",
        ], "1 [a]\n2 x[y]=10s\n1 [b]\n2 z=1"
    ),
    (
        ["/srv/fpm/fpm.conf": "include = none/*\n"],
        "Unable to globalize '/srv/fpm/none/*' (ret=2) from /srv/fpm/fpm.conf at line 1."
    ),
    (
        ["/srv/fpm/fpm.conf": "\ninclude = *.none\n"],
        "Nothing matches the include pattern '/srv/fpm/*.none' from /srv/fpm/fpm.conf at line 2."
    ),
    ([:], "failed to open configuration file '/srv/fpm/fpm.conf': No such file or directory (2)"),
    (["/srv/fpm/fpm.conf": "\nfoo"], "[/srv/fpm/fpm.conf:2] value is NULL for a ZEND_INI_PARSER_ENTRY"),
    (
        ["/srv/fpm/fpm.conf": "include = a\n", "/srv/fpm/a": "x = (\n"],
        "PHP:  syntax error, unexpected END_OF_LINE in /srv/fpm/a on line 1\n"
            + "Unable to include /srv/fpm/a from /srv/fpm/fpm.conf at line 1"
    ),
    (
        ["/srv/fpm/fpm.conf": "include = fpm.conf\n"],
        "failed to include more than 5 files recursively\n"
            + (0..<5).map { _ in "Unable to include /srv/fpm/fpm.conf from /srv/fpm/fpm.conf at line 1" }
            .joined(separator: "\n")
    ),
])
func readsFiles(files: [String: String], expected: String) { #expect(read(files) == expected) }
