// Apache: modules/http2/h2_stream.h, h2_config.h: a stream and the settings, as nghttp2's callbacks see them

import Bytes
import Kernel
import ServerCore

/// One stream as nghttp2's callbacks see it.
struct FrameSlot {
    var id: Int32 = 0
    var isUsed = false
    var stream: HTTP2Stream?
    /// A Host field that is not the request's host.
    var originalHost: [UInt8] = []
    // What is to be sent: bytes, or a part of a file.
    var bytes: [UInt8] = []
    var offset = 0
    var file: OpenFile?
    var fileOffset: Int64 = 0
    var fileCount: Int64 = 0
    var isLast = false
    var hasTrailers = false
    /// nghttp2 asked for more and there was nothing.
    var isDeferred = false
    var remoteEnded = false
    /// Bytes of the request body that nobody read.
    var discarded = 0
    /// The head of the answer was given.
    var isAnswered = false

    var pending: Int { file == nil ? bytes.count - offset : Int(clamping: fileCount) }
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
