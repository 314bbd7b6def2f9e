// Apache: modules/filters/mod_ratelimit.c

import Bytes
import EventLoop
import ServerCore

/// mod_ratelimit: the `RATE_LIMIT` filter sends an answer no faster than the variable `rate-limit` says.
public enum RateLimit {
    public static let module = ModuleDefinition("ratelimit", .filters, directives: []) { hooks in
        hooks.addOutputFilter(OutputFilter("RATE_LIMIT", .protocol, apply))
    }
    /// Milliseconds between two pieces (RATE_INTERVAL_MS).
    static let interval = 200

    @Sendable private static func apply(_ request: Request) {
        guard !request.isSubrequest, let text = request.env["rate-limit"] else { return }
        guard let speed = bytesPerSecond(text) else {
            request.log(.info, "ratelimit", "AH03488: rl: disabling: rate-limit = \(text) (too high?)")
            return
        }
        var burst = 0
        if let text = request.env["rate-initial-burst"] {
            if let bytes = bytesPerSecond(text) {
                burst = bytes
            } else {
                request.log(
                    .info, "ratelimit", "AH03489: rl: disabling burst: rate-initial-burst = \(text) (too high?)")
            }
        }
        let loop = request.loop
        request.doNotReuse()
        request.pacing = { PacedSource($0, chunk: speed * interval / 1000, burst: burst, loop) }
    }

    /// Kilobytes as `atoi` reads them, in bytes; nil for zero and what C's int cannot hold.
    static func bytesPerSecond(_ text: ByteString) -> Int? {
        let bytes = text.leadingInteger.multipliedReportingOverflow(by: 1024)
        guard !bytes.overflow, bytes.partialValue > 0, bytes.partialValue <= Int(Int32.max) else { return nil }
        return bytes.partialValue
    }
}

/// Gives a body in equal pieces, one in each interval; the first may be larger.
private final class PacedSource: BodySource {
    private let inner: any BodySource
    private let chunk: Int
    private var burst: Int
    private let loop: EventLoop
    private var held = ByteString()
    private var innerHasEnded = false
    private var sleeps = false

    init(_ inner: any BodySource, chunk: Int, burst: Int, _ loop: EventLoop) {
        self.inner = inner
        self.chunk = chunk
        self.burst = burst
        self.loop = loop
    }
    func cancel() { inner.cancel() }

    func next() async throws(BodyError) -> ByteString? {
        let limit = chunk + burst
        while held.count < limit, !innerHasEnded {
            guard let piece = try await inner.next() else {
                innerHasEnded = true
                break
            }
            held.append(piece)
            if inner.wantsFlush { break }
        }
        if held.isEmpty { return nil }
        let piece = held.upTo(limit)
        held = held.from(piece.count)
        burst = max(0, burst - piece.count)
        if sleeps { await loop.sleep(milliseconds: UInt64(RateLimit.interval)) }
        sleeps = true
        return piece
    }
}
