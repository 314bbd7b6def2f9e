// nghttp2/nghttp2.h: what its callbacks write down

import Bytes
import CNGHTTP2

/// What happened on a connection, noted while nghttp2 reads or writes frames, and dealt with afterwards.
struct FrameEvent {
    enum Kind: UInt8 {
        /// A request's head is in `text[start..<end]`, or in `raw` where `isRaw` says so; `code` is a status to refuse it
        /// with, or 0.
        case request
        /// A piece of a request body is in `text[start..<end]`.
        case data
        /// The request is whole.
        case ended
        /// nghttp2 forgot the stream; `code` is the error. Of a stream that ended well and that nobody serves, nothing is noted.
        case closed
        /// The client reset the stream.
        case reset
        /// All that was given for the stream was taken.
        case drained
        /// A head could not be sent.
        case notSent
        case goAway
        case pingAcknowledged
        /// A frame that moves nothing: PING, SETTINGS, PRIORITY …
        case idle
        /// The client gave room to send.
        case window
        /// The promise of a pushed answer is on its way: the stream is there.
        case promised
        /// A frame of a request that the client has ended.
        case stray
    }
    var kind: Kind
    var hasBody = false
    var isRaw = false
    var slot: Int32 = -1
    var id: Int32 = 0
    var start = 0
    var end = 0
    var code: UInt32 = 0
}

/// What nghttp2's callbacks write into; one for all sessions of a loop, because only one is at work at a time. It lies behind
/// a pointer: the callbacks come many times for one request, and each is a leaf that nothing else can run inside of.
@safe final class FrameScratch {
    @safe struct Contents {
        var events: [FrameEvent] = []
        var text: [UInt8] = []
        var output: [UInt8] = []
        var pairs: [nghttp2_nv] = unsafe []
        var builder = HeadBuilder()
        var closedStreams: [HTTP2Stream] = []
        var originalHosts: [(id: Int32, host: [UInt8])] = []
        var webSockets: [(id: Int32, key: ByteString)] = []
    }
    let memory = FrameMemory()
    /// Fields of heads that nobody has looked at.
    let raw = RawFields()
    /// The value of `date` in the answers of this moment, where nghttp2 finds it when it writes them.
    let date: UnsafeMutablePointer<UInt8>
    static let dateCount = 29
    private let contents: UnsafeMutablePointer<Contents>

    init() {
        unsafe date = .allocate(capacity: Self.dateCount)
        unsafe date.initialize(repeating: 32, count: Self.dateCount)
        unsafe contents = .allocate(capacity: 1)
        unsafe contents.initialize(to: Contents())
    }
    deinit {
        unsafe contents.deinitialize(count: 1)
        unsafe contents.deallocate()
        unsafe date.deallocate()
    }
    var events: [FrameEvent] {
        _read { yield unsafe contents.pointee.events }
        _modify { yield unsafe &contents.pointee.events }
    }
    /// Heads and bodies that events name.
    var text: [UInt8] {
        _read { yield unsafe contents.pointee.text }
        _modify { yield unsafe &contents.pointee.text }
    }
    /// Frames to send.
    var output: [UInt8] {
        _read { yield unsafe contents.pointee.output }
        _modify { yield unsafe &contents.pointee.output }
    }
    @unsafe var pairs: [nghttp2_nv] {
        _read { yield unsafe contents.pointee.pairs }
        _modify { yield unsafe &contents.pointee.pairs }
    }
    /// The head that is being read.
    var builder: HeadBuilder {
        _read { yield unsafe contents.pointee.builder }
        _modify { yield unsafe &contents.pointee.builder }
    }
    /// Streams that `closed` events are about.
    var closedStreams: [HTTP2Stream] {
        _read { yield unsafe contents.pointee.closedStreams }
        _modify { yield unsafe &contents.pointee.closedStreams }
    }

    /// Host fields that are not the hosts of the requests that `request` events are about.
    var originalHosts: [(id: Int32, host: [UInt8])] {
        _read { yield unsafe contents.pointee.originalHosts }
        _modify { yield unsafe &contents.pointee.originalHosts }
    }
    /// Keys of requests that ask for a WebSocket.
    var webSockets: [(id: Int32, key: ByteString)] {
        _read { yield unsafe contents.pointee.webSockets }
        _modify { yield unsafe &contents.pointee.webSockets }
    }

    func setDate(_ text: [UInt8]) {
        guard text.count == Self.dateCount else { return }
        for index in 0..<Self.dateCount { unsafe date[index] = text[index] }
    }
    func empty() {
        raw.cut(to: 0)
        if !originalHosts.isEmpty { originalHosts = [] }
        if !webSockets.isEmpty { webSockets = [] }
        events.removeAll(keepingCapacity: true)
        if text.capacity > 1 << 18 { text = [] } else { text.removeAll(keepingCapacity: true) }
    }
}
