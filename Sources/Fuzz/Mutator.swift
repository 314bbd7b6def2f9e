// Makes inputs out of seeds.

/// Damages seeds in the ways that find mistakes in parsers: flipped bytes, pieces doubled, dropped and moved, two seeds
/// joined, numbers at the edges, and words of the language in the wrong place.
struct Mutator {
    let corpus: [[UInt8]]
    let dictionary: [[UInt8]]
    /// Bytes of an input at most.
    static let longest = 20_000

    private static let numbers = [
        "0", "-1", "1", "00", "127", "128", "255", "256", "32767", "32768", "65535", "65536", "2147483647",
        "2147483648", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
        "18446744073709551615", "18446744073709551616", "99999999999999999999999", "7fffffffffffffff",
        "ffffffffffffffff", "8000000000000000", "0x10", "1e9", "1.5",
    ].map { Array($0.utf8) }
    private static let bytes: [UInt8] = [0, 1, 9, 10, 11, 13, 32, 34, 37, 39, 47, 92, 127, 128, 255]

    init(corpus: [[UInt8]], dictionary: [String]) {
        self.corpus = corpus
        self.dictionary = dictionary.map { Array($0.utf8) }
    }

    /// The input of a seed: the first seeds are the corpus as it is.
    func input(_ seed: UInt64, _ random: inout Random) -> [UInt8] {
        if seed < UInt64(corpus.count) { return corpus[Int(seed)] }
        var input = random.once(in: 40) ? [] : random.element(corpus) ?? []
        let steps = 1 + random.below([1, 3, 8, 30][random.below(4)])
        for _ in 0..<steps { change(&input, &random) }
        return Array(input.prefix(Self.longest))
    }

    private func change(_ input: inout [UInt8], _ random: inout Random) {
        let at = random.below(input.count + 1)
        let piece = at..<min(input.count, at + 1 + random.below([1, 4, 16, 200][random.below(4)]))
        switch random.below(11) {
        case 0: if at < input.count { input[at] ^= 1 << UInt8(random.below(8)) }
        case 1: if at < input.count { input[at] = UInt8(random.below(256)) }
        case 2: if at < input.count { input[at] = random.element(Self.bytes) ?? 0 }
        case 3: input.insert(random.element(Self.bytes) ?? 0, at: at)
        case 4: input.removeSubrange(piece)
        case 5: input.insert(contentsOf: Array(input[piece]), at: random.below(input.count + 1))
        case 6: double(&input, piece, &random)
        case 7: splice(&input, at, &random)
        case 8: replaceNumber(&input, at, &random)
        case 9: input.insert(contentsOf: random.element(dictionary) ?? [], at: at)
        default: input.replaceSubrange(piece, with: random.element(dictionary) ?? [])
        }
    }

    /// The same piece many times over.
    private func double(_ input: inout [UInt8], _ piece: Range<Int>, _ random: inout Random) {
        let count = random.once(in: 20) ? random.below(2000) : random.below(12)
        guard input.count + piece.count * count <= Self.longest * 2 else { return }
        let copies = repeatElement(input[piece], count: count).joined()
        input.insert(contentsOf: Array(copies), at: piece.upperBound)
    }

    /// The start of this input and the end of another.
    private func splice(_ input: inout [UInt8], _ at: Int, _ random: inout Random) {
        guard let other = random.element(corpus) else { return }
        input.replaceSubrange(at..., with: other[random.below(other.count + 1)...])
    }

    /// Puts a number of the edges where a number is, or at `at`.
    private func replaceNumber(_ input: inout [UInt8], _ at: Int, _ random: inout Random) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        var start = at
        while start < input.count, !digits.contains(input[start]) { start += 1 }
        var end = start
        while end < input.count, digits.contains(input[end]) { end += 1 }
        if start == input.count { (start, end) = (at, at) }
        input.replaceSubrange(start..<end, with: random.element(Self.numbers) ?? [])
    }
}
