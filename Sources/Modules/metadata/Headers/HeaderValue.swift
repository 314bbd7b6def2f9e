// Apache: modules/metadata/mod_headers.c (process_tags, header_request_*)

import Bytes
import Expressions
import Kernel
import ServerCore

/// Makes the value of an entry for a request.
enum HeaderValue {
    static func make(_ value: HeaderEntry.Value, _ request: Request) -> ByteString {
        switch value {
        case .constant(let text): return text
        case .expression(let expression):
            do {
                return try request.string(expression)
            } catch {
                request.log(.error, "headers", "AH02557: Can't evaluate value expression: \(error.message)")
                return ""
            }
        case .format(let items):
            var output = ByteString()
            for item in items {
                switch item {
                case .literal(let text): output.append(text)
                case .directive(let directive): append(directive, request, to: &output)
                }
            }
            return output
        }
    }

    private static func append(_ tag: FormatString.Directive, _ request: Request, to output: inout ByteString) {
        switch tag.name.first {
        case UInt8(ascii: "D"):
            request.doNotReuse()
            output.append("D=\(RealTime.now - request.requestTime)" as ByteString)
        case UInt8(ascii: "t"):
            request.doNotReuse()
            output.append("t=\(request.requestTime)" as ByteString)
        case UInt8(ascii: "e"): output.append(request.env[tag.argument].map(unwrapped) ?? "(null)")
        case UInt8(ascii: "s"):
            let value = request.tlsVariable(tag.argument) ?? ""
            output.append(value.isEmpty ? "(null)" : unwrapped(value))
        case UInt8(ascii: "l"):
            request.doNotReuse()
            output.append(loadAverage())
        case UInt8(ascii: "i"):
            request.doNotReuse()
            output.append("i=\(100 - busyPercent(request))" as ByteString)
        case UInt8(ascii: "b"):
            request.doNotReuse()
            output.append("b=\(busyPercent(request))" as ByteString)
        default: break
        }
    }

    /// A value in one line.
    static func unwrapped(_ text: ByteString) -> ByteString {
        guard text.contains(where: { $0 == 10 || $0 == 13 }) else { return text }
        return ByteString(text.bytes.map { $0 == 10 || $0 == 13 ? 32 : $0 })
    }
    private static func loadAverage() -> ByteString {
        guard let text = try? File.readWhole("/proc/loadavg", limit: 256) else { return "l=0.00/0.00/0.00" }
        let words = ByteString(text).words()
        guard words.count >= 3 else { return "l=0.00/0.00/0.00" }
        return "l=\(words[0])/\(words[1])/\(words[2])"
    }
    /// How much of this loop's connections are taken, of a hundred.
    private static func busyPercent(_ request: Request) -> Int {
        let worker = request.connection.worker
        return worker.connectionLimit > 0 ? min(worker.connectionCount * 100 / worker.connectionLimit, 100) : 0
    }
}
