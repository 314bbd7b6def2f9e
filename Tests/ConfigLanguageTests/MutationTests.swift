// Damaged input is refused or read, and never more than that.
import Bytes
import Testing

@testable import ConfigLanguage

/// SplitMix64: the same sequence in every run.
private struct Sequence64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

private let seed = """
    Define V "a b"
    ServerName ${V}x
    <VirtualHost *:80>
    <Directory "/srv/a b">
    Options -Indexes \\
      +FollowSymLinks
    </Directory>
    <IfModule !mod_none.c>
    <IfDefine V>
    Listen 1
    </IfDefine>
    </IfModule>
    </VirtualHost>
    <IfVersion >= 2.4>
    <Macro M $x @y>
    ServerAlias $x @y ${V}
    </Macro>
    Use M a "b c"
    </IfVersion>
    Include d/*.conf
    IncludeOptional d/[a-c]?.conf
    # end
    """

private func mutated(_ text: [UInt8], _ random: inout Sequence64) -> [UInt8] {
    var bytes = text
    let alphabet = Array("<>/\\\"'${}!#*?[]=~^|&();@% \t\n\r\0aM".utf8)
    for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 0...30, using: &random))
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.removeSubrange(at..<end)
        case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: at)
        case 2: bytes.insert(contentsOf: Array(bytes[at..<end]), at: Int.random(in: 0...bytes.count, using: &random))
        default: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
        }
    }
    return bytes
}

@Test(arguments: 0..<4) func survivesDamage(start: Int) {
    var random = Sequence64(state: UInt64(start))
    let host = FakeHost(["/srv/conf/d/a.conf": "<Files x>\n</Files>\n", "/srv/conf/d/ab.conf": "Use M 1 2\n"])
    var read = 0
    for _ in 0..<150 {
        let text = mutated(Array(seed.utf8), &random)
        host.add("/srv/conf/a.conf", text)
        let reader = ConfigReader(host, state: .init(serverRoot: "/srv/conf"))
        if (try? reader.read("a.conf")) != nil { read += 1 }
        _ = try? reader.readHtaccess(text, name: "/h")
        for line in text.split(separator: 10) {
            _ = try? IniParser.parse(Array(line), host)
            var words = ArgumentWords(ByteString(Array(line)))
            while !words.isAtEnd { _ = words.nextBraced() }
        }
    }
    #expect(read > 0 && read < 150)
}

@Test func boundsNestingAndMacros() {
    let host = FakeHost()
    let reader = ConfigReader(host, state: .init(serverRoot: "/srv/conf"))
    func message(_ text: String) -> String {
        do {
            return "\(try reader.readHtaccess(Array(text.utf8), name: "/h").count) nodes"
        } catch {
            return error.message
        }
    }
    func times(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
    #expect(message(times("<Files x>\n", 1000) + times("</Files>\n", 1000)) == "1 nodes")
    #expect(
        message(times("<Files x>\n", 1001) + times("</Files>\n", 1001)) == "Sections are nested more than 1000 deep")
    #expect(message(times("<IfModule core.c>\nX\n", 5000) + times("</IfModule>\n", 5000)) == "5000 nodes")
    #expect(message("<IfModule none>\n" + times("<A>\n", 5000) + times("</A>\n", 5000) + "</IfModule>") == "0 nodes")
    // Each macro uses the one before it ten times.
    var bomb = "<Macro m0>\nX\n</Macro>\n"
    for level in 1...9 { bomb += "<Macro m\(level)>\n" + times("Use m\(level - 1)\n", 10) + "</Macro>\n" }
    #expect(message(bomb + "Use m9\n").hasSuffix(": macros make more than 10000 lines"))
    #expect(message("X " + times("$", 8000)) == "1 nodes")
    #expect(fileNameMatches(ByteString(times("*a", 30) + "b"), ByteString(times("a", 200))) == false)
}
