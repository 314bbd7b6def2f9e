// Apache: modules/generators/mod_autoindex.c (dsortf); APR: strings/apr_strnatcmp.c

import Bytes

/// The order of a list.
struct IndexSort {
    var key = IndexSortKey.name
    var isAscending = true
    var usesVersions = false
    var ignoresCase = false

    /// Negative, zero or positive, as C's comparisons; the parent directory is always first.
    func compare(_ left: IndexEntry, _ right: IndexEntry) -> Int {
        if left.isParent { return -1 }
        if right.isParent { return 1 }
        if left.isFolderFirst != right.isFolderFirst { return left.isFolderFirst ? -1 : 1 }
        let (first, second) = isAscending ? (left, right) : (right, left)
        switch key {
        case .lastModified: if first.modified != second.modified { return first.modified > second.modified ? 1 : -1 }
        case .size: if first.size != second.size { return first.size > second.size ? 1 : -1 }
        case .description:
            let result =
                usesVersions
                ? NaturalOrder.compare(first.description ?? "", second.description ?? "", ignoringCase: false)
                : Self.compareBytes(first.description ?? "", second.description ?? "")
            if result != 0 { return result }
        case .name: break
        }
        return compareNames(first.name, second.name)
    }
    private func compareNames(_ first: ByteString, _ second: ByteString) -> Int {
        var result = 0
        if usesVersions {
            if ignoresCase { result = NaturalOrder.compare(first, second, ignoringCase: true) }
            if result == 0 { result = NaturalOrder.compare(first, second, ignoringCase: false) }
        }
        if result == 0, ignoresCase { result = Self.compareBytes(first.lowercased, second.lowercased) }
        return result != 0 ? result : Self.compareBytes(first, second)
    }
    static func compareBytes(_ left: ByteString, _ right: ByteString) -> Int {
        left == right ? 0 : left < right ? -1 : 1
    }

    func sorted(_ entries: [IndexEntry]) -> [IndexEntry] { entries.sorted { compare($0, $1) < 0 } }
}

/// Names with numbers in the order people expect: `file9` before `file10`; numbers that begin with 0 are fractions.
enum NaturalOrder {
    static func compare(_ left: ByteString, _ right: ByteString, ignoringCase: Bool) -> Int {
        let (a, b) = (left.bytes, right.bytes)
        var (i, j) = (0, 0)
        while true {
            while i < a.count, ASCII.isSpace(a[i]) { i += 1 }
            while j < b.count, ASCII.isSpace(b[j]) { j += 1 }
            var x = i < a.count ? a[i] : 0
            var y = j < b.count ? b[j] : 0
            if ASCII.isDigit(x), ASCII.isDigit(y) {
                let isFraction = x == 48 || y == 48
                let result = isFraction ? compareFractions(a, i, b, j) : compareNumbers(a, i, b, j)
                if result != 0 { return result }
            }
            if i >= a.count, j >= b.count { return 0 }
            if ignoringCase { (x, y) = (ASCII.upper(x), ASCII.upper(y)) }
            if x != y { return x < y ? -1 : 1 }
            i += 1
            j += 1
        }
    }

    /// The longer run of digits is the greater number; of two of one length the first difference decides.
    private static func compareNumbers(_ a: [UInt8], _ start: Int, _ b: [UInt8], _ other: Int) -> Int {
        var bias = 0
        var (i, j) = (start, other)
        while true {
            let isLeft = i < a.count && ASCII.isDigit(a[i])
            let isRight = j < b.count && ASCII.isDigit(b[j])
            if !isLeft, !isRight { return bias }
            if !isLeft { return -1 }
            if !isRight { return 1 }
            if bias == 0, a[i] != b[j] { bias = a[i] < b[j] ? -1 : 1 }
            i += 1
            j += 1
        }
    }
    /// The first difference decides.
    private static func compareFractions(_ a: [UInt8], _ start: Int, _ b: [UInt8], _ other: Int) -> Int {
        var (i, j) = (start, other)
        while true {
            let isLeft = i < a.count && ASCII.isDigit(a[i])
            let isRight = j < b.count && ASCII.isDigit(b[j])
            if !isLeft, !isRight { return 0 }
            if !isLeft { return -1 }
            if !isRight { return 1 }
            if a[i] != b[j] { return a[i] < b[j] ? -1 : 1 }
            i += 1
            j += 1
        }
    }
}
