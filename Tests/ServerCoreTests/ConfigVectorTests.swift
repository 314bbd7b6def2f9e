import Bytes
import Testing

@testable import ServerCore

@Suite struct ConfigVectorTests {
    struct Words: MergeableConfig, Equatable {
        var words: [String] = []
        var flag: Setting<Bool> = .inherited
        static func merged(_ base: Words, _ child: Words) -> Words {
            Words(words: base.words + child.words, flag: child.flag.or(base.flag))
        }
    }
    struct Number: MergeableConfig, Equatable {
        var number = 7
        static func merged(_ base: Number, _ child: Number) -> Number {
            Number(number: base.number * 10 + child.number)
        }
    }
    private static let words = ConfigKey<Words>()
    private static let others = ConfigKey<Words>()
    private static let number = ConfigKey<Number>()

    @Test func keysAreApart() {
        var vector = ConfigVector()
        #expect(vector[Self.words] == Words())
        #expect(vector[Self.number].number == 7)
        #expect(!vector.isSet(Self.number))
        vector[Self.words].words.append("a")
        vector[Self.others].words.append("b")
        vector[Self.number].number = 1
        #expect(vector[Self.words].words == ["a"])
        #expect(vector[Self.others].words == ["b"])
        #expect(vector[Self.number].number == 1)
        #expect(vector.isSet(Self.number))
        // What is read where nothing was said stays so.
        #expect(ConfigVector()[Self.words] == Words())
        #expect(ConfigVector()[Self.number].number == 7)
    }

    @Test func copiesAreApart() {
        var one = ConfigVector()
        one[Self.words].words = ["a"]
        var other = one
        other[Self.words].words.append("b")
        #expect(one[Self.words].words == ["a"])
        #expect(other[Self.words].words == ["a", "b"])
    }

    /// Base, child, result; nil where nothing was said. What only one side said is taken as it is, without a merge.
    @Test(
        arguments: [
            (nil, nil, nil), (1, nil, 1), (nil, 2, 2), (1, 2, 12),
        ] as [(Int?, Int?, Int?)])
    func merging(_ base: Int?, _ child: Int?, _ result: Int?) {
        func vector(_ value: Int?) -> ConfigVector {
            var made = ConfigVector()
            if let value { made[Self.number].number = value }
            return made
        }
        let merged = vector(child).merged(over: vector(base))
        #expect(merged.isSet(Self.number) == (result != nil))
        #expect(merged[Self.number].number == result ?? 7)
    }

    /// A chain merges pairwise, outermost first, whatever is merged first.
    @Test func chains() {
        let levels = (1...4).map { level in
            var made = ConfigVector()
            made[Self.words].words = ["\(level)"]
            if level == 2 { made[Self.words].flag = .set(true) }
            if level == 3 { made[Self.words].flag = .set(false) }
            return PerDirectoryConfig(made)
        }
        var cache = MergeCache()
        let leftFirst = levels.dropFirst().reduce(levels[0]) { cache.merge($0, $1) }
        let right = cache.merge(levels[2], levels[3])
        let rightFirst = cache.merge(levels[0], cache.merge(levels[1], right))
        #expect(leftFirst[Self.words] == Words(words: ["1", "2", "3", "4"], flag: .set(false)))
        #expect(rightFirst[Self.words] == leftFirst[Self.words])
    }

    /// The same merge is the same object: plans and modules compare by identity.
    @Test func mergesAreRemembered() {
        func made(_ number: Int) -> PerDirectoryConfig {
            var vector = ConfigVector()
            vector[Self.number].number = number
            return PerDirectoryConfig(vector)
        }
        var cache = MergeCache()
        let (one, two) = (made(1), made(2))
        let merged = cache.merge(one, two)
        #expect(merged[Self.number].number == 12)
        #expect(cache.merge(one, two) === merged)
        #expect(cache.merge(two, one)[Self.number].number == 21)
        #expect(cache.merge(one, made(2)) !== merged)
        #expect(cache.merge(nil, two) === two)
        #expect(cache.merge(.empty, two) === two)
    }

    @Test(
        arguments: [
            (Setting<Int>.inherited, .inherited, .inherited), (.set(1), .inherited, .set(1)),
            (.inherited, .set(2), .set(2)),
            (.set(1), .set(2), .set(2)),
        ] as [(Setting<Int>, Setting<Int>, Setting<Int>)])
    func settings(_ base: Setting<Int>, _ child: Setting<Int>, _ result: Setting<Int>) {
        #expect(child.or(base) == result)
        #expect(result.value(default: 9) == result.value ?? 9)
    }
}

@Suite struct HookListTests {
    typealias Entry = HookList<Int>.Entry
    private static func entry(
        _ module: String, _ order: HookOrder = .middle, before: [String] = [], after: [String] = []
    ) -> Entry {
        Entry(module: module, order: order, before: before, after: after, function: 0)
    }

    /// Entries as modules register them, and the running order.
    @Test(
        arguments: [
            ([entry("a"), entry("b"), entry("c")], "a b c"),
            ([entry("a", .last), entry("b", .first), entry("c")], "b c a"),
            ([entry("a", .reallyLast), entry("b", .last), entry("c", .reallyFirst), entry("d", .first)], "c d b a"),
            ([entry("a", .last), entry("b"), entry("c", .last), entry("d")], "b d a c"),
            ([entry("a"), entry("b", before: ["a"])], "b a"),
            ([entry("a", after: ["b"]), entry("b")], "b a"),
            ([entry("a", after: ["c"]), entry("b"), entry("c")], "b c a"),
            ([entry("a"), entry("b"), entry("c", before: ["a", "b"])], "c a b"),
            // What is said of a neighbour outweighs the order; of one that is not there, nothing.
            ([entry("a", .first), entry("b", .last, before: ["a"])], "b a"),
            ([entry("a", after: ["missing"]), entry("b", before: ["none"])], "a b"),
            ([entry("a", after: ["b"]), entry("b", after: ["c"]), entry("c")], "c b a"),
        ] as [([Entry], String)])
    func order(_ entries: [Entry], _ expected: String) {
        var list = HookList<Int>()
        list.entries = entries
        list.sort()
        #expect(list.modules.joined(separator: " ") == expected)
        #expect(list.functions.count == entries.count)
    }

    /// Modules that contradict each other keep some order instead of none.
    @Test func cycle() {
        var list = HookList<Int>()
        list.entries = [Self.entry("a", after: ["b"]), Self.entry("b", after: ["a"])]
        list.sort()
        #expect(list.modules.sorted() == ["a", "b"])
    }
}
