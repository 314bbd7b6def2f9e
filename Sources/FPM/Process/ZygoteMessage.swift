// PHP: no counterpart (its master forks its workers itself)
import Bytes

/// What supervisor and zygote tell each other: one packet each.
enum ZygoteMessage: Equatable {
    /// To the zygote, once: a ``ZygoteOrder`` comes with it as a descriptor.
    case order
    /// To the zygote: fork a worker of its pool number `pool` for this place of the scoreboard. With it come descriptors, in
    /// the order of ``Passed``, those whose bit is set.
    case spawn(serial: UInt32, pool: UInt32, place: UInt32, passed: UInt32)
    /// From the zygote: the language has started.
    case ready
    /// It has not, or rights could not be given up; the zygote ends.
    case failed(ByteString)
    case born(serial: UInt32, pid: Int32)
    /// The fork failed with this error number.
    case unborn(serial: UInt32, error: Int32)

    /// Descriptors of a spawn message.
    enum Passed: UInt32, CaseIterable {
        case listener, scoreboard, accessLog, output, error, queue, shownScoreboard, slowLog
        var bit: UInt32 { 1 << rawValue }
    }

    var bytes: [UInt8] {
        switch self {
        case .spawn(let serial, let pool, let place, let passed): Self.pack(1, [serial, pool, place, passed])
        case .ready: [2]
        case .order: [6]
        case .failed(let text): [3] + text.bytes.prefix(2000)
        case .born(let serial, let pid): Self.pack(4, [serial, UInt32(bitPattern: pid)])
        case .unborn(let serial, let error): Self.pack(5, [serial, UInt32(bitPattern: error)])
        }
    }
    /// nil for anything that is no message.
    init?(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return nil }
        let words = stride(from: 1, to: bytes.count - 3, by: 4).map { at in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
        }
        switch (kind, words.count) {
        case (1, 4): self = .spawn(serial: words[0], pool: words[1], place: words[2], passed: words[3])
        case (2, _): self = .ready
        case (6, 0): self = .order
        case (3, _): self = .failed(ByteString(bytes.dropFirst()))
        case (4, 2): self = .born(serial: words[0], pid: Int32(bitPattern: words[1]))
        case (5, 2): self = .unborn(serial: words[0], error: Int32(bitPattern: words[1]))
        default: return nil
        }
    }
    private static func pack(_ kind: UInt8, _ words: [UInt32]) -> [UInt8] {
        [kind] + words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    }
}
