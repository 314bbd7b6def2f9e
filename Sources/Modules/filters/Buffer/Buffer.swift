// Apache: modules/filters/mod_buffer.c

import Bytes
import ServerCore

/// mod_buffer: the `BUFFER` filter collects small pieces of a body, in either direction.
public enum Buffer {
    public static let module = ModuleDefinition(
        "buffer", .filters,
        directives: [
            Directive(
                "BufferSize", .directory, "Maximum size of the buffer used by the buffer filter", .take1(setSize))
        ]
    ) { hooks in
        hooks.addOutputFilter(OutputFilter("BUFFER", .contentSet, collectOutput))
        hooks.addInputFilter(InputFilter("BUFFER", collectInput))
    }
    static let directory = ConfigKey<BufferDirectory>()

    @Sendable private static func setSize(_ context: DirectiveContext, _ text: ByteString) throws(DirectiveError) {
        guard let size = text.decimal, size > 0 else {
            throw DirectiveError("BufferSize must be a size in bytes, and greater than zero")
        }
        context[directory].size = .set(size)
    }

    @Sendable private static func collectOutput(_ request: Request) {
        // A subrequest's body is part of another, whose end it does not know. What is whole already needs no collecting.
        guard !request.isSubrequest, case .stream(let source) = request.responseBody else { return }
        request.responseBody = .stream(CollectingSource(source, request[directory].size.value(default: 131_072)))
    }
    @Sendable private static func collectInput(_ request: Request, _ source: any BodySource) -> any BodySource {
        guard request.isInitial else { return source }
        return CollectingSource(source, request[directory].size.value(default: 131_072))
    }
}

/// mod_buffer's per-directory configuration.
struct BufferDirectory: MergeableConfig {
    /// Bytes.
    var size: Setting<Int> = .inherited
    static func merged(_ base: BufferDirectory, _ child: BufferDirectory) -> BufferDirectory {
        BufferDirectory(size: child.size.or(base.size))
    }
}

/// Gives what another source gives in pieces of at least `size` bytes.
private final class CollectingSource: BodySource {
    private let inner: any BodySource
    private let size: Int
    private(set) var isAtEnd = false
    var wantsFlush: Bool { inner.wantsFlush }

    init(_ inner: any BodySource, _ size: Int) {
        self.inner = inner
        self.size = size
    }
    func cancel() { inner.cancel() }

    func next() async throws(BodyError) -> ByteString? {
        if isAtEnd { return nil }
        var collected = ByteString()
        while collected.count < size {
            guard let piece = try await inner.next() else {
                isAtEnd = true
                return collected.isEmpty ? nil : collected
            }
            collected.append(piece)
            if inner.isAtEnd || inner.wantsFlush { break }
        }
        if inner.isAtEnd { isAtEnd = true }
        return collected
    }
}
