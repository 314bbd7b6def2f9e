// Apache: modules/generators/mod_autoindex.c; APR: apr_strfsize, apr_strnatcmp

import Bytes
import Testing

@testable import Modules

@Suite("mod_autoindex")
struct AutoindexTests {
    @Test(
        "sizes",
        arguments: [
            (-1, "  - "), (0, "  0 "), (972, "972 "), (973, "1.0K"), (1024, "1.0K"), (1536, "1.5K"), (10188, "9.9K"),
            (10189, " 10K"), (996_351, "973K"), (1_048_576, "1.0M"), (1_500_000, "1.4M"), (.max, "8.0E"),
        ] as [(Int64, ByteString)])
    func sizes(_ size: Int64, _ text: ByteString) {
        var output: [UInt8] = []
        IndexSize.append(size, to: &output)
        #expect(ByteString(output) == text)
    }

    @Test(
        "natural order",
        arguments: [
            ("file9", "file10", -1), ("file1.01", "file1.1", -1), ("a", "a", 0), ("a 1", "a1", 0), ("b", "a", 1),
            ("x", "x1", -1), ("10", "9", 1), ("A", "a", -1),
        ] as [(ByteString, ByteString, Int)])
    func natural(_ left: ByteString, _ right: ByteString, _ result: Int) {
        #expect(NaturalOrder.compare(left, right, ignoringCase: false) == result)
        #expect(NaturalOrder.compare(right, left, ignoringCase: false) == -result)
    }

    @Test(
        "queries",
        arguments: [
            ("C=M;O=D", IndexSortKey.lastModified, false, "", nil),
            ("C=S&F=2&V=1", .size, true, ";F=2;V=1", nil),
            ("P=%2a.txt;C=D", .description, true, ";P=*.txt", "*.txt"),
            ("O=D;junk;C=S", .name, false, "", nil),
            ("C=Z", .name, true, "", nil), ("C=", .name, true, "", nil), ("P=", .name, true, "", nil),
            ("P=%zz;O=D", .name, false, "", nil), ("C=MM", .name, true, "", nil),
        ] as [(ByteString, IndexSortKey, Bool, ByteString, ByteString?)])
    func queries(
        _ text: ByteString, _ key: IndexSortKey, _ ascending: Bool, _ arguments: ByteString, _ pattern: ByteString?
    ) {
        let query = IndexQuery(AutoindexDirectory(), query: text)
        #expect(query.key == key)
        #expect(query.isAscending == ascending)
        #expect(query.columnArguments == arguments)
        #expect(query.pattern == pattern)
    }

    @Test(
        "titles",
        arguments: [
            ("<html><TITLE>A\nB</title>", "A B"), ("<title>\r\nx</title>", "x"), ("<title", nil), ("", nil),
            ("<t<title>y", nil),
        ] as [(ByteString, ByteString?)])
    func titles(_ text: ByteString, _ title: ByteString?) { #expect(IndexCollector.title(in: text.bytes) == title) }

    @Test("options add up only while nobody says one without a sign")
    func options() {
        var base = AutoindexDirectory()
        base.options = [.unset, .fancy]
        var plus = AutoindexDirectory()
        plus.added = .foldersFirst
        var merged = AutoindexDirectory.merged(base, plus)
        #expect(merged.options == [.unset, .fancy, .foldersFirst])
        var none = AutoindexDirectory()
        none.options = .none
        merged = AutoindexDirectory.merged(merged, none)
        #expect(merged.options == .none)
        var plain = AutoindexDirectory()
        plain.options = [.unset, .table]
        #expect(AutoindexDirectory.merged(base, plain).options == [.unset, .table])
    }
}
