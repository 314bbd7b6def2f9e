import ServerCore
import Testing

@Suite struct CoreDirectoryTests {
    private static func plain(_ options: Options) -> CoreDirectory {
        var result = CoreDirectory()
        result.options = .set(options)
        return result
    }
    private static func relative(_ add: Options, _ remove: Options = []) -> CoreDirectory {
        var result = CoreDirectory()
        result.optionsAdd = add
        result.optionsRemove = remove
        return result
    }

    @Test(
        arguments: [
            (plain([.includes, .includesExec]), relative([.includes]), [.includes]),
            (relative([.includes, .includesExec]), relative([.includes]), [.followSymLinks, .includes]),
            (
                plain([.includes, .includesExec]), relative([.includes, .includesExec], []),
                [.includes, .includesExec]
            ),
            (plain([.includes, .includesExec]), relative([.indexes]), [.includes, .includesExec, .indexes]),
            (plain([.indexes]), relative([.includes]), [.indexes, .includes]),
            (plain([.includes, .includesExec]), relative([], [.includes]), [.includesExec]),
            (plain([.indexes]), plain([.execCGI]), [.execCGI]),
        ] as [(CoreDirectory, CoreDirectory, Options)])
    func options(_ row: (base: CoreDirectory, child: CoreDirectory, result: Options)) {
        #expect(CoreDirectory.merged(row.base, row.child).effectiveOptions == row.result)
    }

    typealias Bits = CoreDirectory.ETagBits
    private static func etag(_ bits: Bits, _ add: Bits = [], _ remove: Bits = []) -> CoreDirectory {
        var result = CoreDirectory()
        result.etagBits = bits
        result.etagAdd = add
        result.etagRemove = remove
        return result
    }

    @Test(
        arguments: [
            (etag(.none), etag([], [.mtime, .inode]), [.mtime, .inode]),
            (etag([.mtime]), etag([], [.inode]), [.mtime, .inode]),
            (etag([.mtime, .inode, .size]), etag([], [], [.mtime, .inode]), [.size]),
            (etag([.mtime]), etag(.none), .none),
            (etag(.none), etag([]), .none),
            (etag([.size]), etag([]), [.size]),
        ] as [(CoreDirectory, CoreDirectory, Bits)])
    func etags(_ row: (base: CoreDirectory, child: CoreDirectory, result: Bits)) {
        #expect(CoreDirectory.merged(row.base, row.child).etagBits == row.result)
    }
}
