import Bytes
import Testing

@testable import Modules

struct ServletPathTests {
    /// What the real mod_proxy passes on for `mapping=servlet`: the rest of the path, and the path without parameters.
    @Test(
        arguments: [
            ("/a/b", "/a/", "b", "/a/b"), ("/a;x=y/b", "/a/", "b", "/a/b"), ("/a;x/../a/b;c", "/a/", "b;c", "/a/b"),
            ("/a;p", "/a", "", "/a"), ("/a;p/b", "/a", ";p/b", "/a/b"), ("/a", "/a", "", "/a"),
            ("/a/", "/a", "/", "/a/"),
            ("//a//b", "/a/", "b", "/a/b"), ("/x/..;y/a/b", "/a/", "b", "/a/b"), ("/a", "/", "a", "/a"),
        ] as [(ByteString, ByteString, ByteString, ByteString)])
    func matches(_ path: ByteString, _ alias: ByteString, _ rest: ByteString, _ plain: ByteString) throws {
        let found = try #require(ServletPath.match(path, alias))
        #expect(path.from(found.length) == rest)
        #expect(found.path == plain)
    }
    @Test(
        arguments: [("/ab", "/a"), ("/b/a", "/a/"), ("/..;/a", "/a"), ("/a", "/a/"), ("/", "/a"), ("a", "/a")]
            as [(ByteString, ByteString)])
    func refuses(_ path: ByteString, _ alias: ByteString) { #expect(ServletPath.match(path, alias) == nil) }
}
