// Apache: modules/http/http_filters.c check_headers, ap_http_header_filter

import Bytes
import HTTP

/// Keeps fields that would break the answer's head from going out: line ends in values, names that are none.
enum CheckFields {
    /// Whether all fields may be sent; folded values are unfolded. What is wrong goes to the error log.
    static func pass(_ request: Request) -> Bool {
        let isStrict = !request.server[Core.server].httpOptions.unsafe.value(default: false)
        var (fields, errorFields) = (request.headersOut, request.errHeadersOut)
        guard check(&fields, request, isStrict), check(&errorFields, request, isStrict) else { return false }
        (request.headersOut, request.errHeadersOut) = (fields, errorFields)
        return true
    }

    private static func check(_ fields: inout Table, _ request: Request, _ isStrict: Bool) -> Bool {
        for index in 0..<fields.count {
            switch fault(fields, index, isStrict) {
            case nil: continue
            case .emptyName:
                request.log(.error, "http", "AH02428: Empty response header name, aborting request")
                return false
            case .name:
                request.log(
                    .error, "http",
                    "AH02429: Response header name '\(fields.name(at: index))' contains invalid characters, aborting request"
                )
                return false
            case .value(let rest):
                guard let unfolded = unfold(fields.value(at: index), from: rest) else {
                    request.log(
                        .error, "http",
                        "AH02430: Response header '\(fields.name(at: index))' value of '\(fields.value(at: index))' contains invalid characters, aborting request"
                    )
                    return false
                }
                fields.setValue(unfolded, at: index)
            }
        }
        return true
    }

    private enum Fault {
        case emptyName, name
        /// Where in the value.
        case value(Int)
    }
    private static func fault(_ fields: borrowing Table, _ index: Int, _ isStrict: Bool) -> Fault? {
        let name = fields.nameRange(index)
        if name.isEmpty { return .emptyName }
        for at in name {
            let byte = fields.text[at]
            if isStrict ? !ByteSet.token.contains(byte) : byte <= 32 || byte == 127 { return .name }
        }
        let value = fields.valueRange(index)
        for at in value where isControl(fields.text[at]) { return .value(at - value.lowerBound) }
        return nil
    }
    private static func isControl(_ byte: UInt8) -> Bool { byte < 32 && byte != 9 || byte == 127 }

    /// CR LF and blanks become one blank; nil when anything else is wrong.
    private static func unfold(_ value: ByteString, from start: Int) -> ByteString? {
        var output = value.upTo(start)
        var at = start
        while at < value.count {
            if !isControl(value[at]) {
                output.append(value[at])
                at += 1
                continue
            }
            guard at + 2 < value.count, value[at] == 13, value[at + 1] == 10, value[at + 2] == 32 || value[at + 2] == 9
            else { return nil }
            at += 3
            while at < value.count, value[at] == 32 || value[at] == 9 { at += 1 }
            output.append(32)
        }
        return output
    }
}

extension Request {
    /// Throws away an answer whose fields cannot be sent, and answers 500 instead; with an empty body when the error
    /// page's fields are no better. Returns the request that has the answer.
    func withCheckedFields() async -> Request {
        guard !assumedHTTP09, !CheckFields.pass(self) else { return self }
        if case .stream(let source) = responseBody { source.cancel() }
        headersOut.removeAll()
        errHeadersOut.removeAll()
        contentType = nil
        contentEncoding = nil
        contentLanguages = []
        responseBody = .none
        connection.keepAlive = .close
        guard !notes.contains("check-headers") else {
            status = 500
            headersOut.set("Content-Length", "0")
            return self
        }
        notes.set("check-headers", "true")
        isLengthUntold = true
        await ErrorResponse.die(self, 500)
        return await last.withCheckedFields()
    }
}
