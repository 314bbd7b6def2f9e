// PHP: no counterpart (`pm.queue_timeout`); FastCGI 1.0, section 5
import FastCGI
import Kernel

/// A connection that has waited too long: it is told so, and closed when the client has read it.
///
/// The supervisor looks at the number in the first record and at nothing else; what follows is thrown away.
struct Refusal {
    /// How long the client may take, in milliseconds.
    static let patience = 2000

    let descriptor: Int32
    /// Milliseconds of `MonotonicTime`.
    let due: UInt64
    private let retryAfter: Int
    private var head: [UInt8] = []
    private var hasAnswered = false

    init(_ descriptor: Int32, retryAfter: Int) {
        self.descriptor = descriptor
        self.retryAfter = max(1, retryAfter)
        due = MonotonicTime.milliseconds + UInt64(Self.patience)
    }
    /// Reads what has come. False when the connection can be closed.
    mutating func advance() -> Bool {
        var bytes: [UInt8] = []
        for _ in 0..<16 {
            bytes.removeAll(keepingCapacity: true)
            switch Socket.receive(descriptor, into: &bytes, upTo: 65_536) {
            case .bytes(0), .failed: return false
            case .wouldBlock: return true
            case .bytes: break
            }
            guard !hasAnswered else { continue }
            head += bytes.prefix(8 - head.count)
            if head.count == 8, !answer() { return false }
        }
        return true
    }
    private mutating func answer() -> Bool {
        // Version 1, a request begins: anything else is no FastCGI.
        guard head[0] == 1, head[1] == 1 else { return false }
        hasAnswered = true
        let bytes = Self.message(id: UInt16(head[2]) << 8 | UInt16(head[3]), retryAfter: retryAfter)
        // The answer fits into any socket's buffer.
        guard case .bytes(bytes.count) = Socket.send(descriptor, bytes) else { return false }
        Socket.shutdownWrite(descriptor)
        return true
    }
    static func message(id: UInt16, retryAfter: Int) -> [UInt8] {
        let text = """
            Status: 503 Service Unavailable\r
            Retry-After: \(retryAfter)\r
            Content-Type: text/plain;charset=UTF-8\r
            \r
            All workers are busy.

            """
        var bytes: [UInt8] = []
        RecordEncoder.appendStdout(id: id, Array(text.utf8).span, to: &bytes)
        RecordEncoder.appendEnd(of: .stdout, id: id, to: &bytes)
        RecordEncoder.appendEndRequest(id: id, appStatus: 0, .requestComplete, to: &bytes)
        return bytes
    }
}
