// Runs targets in a child process, so that a trap or an endless loop is a finding and not the end.
import Bytes
import Kernel

/// `Fuzz TARGET [--seconds N] [--start SEED] [--limit MS] [--corpus DIR]` runs one target on seed after seed;
/// `Fuzz TARGET --seed N` runs one seed and shows its input; `Fuzz --list` names the targets.
/// Exit status: 0 nothing found, 1 a finding, 2 wrong usage.
struct Runner {
    private var target = ""
    private var seconds = 60
    private var start: UInt64?
    private var only: UInt64?
    private var limit: UInt64 = 5000
    private var corpus: ByteString = "Fuzz/corpus"

    static func main(_ arguments: [String]) -> Int32 {
        if arguments == ["--list"] {
            for target in Target.all where !target.name.hasPrefix("canary") { say(target.name) }
            return 0
        }
        var runner = Runner()
        guard runner.read(arguments), let target = Target.named(runner.target) else {
            say("usage: Fuzz TARGET [--seconds N] [--start SEED] [--seed SEED] [--limit MS] [--corpus DIR] | --list")
            return 2
        }
        do throws(Errno) {
            let mutator = Mutator(corpus: try runner.seeds(), dictionary: target.dictionary)
            return try runner.run(target, mutator)
        } catch {
            say("Fuzz: \(error)")
            return 2
        }
    }

    private mutating func read(_ arguments: [String]) -> Bool {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                target = word
                continue
            }
            guard let value = rest.popFirst() else { return false }
            if word == "--corpus" {
                corpus = ByteString(value)
                continue
            }
            guard let number = UInt64(value) else { return false }
            switch word {
            case "--seconds": seconds = Int(clamping: min(number, 1_000_000))
            case "--start": start = number
            case "--seed": only = number
            case "--limit": limit = number
            default: return false
            }
        }
        return true
    }

    /// The target's corpus, by name; a target without one starts from nothing.
    private func seeds() throws(Errno) -> [[UInt8]] {
        let directory: ByteString = "\(corpus)/\(target)"
        guard File.exists(directory) else { return [] }
        var seeds: [[UInt8]] = []
        for name in try Directory.entries(directory).map(\.name).sorted() where name.first != UInt8(ascii: ".") {
            seeds.append(try File.readWhole("\(directory)/\(name)", limit: 1 << 20))
        }
        return seeds
    }

    // MARK: - Batches

    /// Words of the memory that parent and child share.
    private enum Word {
        static let seed = 0
        static let count = 1
    }

    /// The corpus first, then seeds from `start` on, by default from the clock's.
    private func run(_ target: Target, _ mutator: Mutator) throws(Errno) -> Int32 {
        let memory = try SharedMemory(size: 4096)
        let epoll = try Epoll()
        let corpusEnd = UInt64(mutator.corpus.count)
        let first = max(corpusEnd, start ?? UInt64(max(0, RealTime.now)))
        let begun = MonotonicTime.milliseconds
        memory.word(Word.seed).store(only ?? (corpusEnd > 0 ? 0 : first))
        guard case .parent(let child) = try Process.fork() else {
            if let only { Process.exitNow(Self.show(target, mutator, only)) }
            let deadline = begun + UInt64(seconds) * 1000
            Process.exitNow(Self.work(target, mutator, memory, from: first, until: deadline))
        }
        let end = try watch(child, memory, epoll)
        let seed = memory.word(Word.seed).load()
        let count = memory.word(Word.count).load()
        let spent = max(1, MonotonicTime.milliseconds - begun)
        guard let why = end else {
            if only == nil { Self.say("\(target.name): \(count) inputs, \(count * 1000 / spent)/s") }
            return 0
        }
        Self.say("\(target.name): \(why) after \(count) inputs; reproduce: Fuzz \(target.name) --seed \(seed)")
        return 1
    }

    /// The child: notes the seed in the shared memory before each input.
    private static func work(
        _ target: Target, _ mutator: Mutator, _ memory: borrowing SharedMemory, from first: UInt64,
        until deadline: UInt64
    ) -> Int32 {
        var seed: UInt64 = mutator.corpus.isEmpty ? first : 0
        while true {
            memory.word(Word.seed).store(seed)
            if let failure = attempt(target, mutator, seed) {
                say("\(target.name): \(failure)")
                return 1
            }
            let count = memory.word(Word.count).add(1)
            seed = seed &+ 1 == UInt64(mutator.corpus.count) ? first : seed &+ 1
            if count & 15 == 0 || seed == first, MonotonicTime.milliseconds >= deadline { return 0 }
        }
    }

    private static func attempt(_ target: Target, _ mutator: Mutator, _ seed: UInt64) -> String? {
        var random = Random(seed: seed)
        let input = mutator.input(seed, &random)
        do throws(Violation) {
            try target.run(input, &random)
            return nil
        } catch {
            return error.message
        }
    }

    /// Waits for the child; nil when it ended well. An input that takes longer than the limit ends it.
    private func watch(
        _ child: Int32, _ memory: borrowing SharedMemory, _ epoll: borrowing Epoll
    ) throws(Errno) -> String? {
        var seen: UInt64 = 0
        var since = MonotonicTime.milliseconds
        while true {
            if let exit = Process.reap(child) {
                if let signal = exit.signal { return "ended by signal \(signal)" }
                return exit.code == 0 ? nil : "failed"
            }
            _ = epoll.wait(milliseconds: 20)
            let count = memory.word(Word.count).load()
            let now = MonotonicTime.milliseconds
            if count != seen { (seen, since) = (count, now) }
            if now - since > limit {
                try Process.kill(child, Signal.kill)
                _ = Process.reap(child, wait: true)
                return "took longer than \(limit) ms"
            }
        }
    }

    // MARK: - One seed

    /// Prints the input and runs it.
    private static func show(_ target: Target, _ mutator: Mutator, _ seed: UInt64) -> Int32 {
        var random = Random(seed: seed)
        let input = mutator.input(seed, &random)
        say("\(input.count) bytes: \(quoted(input))")
        do throws(Violation) {
            try target.run(input, &random)
            say("\(target.name): nothing found")
            return 0
        } catch {
            say("\(target.name): \(error.message)")
            return 1
        }
    }

    /// As `printf` of a shell takes it.
    private static func quoted(_ input: [UInt8]) -> String {
        var text: [UInt8] = [UInt8(ascii: "'")]
        for byte in input {
            if byte >= 32, byte < 127, byte != 37, byte != 39, byte != 92 {
                text.append(byte)
            } else {
                text.append("\\")
                for shift in [UInt8(6), 3, 0] { text.append(48 + (byte >> shift & 7)) }
            }
        }
        return String(decoding: text + [UInt8(ascii: "'")], as: UTF8.self)
    }

    static func say(_ text: String) { try? File.writeAll(1, Array(text.utf8) + [10]) }
}
