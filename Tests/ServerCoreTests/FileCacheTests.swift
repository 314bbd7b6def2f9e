import Bytes
import Kernel
import Testing

@testable import ServerCore

@Suite struct FileCacheTests {
    private func site() throws -> Site {
        try Site("", files: [("/htdocs/a/f", "12345"), ("/htdocs/a/b/g", "1"), ("/other/x", "")])
    }

    /// `stat` and `lstat`, as the kernel answers them, twice: looked up and remembered.
    @Test(
        arguments: [
            ("/htdocs/a/f", FileStatus.Kind.regular, FileStatus.Kind.regular), ("/htdocs/a", .directory, .directory),
            ("/htdocs/a/", .directory, .directory), ("/htdocs/link", .regular, .symlink),
            ("/htdocs/dangling", nil, .symlink),
            ("/htdocs/linked/g", .regular, .regular), ("/htdocs/none", nil, nil), ("/htdocs/none/deeper", nil, nil),
            ("/htdocs/a/f/below", nil, nil),
        ] as [(ByteString, FileStatus.Kind?, FileStatus.Kind?)])
    func levels(_ path: ByteString, _ target: FileStatus.Kind?, _ link: FileStatus.Kind?) throws {
        let site = try site()
        try File.link("a/f", at: site.directory + "/htdocs/link")
        try File.link("nowhere", at: site.directory + "/htdocs/dangling")
        try File.link("a/b", at: site.directory + "/htdocs/linked")
        let files = site.worker.files
        for _ in 0..<2 {
            #expect(files.status(site.directory + path)?.kind == target)
            #expect((try? files.linkLookup(site.directory + path).get())?.kind == link)
        }
    }

    @Test(
        arguments: [
            ("/htdocs/none", Errno.notFound), ("/htdocs/none/deeper", .notFound), ("/htdocs/a/f/below", .notDirectory),
        ] as [(ByteString, Errno)])
    func reasons(_ path: ByteString, _ reason: Errno) throws {
        let site = try site()
        for _ in 0..<2 { #expect(site.worker.files.lookup(site.directory + path) == .failure(reason)) }
    }

    /// What is remembered is not asked again: without the notices the old answer stands.
    @Test func remembers() throws {
        let site = try site()
        let files = site.worker.files
        #expect(files.status(site.directory + "/htdocs/a/f")?.size == 5)
        try site.write("1234567", to: "/htdocs/a/f")
        #expect(files.status(site.directory + "/htdocs/a/f")?.size == 5)
        files.drainNotices()
        #expect(files.status(site.directory + "/htdocs/a/f")?.size == 7)
    }

    /// Nobody is woken by who writes beside a directory on the way; beside a file, though its name is not known to anybody.
    @Test func sleeps() throws {
        let site = try site()
        let files = site.worker.files
        #expect(files.status(site.directory + "/htdocs/a/b/g")?.size == 1)
        // Other tests make and remove files on the way.
        func told() -> Int {
            var count = 0
            site.worker.loop.drainFileChanges { _, mask, _ in
                if !mask.isDisjoint(with: [.modified, .closedAfterWrite]) { count += 1 }
            }
            return count
        }
        try site.write("1234567", to: "/htdocs/a/f")
        #expect(told() == 0)
        #expect(files.status(site.directory + "/htdocs/a/f")?.size == 7)
        try site.write("123", to: "/htdocs/a/f")
        #expect(told() > 0)
    }

    struct Change: Sendable, CustomTestStringConvertible {
        var name: String
        var asked: ByteString
        var isNoticed: Bool
        var change: @Sendable (Site) throws -> Void
        init(
            _ name: String, _ asked: ByteString, _ isNoticed: Bool, _ change: @escaping @Sendable (Site) throws -> Void
        ) {
            (self.name, self.asked, self.isNoticed, self.change) = (name, asked, isNoticed, change)
        }
        var testDescription: String { name }
    }

    @Test(arguments: [
        Change("written", "/htdocs/a/f", true) { try $0.write("x", to: "/htdocs/a/f") },
        Change("mode", "/htdocs/a/f", true) { try File.setMode($0.directory + "/htdocs/a/f", 0o600) },
        Change("removed", "/htdocs/a/f", true) { try File.unlink($0.directory + "/htdocs/a/f") },
        Change("renamed", "/htdocs/a/f", true) {
            try File.rename($0.directory + "/htdocs/a/f", to: $0.directory + "/htdocs/a/old")
        },
        Change("replaced by another", "/htdocs/a/f", true) {
            try File.rename($0.directory + "/other/x", to: $0.directory + "/htdocs/a/f")
        },
        Change("appeared", "/htdocs/a/new", true) { try $0.write("x", to: "/htdocs/a/new") },
        Change("directory of it appeared", "/htdocs/new/f", true) { try Directory.make($0.directory + "/htdocs/new") },
        Change("directory of it renamed", "/htdocs/a/b/g", true) {
            try File.rename($0.directory + "/htdocs/a", to: $0.directory + "/htdocs/z")
        },
        Change("directory of it replaced by a link", "/htdocs/a/b/g", true) {
            try File.rename($0.directory + "/htdocs/a/b", to: $0.directory + "/htdocs/a/c")
            try File.link("c", at: $0.directory + "/htdocs/a/b")
        },
        Change("neighbour", "/htdocs/a/f", false) { try $0.write("x", to: "/htdocs/a/f2") },
        Change("file below a neighbour", "/htdocs/a/f", false) { try $0.write("x", to: "/htdocs/a/b/g") },
        Change("elsewhere", "/htdocs/a/f", false) { try $0.write("y", to: "/other/x") },
        Change("nothing", "/htdocs/a/f", false) { _ in },
    ])
    func notices(_ change: Change) throws {
        let site = try site()
        let files = site.worker.files
        _ = files.lookup(site.directory + change.asked)
        let epoch = files.epoch
        try change.change(site)
        files.drainNotices()
        #expect((files.epoch != epoch) == change.isNoticed)
        // And once more: what is forgotten is watched again.
        let now = files.lookup(site.directory + change.asked)
        var fresh: Result<FileStatus, Errno>
        do throws(Errno) { fresh = .success(try FileStatus(site.directory + change.asked)) } catch {
            fresh = .failure(error)
        }
        #expect((try? now.get())?.inode == (try? fresh.get())?.inode)
        #expect((try? now.get())?.size == (try? fresh.get())?.size)
    }
}
