import ServerCore
import Testing

@Suite struct CoreDirectoryTests {
    /// `Options` as `core_dir_config` holds them: absolute ones, or what `+` and `-` said.
    struct OptionsCase: Sendable {
        var base: Options?
        var baseAdd: Options = []
        var child: Options?
        var add: Options = []
        var remove: Options = []
        var result: Options
    }

    @Test(arguments: [
        OptionsCase(base: [.includes, .includesExec], add: [.includes], result: [.includes]),
        OptionsCase(baseAdd: [.includes, .includesExec], add: [.includes], result: [.followSymLinks, .includes]),
        OptionsCase(
            base: [.includes, .includesExec], add: [.includes, .includesExec], result: [.includes, .includesExec]),
        OptionsCase(base: [.includes, .includesExec], add: [.indexes], result: [.includes, .includesExec, .indexes]),
        OptionsCase(base: [.indexes], add: [.includes], result: [.indexes, .includes]),
        OptionsCase(base: [.includes, .includesExec], remove: [.includes], result: [.includesExec]),
        OptionsCase(base: [.indexes], child: [.execCGI], result: [.execCGI]),
    ])
    func options(_ row: OptionsCase) {
        var base = CoreDirectory()
        if let options = row.base { base.options = .set(options) }
        base.optionsAdd = row.baseAdd
        var child = CoreDirectory()
        if let options = row.child { child.options = .set(options) }
        child.optionsAdd = row.add
        child.optionsRemove = row.remove
        #expect(CoreDirectory.merged(base, child).effectiveOptions == row.result)
    }

    struct ETagCase: Sendable {
        var base: CoreDirectory.ETagBits
        var child: CoreDirectory.ETagBits = []
        var add: CoreDirectory.ETagBits = []
        var remove: CoreDirectory.ETagBits = []
        var result: CoreDirectory.ETagBits
    }

    @Test(arguments: [
        ETagCase(base: .none, add: [.mtime, .inode], result: [.mtime, .inode]),
        ETagCase(base: [.mtime], add: [.inode], result: [.mtime, .inode]),
        ETagCase(base: [.mtime, .inode, .size], remove: [.mtime, .inode], result: [.size]),
        ETagCase(base: [.mtime], child: .none, result: .none),
        ETagCase(base: .none, result: .none),
        ETagCase(base: [.size], result: [.size]),
    ])
    func etags(_ row: ETagCase) {
        var base = CoreDirectory()
        base.etagBits = row.base
        var child = CoreDirectory()
        child.etagBits = row.child
        child.etagAdd = row.add
        child.etagRemove = row.remove
        #expect(CoreDirectory.merged(base, child).etagBits == row.result)
    }
}
