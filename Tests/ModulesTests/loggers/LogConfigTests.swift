// Apache: modules/loggers/mod_log_config.c

import Bytes
import ServerCore
import Testing

@testable import Modules

@Suite("mod_log_config")
struct LogConfigTests {
    @Test(
        "cookies",
        arguments: [
            ("a=b; c=d", "c", "d"), ("a=b; C = d e ; x=y", "c", "d e"), ("a=b", "c", nil), ("c=", "c", nil),
            ("c=\"x=y\"", "c", "\"x=y\""), ("cc=1; c=2", "c", "2"), ("=c=1", "c", "1"), ("c", "c", nil), ("", "c", nil),
        ] as [(ByteString, ByteString, ByteString?)])
    func cookies(_ field: ByteString, _ name: ByteString, _ value: ByteString?) {
        #expect(LogFieldItems.find(name, in: field.bytes, from: 0).map { field[$0] } == value)
    }

    @Test("what is appended is escaped in place")
    func escaped() {
        var line = Array("\"raw\" ".utf8)
        _ = LogItems.text("a\"b\\\n\u{1}", &line)
        #expect(ByteString(line) == "\"raw\" a\\\"b\\\\\\n\\x01")
    }

    @Test(
        "arguments of piped logs",
        arguments: [
            ("/bin/cat -u", ["/bin/cat", "-u"]), ("a 'b c' \"d\"e", ["a", "b c", "de"]), ("a\\ b  c", ["a b", "c"]),
            ("  ", []), ("x ''", ["x", ""]),
        ] as [(ByteString, [ByteString])])
    func arguments(_ text: ByteString, _ words: [ByteString]) { #expect(LogProgram.arguments(text) == words) }
}
