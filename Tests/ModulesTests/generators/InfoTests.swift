import Bytes
import ConfigLanguage
import Testing

@testable import Modules

@Suite struct InfoTests {
    private static func node(_ name: String, _ arguments: ByteString, _ line: Int, _ children: [Node] = []) -> Node {
        Node(name: name, arguments: arguments, location: SourceLocation(file: "/f", line: line), children: children)
    }
    private static let tree = [
        node("ServerName", "x", 1),
        node(
            "<Directory", "/a>", 2,
            [node("Options", "None", 3), node("<Limit", "GET>", 4, [node("Require", "all", 5)])]),
        node("<Directory", "/b>", 8, [node("Options", "All", 9)]),
    ]

    @Test func sectionsStandAroundWhatIsShown() {
        var listing = DirectiveListing(["require"])
        listing.write(Self.tree)
        #expect(
            listing.text.string == """
                <dd><tt><strong>In file: /f</strong></tt></dd>
                <dd><tt>&nbsp;&nbsp;&nbsp;2:&nbsp;&lt;Directory /a&gt;</tt></dd>
                <dd><tt>&nbsp;&nbsp;&nbsp;4:&nbsp;&nbsp;&nbsp;&lt;Limit GET&gt;</tt></dd>
                <dd><tt>&nbsp;&nbsp;&nbsp;5:&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;Require <i>all</i></tt></dd>
                <dd><tt>&nbsp;&nbsp;&nbsp;&nbsp;:&nbsp;&nbsp;&nbsp;&lt;/Limit&gt;</tt></dd>\
                <dd><tt>&nbsp;&nbsp;&nbsp;&nbsp;:&nbsp;&lt;/Directory&gt;</tt></dd>
                """)
    }
    @Test func textCanBeReadAgain() {
        var listing = DirectiveListing(nil, .text)
        listing.write(Self.tree)
        #expect(
            listing.text.string == """
                # In file: /f
                #   1:
                ServerName x
                #   2:
                <Directory /a>
                  #   3:
                  Options None
                  #   4:
                  <Limit GET>
                    #   5:
                    Require all
                  </Limit>
                </Directory>
                #   8:
                <Directory /b>
                  #   9:
                  Options All
                </Directory>

                """)
    }
    @Test(arguments: [(["options"], 2), (["servername"], 0), ([], 0)] as [(Set<ByteString>, Int)])
    func closedSections(_ row: (names: Set<ByteString>, count: Int)) {
        var listing = DirectiveListing(row.names)
        listing.write(Self.tree)
        #expect(listing.text.string.components(of: "&lt;/Directory&gt;") == row.count)
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: part) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
