// Apache: srclib/apr/strings/apr_snprintf.c (conv_fp, apr_gcvt)

import Bytes

extension [UInt8] {
    /// `%.nf`.
    mutating func append(fixed value: Double, _ decimals: Int) {
        guard value.isFinite, value.magnitude < 1e15 else { return append(value.isNaN ? "nan" : "inf") }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int((value.magnitude * scale).rounded(.toNearestOrEven))
        if value < 0, scaled != 0 { append(UInt8(ascii: "-")) }
        append(decimal: scaled / Int(scale))
        guard decimals > 0 else { return }
        append(UInt8(ascii: "."))
        append(decimal: scaled % Int(scale), width: decimals)
    }

    /// `%.ng` as APR writes it: no zero before the point.
    mutating func append(general value: Double, _ digits: Int = 6) {
        guard value.isFinite else { return append(value.isNaN ? "nan" : "inf") }
        if value == 0 { return append(UInt8(ascii: "0")) }
        if value < 0 { append(UInt8(ascii: "-")) }
        var (text, point) = Self.significant(value.magnitude, digits)
        while text.count > 1, text.last == UInt8(ascii: "0") { text.removeLast() }
        if point < 0 ? point < -3 : point > digits { return appendExponential(text, point - 1) }
        if point <= 0 {
            append(UInt8(ascii: "."))
            for _ in 0..<(0 - point) { append(UInt8(ascii: "0")) }
            append(contentsOf: text)
            return
        }
        for index in 0..<Swift.max(point, text.count) {
            if index == point { append(UInt8(ascii: ".")) }
            append(index < text.count ? text[index] : UInt8(ascii: "0"))
        }
    }
    private mutating func appendExponential(_ text: [UInt8], _ exponent: Int) {
        append(text[0])
        if text.count > 1 { append(UInt8(ascii: ".")) }
        append(contentsOf: text.dropFirst())
        append(exponent < 0 ? "e-" : "e+")
        append(decimal: Int(exponent.magnitude), width: 2)
    }
    /// The digits of a positive number, and where its point stands among them.
    private static func significant(_ value: Double, _ digits: Int) -> (text: [UInt8], point: Int) {
        var exponent = 0
        var mantissa = value
        while mantissa >= 10 {
            mantissa /= 10
            exponent += 1
        }
        while mantissa < 1 {
            mantissa *= 10
            exponent -= 1
        }
        var limit = 1.0
        for _ in 0..<digits { limit *= 10 }
        mantissa = (mantissa * limit / 10).rounded(.toNearestOrEven)
        if mantissa >= limit {
            mantissa /= 10
            exponent += 1
        }
        return (Array(String(Int(mantissa)).utf8), exponent + 1)
    }
}
