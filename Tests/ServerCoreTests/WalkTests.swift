import Bytes
import Kernel
import Testing

@testable import ServerCore

/// In which order sections and `.htaccess` files are laid over each other: each says a word, the words show the order.
@Suite struct WalkTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        /// Lines; `{Directory DIR/htdocs} word` is a section with one mark.
        var config: String
        var htaccess: [String: String] = [:]
        var uri: ByteString = "/a/b/f.html"
        var words: ByteString
        var testDescription: String { name }
    }

    /// `{Kind argument} text` on a line of its own is a section around `Mark text`.
    private static func expand(_ text: String) -> String {
        text.split(separator: "\n").map { line in
            guard line.first == "{", let end = line.lastIndex(of: "}") else { return String(line) }
            let inside = line[line.index(after: line.startIndex)..<end]
            let kind = inside.split(separator: " ")[0]
            let words = line[line.index(after: end)...].split(separator: " ").map { "Mark \($0)" }
            return "<\(inside)>\n\(words.joined(separator: "\n"))\n</\(kind)>"
        }.joined(separator: "\n")
    }

    static let rows: [Row] = [
        Row(name: "nothing", config: "", words: ""),
        Row(name: "the server's own comes first", config: "{Directory /} root\nMark server", words: "server root"),
        Row(
            name: "directories by depth, not as written",
            config:
                "{Directory DIR/htdocs/a/b} b\n{Directory DIR/htdocs} top\n{Directory /} root\n{Directory DIR/htdocs/a} a",
            words: "root top a b"),
        Row(
            name: "the same directory twice, as written",
            config: "{Directory DIR/htdocs/a} 1\n{Directory DIR/htdocs} top\n{Directory DIR/htdocs/a/} 2",
            words: "top 1 2"),
        Row(
            name: "neighbours do not count",
            config: "{Directory DIR/htdocs/a/c} no\n{Directory DIR/htdocs/aa} no\n{Directory DIR/htdocs/a/b/f.html} no",
            words: ""),
        Row(
            name: "wild directories match one component each",
            config:
                "{Directory DIR/htdocs/*} one\n{Directory DIR/htdocs/*/b} two\n{Directory DIR/*} top\n{Directory DIR/htdocs/?} q",
            words: "top one q two"),
        Row(
            name: "DirectoryMatch after every Directory and .htaccess",
            config: "{DirectoryMatch ^DIR/htdocs} match\n{Directory DIR/htdocs} top\n{Directory ~ /a/} tilde\n"
                + "<Directory DIR/htdocs>\nAllowOverride All\n</Directory>",
            htaccess: ["/htdocs/a": "Mark file"], words: "top file match tilde"),
        Row(
            name: ".htaccess files between the directories, level by level",
            config:
                "<Directory DIR/htdocs>\nAllowOverride FileInfo\nMark top\n</Directory>\n{Directory DIR/htdocs/a} a\n{Directory DIR/htdocs/a/b} b",
            htaccess: ["/htdocs": "Mark .top", "/htdocs/a": "Mark .a", "/htdocs/a/b": "Mark .b"],
            words: "top .top a .a b .b"),
        Row(
            name: "no override, no .htaccess",
            config:
                "<Directory DIR/htdocs>\nAllowOverride FileInfo\n</Directory>\n<Directory DIR/htdocs/a>\nAllowOverride None\n</Directory>",
            htaccess: ["/htdocs": "Mark .top", "/htdocs/a": "Mark .a", "/htdocs/a/b": "Mark .b"], words: ".top"),
        Row(
            name: "Files after directories, FilesMatch where it stands",
            config:
                "{Files f.html} 1\n{FilesMatch \\.html$} 2\n{Files *.html} 3\n{Files other} no\n{Files f} no\n{Directory DIR/htdocs} top",
            words: "top 1 2 3"),
        Row(
            name: "Files of the server, of a directory, of .htaccess",
            config:
                "<Directory DIR/htdocs/a>\nAllowOverride All\n{Files f.html} inA\n</Directory>\n{Files f.html} server\n"
                + "<Directory DIR/htdocs>\n{Files f.html} inTop\n</Directory>\n<Directory DIR/htdocs/z>\n{Files f.html} no\n</Directory>",
            htaccess: ["/htdocs/a": "<Files f.html>\nMark .inA\n</Files>\nMark .a"],
            words: ".a server inTop inA .inA"),
        Row(
            name: "locations as written, after Files",
            config:
                "{Location /a/b} ab\n{Location /} all\n{LocationMatch /f} match\n{Location /a} a\n{Files f.html} file\n{Directory DIR/htdocs} top",
            words: "top file ab all match a"),
        Row(
            name: "a location ends where a component ends",
            config:
                "{Location /a/b/f.html} whole\n{Location /a/b/f} no\n{Location /a/b/} slash\n{Location /a/*/f.html} wild\n{Location /a/*} no\n{Location ~ b/f} tilde",
            words: "whole slash wild tilde"),
        Row(
            name: "If last",
            config:
                "<If \"%{REQUEST_URI} =~ /f/\">\nMark if\n</If>\n{Location /} location\n<If false>\nMark no\n</If>\n{Files f.html} file",
            words: "file location if"),
        Row(
            name: "ElseIf and Else",
            config:
                "<If false>\nMark no\n</If>\n<ElseIf true>\nMark elseif\n</ElseIf>\n<ElseIf true>\nMark no\n</ElseIf>\n<Else>\nMark no\n</Else>\n"
                + "<If false>\nMark no\n</If>\n<Else>\nMark else\n</Else>",
            words: "elseif else"),
        Row(
            name: "If inside sections",
            config:
                "<Directory DIR/htdocs/a>\n<If true>\nMark ifA\n</If>\n</Directory>\n<Location />\n<If true>\nMark ifLocation\n</If>\n</Location>\n<If true>\nMark if\n</If>",
            words: "if ifA ifLocation"),
        Row(
            name: "a directory itself",
            config: "{Directory DIR/htdocs/a} a\n{Directory DIR/htdocs/a/b} no\n{Files *} file",
            uri: "/a/", words: "a file"),
        Row(
            name: "what is not there",
            config: "{Directory DIR/htdocs/a} a\n{Directory DIR/htdocs/a/none} no\n{Files none} file",
            uri: "/a/none/x", words: "a file"),
        Row(
            name: "the path behind a file",
            config:
                "{Directory DIR/htdocs/a/b} b\n{Files f.html} file\n{Files x} no\n{Location /a/b/f.html/x} location",
            uri: "/a/b/f.html/x", words: "b file location"),
        Row(
            name: "through a link: the name asked for, not where it leads",
            config:
                "<Directory DIR/htdocs>\nOptions FollowSymLinks\n</Directory>\n{Directory DIR/htdocs/link} link\n{Directory DIR/htdocs/a} no",
            uri: "/link/f.html", words: "link"),
    ]
    private func site(_ row: Row) throws -> Site {
        let site = try Site(
            Self.expand(row.config),
            files: [("/htdocs/a/b/f.html", "x")] + row.htaccess.map { ("\($0.key)/.htaccess", $0.value) })
        try File.link("a/b", at: site.directory + "/htdocs/link")
        return site
    }
    @Test(arguments: rows) func order(_ row: Row) throws {
        let site = try site(row)
        // Walked, then from what the walk left behind.
        for _ in 0..<2 {
            let request = site.request(row.uri)
            #expect(ProcessRequest.resolveNow(request) == .ok)
            #expect(Probe.words(request) == row.words)
        }
    }

    /// A virtual host's sections follow the main server's of the same kind.
    @Test func virtualHosts() throws {
        let site = try Site(
            Self.expand(
                """
                <VirtualHost *:80>
                ServerName v
                Mark host
                {Directory DIR/htdocs/a} hostA
                {Location /} hostLocation
                {Files f.html} hostFile
                {DirectoryMatch a} hostMatch
                <If true>
                Mark hostIf
                </If>
                </VirtualHost>
                Mark main
                {Directory DIR/htdocs/a} mainA
                {Directory DIR/htdocs/a/b} mainB
                {Location /} mainLocation
                {Files f.html} mainFile
                {DirectoryMatch a} mainMatch
                <If true>
                Mark mainIf
                </If>
                """), files: [("/htdocs/a/b/f.html", "x")])
        let request = site.request("/a/b/f.html", server: site.configuration.virtualHosts[0])
        #expect(ProcessRequest.resolveNow(request) == .ok)
        #expect(
            Probe.words(request)
                == "main host mainA hostA mainB mainMatch hostMatch mainFile hostFile mainLocation hostLocation mainIf hostIf"
        )
        let main = site.request("/a/b/f.html")
        #expect(ProcessRequest.resolveNow(main) == .ok)
        #expect(Probe.words(main) == "main mainA mainB mainMatch mainFile mainLocation mainIf")
    }

    /// Options on the way down, and the links they allow.
    @Test(arguments: [
        ("", 200), ("Options None", 403), ("Options FollowSymLinks", 200), ("Options SymLinksIfOwnerMatch", 200),
        ("Options Indexes", 403), ("Options +Indexes", 200), ("Options -FollowSymLinks", 403),
    ])
    func links(_ options: String, _ status: Int) throws {
        let row = Row(
            name: "", config: "<Directory DIR/htdocs>\n\(options)\n</Directory>", uri: "/link/f.html", words: "")
        let site = try site(row)
        for _ in 0..<2 {
            let outcome = ProcessRequest.resolveNow(site.request(row.uri))
            #expect(outcome == (status == 200 ? .ok : .status(status)))
        }
    }
}
