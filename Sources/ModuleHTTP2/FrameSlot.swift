// Apache: modules/http2/h2_stream.h, h2_config.h: a stream and the settings, as nghttp2's callbacks see them

import Bytes
import Kernel
import ServerCore

/// One stream as nghttp2's callbacks see it.
struct FrameSlot {
    /// What there is to send.
    enum Source {
        case none
        case bytes([UInt8])
        case file(OpenFile)
        case planned(PlannedAnswer)
    }
    var id: Int32 = 0
    var isUsed = false
    var isLast = false
    var hasTrailers = false
    /// nghttp2 asked for more and there was nothing.
    var isDeferred = false
    var remoteEnded = false
    /// The head of the answer was given.
    var isAnswered = false
    var stream: HTTP2Stream?
    var source = Source.none
    /// Where in the bytes or the file the rest begins, and how much it is.
    var offset = 0
    var pending = 0
    /// Bytes of the request body that nobody read.
    var discarded = 0

    mutating func give(_ planned: PlannedAnswer) {
        source = .planned(planned)
        offset = 0
        pending = planned.file == nil ? planned.body.count : Int(clamping: planned.fileCount)
        isLast = true
    }
    mutating func give(_ piece: ResponseBody.Piece, isLast: Bool) {
        switch piece {
        case .bytes(let bytes):
            source = .bytes(bytes.bytes)
            offset = 0
            pending = bytes.count
        case .file(let file, let start, let count):
            source = .file(file)
            offset = Int(clamping: start)
            pending = Int(clamping: count)
        }
        self.isLast = isLast
    }
    /// Moves the next `count` bytes to `output`; false when a file is shorter than was promised.
    mutating func take(_ count: Int, to output: inout [UInt8]) -> Bool {
        switch source {
        case .none: if count > 0 { return false }
        case .bytes(let bytes): output.append(contentsOf: bytes[offset..<offset + count])
        case .file(let file): guard Self.read(file, offset, count, to: &output) else { return false }
        case .planned(let planned):
            if let file = planned.file {
                guard Self.read(file, offset, count, to: &output) else { return false }
            } else if count == planned.body.count {
                output.append(contentsOf: planned.body)
            } else {
                output.append(contentsOf: planned.body[offset..<offset + count])
            }
        }
        offset += count
        pending -= count
        // A planned answer holds the fields of its head until the stream is over.
        if pending == 0, !isPlanned { source = .none }
        return true
    }
    private var isPlanned: Bool { if case .planned = source { true } else { false } }
    private static func read(_ file: OpenFile, _ offset: Int, _ count: Int, to output: inout [UInt8]) -> Bool {
        guard case .bytes(let got) = File.read(file.descriptor, into: &output, count: count, offset: Int64(offset))
        else {
            return false
        }
        return got == count
    }
}

/// The settings of one session.
struct FrameOptions {
    var maxStreams: UInt32 = 100
    var windowSize: UInt32 = 65535
    var maxHeaderBlock = 0
    var maxDataFrame = 0
    var paddingBits = 0
    var limits = HeadLimits()
}
