// Apache: C's strtol and atoi, as directives use them

extension ByteString {
    /// Blanks, a sign and decimal digits at the beginning, and what follows them; nil without a digit (`strtol`, base 10).
    /// Numbers that are too large are the largest there is.
    public var leadingNumber: (value: Int?, rest: ByteString) {
        var at = 0
        while at < count, ASCII.isSpace(bytes[at]) { at += 1 }
        let isNegative = at < count && bytes[at] == UInt8(ascii: "-")
        if at < count, isNegative || bytes[at] == UInt8(ascii: "+") { at += 1 }
        let start = at
        var value = 0
        while at < count, ASCII.isDigit(bytes[at]) {
            let (product, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(Int(bytes[at] &- 48))
            value = over || more ? Int.max : sum
            at += 1
        }
        guard at > start else { return (nil, self) }
        return (isNegative ? 0 - value : value, from(at))
    }
    /// C's `atoi`: 0 where there is no number.
    public var leadingInteger: Int { leadingNumber.value ?? 0 }
}
