// Apache: modules/metadata/mod_unique_id.c

import Bytes
import ServerCore

/// mod_unique_id: `UNIQUE_ID`, a name that no other request has, on this machine or another.
public enum UniqueID {
    public static let module = ModuleDefinition("unique_id", .metadata, directives: []) { hooks in
        hooks.onPostReadRequest(setIdentifier)
    }

    /// What the identifiers of one loop share: random, so that no two loops, processes or machines agree.
    private final class Root {
        let bytes: [UInt8]
        var counter: UInt16
        init() {
            var generator = SystemRandomNumberGenerator()
            bytes = (0..<10).map { _ in UInt8.random(in: 0...255, using: &generator) }
            counter = UInt16.random(in: 0...UInt16.max, using: &generator)
        }
    }

    @Sendable private static func setIdentifier(_ request: Request) -> Outcome {
        request.doNotReuse()
        let kept = request.previous == nil ? nil : request.env["REDIRECT_UNIQUE_ID"]
        request.env.set("UNIQUE_ID", kept ?? identifier(request))
        return .declined
    }

    private static func identifier(_ request: Request) -> ByteString {
        let worker = request.connection.worker
        let key = ObjectIdentifier(Root.self)
        let root = worker.moduleState[key] as? Root ?? Root()
        worker.moduleState[key] = root
        root.counter &+= 1
        return text(
            seconds: UInt32(truncatingIfNeeded: request.requestTime / 1_000_000), root: root.bytes,
            counter: root.counter, connection: UInt32(truncatingIfNeeded: request.connection.id))
    }

    /// Time, root, counter and connection, big-endian, six bits a letter (RFC 4648, section 5), without padding.
    static func text(seconds: UInt32, root: [UInt8], counter: UInt16, connection: UInt32) -> ByteString {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var record: [UInt8] = []
        for shift in [24, 16, 8, 0] { record.append(UInt8(truncatingIfNeeded: seconds >> UInt32(shift))) }
        record += root
        record += [UInt8(truncatingIfNeeded: counter >> 8), UInt8(truncatingIfNeeded: counter)]
        for shift in [24, 16, 8, 0] { record.append(UInt8(truncatingIfNeeded: connection >> UInt32(shift))) }
        var result: [UInt8] = []
        var (group, bits): (UInt32, UInt32) = (0, 0)
        for byte in record {
            group = (group << 8 | UInt32(byte)) & 0xFFFF
            bits += 8
            while bits >= 6 {
                bits -= 6
                result.append(letters[Int(group >> bits & 63)])
            }
        }
        if bits > 0 { result.append(letters[Int(group << (6 - bits) & 63)]) }
        return ByteString(result)
    }
}
