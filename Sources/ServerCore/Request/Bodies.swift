// Apache: util_filter.h, apr_buckets.h; here bodies are pulled, so nobody produces before being asked.

import Bytes
import Kernel

/// Why a body ended early. The connection cannot be kept.
public enum BodyError: Error, Sendable, Equatable {
    case timedOut
    /// The peer went away.
    case closed
    /// The peer sent something that is not a body; answered with this status where an answer is still possible.
    case status(Int)
}

/// Bytes on demand: asked for more only when the last piece was taken. Nil is the end.
public protocol BodySource: AnyObject {
    func next() async throws(BodyError) -> ByteString?
    /// The reader gave up before the end (client gone, error): release what is held. Called at most once.
    func cancel()
    /// Everything was given: `next()` would answer nil without waiting. An answer that ends with its first piece gets
    /// a Content-Length. False is always a correct answer.
    var isAtEnd: Bool { get }
    /// The next piece is not there yet and may take long: what was given so far should reach the client now (a FLUSH
    /// bucket). Filters that collect look at this.
    var wantsFlush: Bool { get }
    /// The piece given last was the last one, though the length is not to be told: the end goes out together with it.
    /// False is always a correct answer.
    var hasGivenAll: Bool { get }
}
extension BodySource {
    public func cancel() {}
    public var isAtEnd: Bool { false }
    public var wantsFlush: Bool { false }
    public var hasGivenAll: Bool { false }
}
extension BodyError {
    /// How a handler answers when reading the request body failed (ap_map_http_request_error).
    public var requestStatus: Int {
        switch self {
        case .timedOut: 408
        case .closed: 400
        case .status(let status): status
        }
    }
}

/// An open file that a response or several of them send from; closed with its last user.
public final class OpenFile: @unchecked Sendable {
    public let descriptor: Int32
    private let owned: Descriptor
    public init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor.raw
        owned = descriptor
    }
}

/// What a handler answers with.
public enum ResponseBody {
    case none
    case pieces([Piece])
    /// Length unknown unless Content-Length was set by the producer.
    case stream(any BodySource)

    public enum Piece {
        case bytes(ByteString)
        case file(OpenFile, offset: Int64, count: Int64)

        public var count: Int64 {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .file(_, _, let count): count
            }
        }
    }
    public static func bytes(_ bytes: ByteString) -> ResponseBody { .pieces([.bytes(bytes)]) }

    /// Total length when it is known beforehand.
    public var knownCount: Int64? {
        switch self {
        case .none: 0
        case .pieces(let pieces): pieces.reduce(0) { $0 + $1.count }
        case .stream: nil
        }
    }
    /// Any body as a source; file pieces are read in blocks of 32 kB.
    public consuming func asSource() -> any BodySource {
        switch self {
        case .none: PieceSource([])
        case .pieces(let pieces): PieceSource(pieces)
        case .stream(let source): source
        }
    }
}

final class PieceSource: BodySource {
    private var pieces: ArraySlice<ResponseBody.Piece>
    private var offset: Int64 = 0
    init(_ pieces: [ResponseBody.Piece]) { self.pieces = pieces[...] }
    var isAtEnd: Bool {
        switch pieces.first {
        case nil: true
        case .file(_, _, let count)?: pieces.count == 1 && offset == count
        case .bytes?: false
        }
    }

    func next() async throws(BodyError) -> ByteString? {
        while let piece = pieces.first {
            switch piece {
            case .bytes(let bytes):
                pieces.removeFirst()
                if !bytes.isEmpty { return bytes }
            case .file(let file, let start, let count):
                let want = min(32768, count - offset)
                if want > 0, let block = readBlock(file, at: start + offset, count: Int(want)) {
                    offset += Int64(block.count)
                    return block
                }
                if want > 0 { throw .closed }
                offset = 0
                pieces.removeFirst()
            }
        }
        return nil
    }
    private func readBlock(_ file: OpenFile, at offset: Int64, count: Int) -> ByteString? {
        var block: [UInt8] = []
        guard case .bytes(let got) = File.read(file.descriptor, into: &block, count: count, offset: offset), got > 0
        else { return nil }
        return ByteString(block)
    }
}

/// A piece that was taken already, and the rest of its source.
public final class PrependedSource: BodySource {
    private var first: ByteString?
    private let rest: any BodySource
    public init(_ first: ByteString?, _ rest: any BodySource) {
        self.first = first
        self.rest = rest
    }
    public func cancel() { rest.cancel() }
    public var isAtEnd: Bool { first == nil && rest.isAtEnd }
    public var wantsFlush: Bool { rest.wantsFlush }
    public func next() async throws(BodyError) -> ByteString? {
        if let piece = first {
            first = nil
            return piece
        }
        return try await rest.next()
    }
}

/// A transformation of the response, run once when the handler has set status, fields and body and before the head
/// goes out. `apply` may change fields and wrap `request.responseBody` in a source of its own.
public struct OutputFilter: Sendable {
    /// Order of running: Apache's AP_FTYPE classes.
    public enum Stage: Int, Sendable { case beforeResource = 9, resource = 10, contentSet = 20, `protocol` = 30 }
    public let name: ByteString
    public let stage: Stage
    /// Before the handler runs: what the filter will do may keep it from answering 304 (filter_init).
    public let prepare: (@Sendable (Request) -> Void)?
    /// How many bytes of a body the filter wants to see before it decides, when a handler gives the body's end along with
    /// its beginning (a program's output): the handler then waits for as many, or for the end.
    public let preview: (@Sendable (Request) -> Int)?
    public let apply: @Sendable (Request) -> Void
    public init(
        _ name: ByteString, _ stage: Stage, prepare: (@Sendable (Request) -> Void)? = nil,
        preview: (@Sendable (Request) -> Int)? = nil, _ apply: @escaping @Sendable (Request) -> Void
    ) {
        self.name = name
        self.stage = stage
        self.prepare = prepare
        self.preview = preview
        self.apply = apply
    }
}

extension Request {
    /// What the filters of this answer want to see of it first; 0 when none of them looks.
    public var previewCount: Int { outputFilters.reduce(0) { max($0, $1.preview?(self) ?? 0) } }
}

/// A transformation of the request body: wraps the source that handlers read.
public struct InputFilter: Sendable {
    public let name: ByteString
    public let wrap: @Sendable (Request, any BodySource) -> any BodySource
    public init(_ name: ByteString, _ wrap: @escaping @Sendable (Request, any BodySource) -> any BodySource) {
        self.name = name
        self.wrap = wrap
    }
}
