// What is tested: one parser, or a few that read the same text.
import Bytes

/// A property that did not hold.
struct Violation: Error {
    let message: String
    init(_ message: String) { self.message = message }
}

/// Throws when `condition` is false.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Violation) {
    if !condition { throw Violation(message()) }
}

/// Throws when the two are not the same, and shows both.
func requireSame<Value: Equatable>(_ left: Value, _ right: Value, _ what: String) throws(Violation) {
    if left != right { throw Violation("\(what): \(left) is not \(right)") }
}

struct Target: Sendable {
    /// As on the command line; seeds are in `Fuzz/corpus/<name>/`.
    let name: String
    /// Pieces that mean something to the parser.
    let dictionary: [String]
    /// Reads the input and checks what must hold for every input. Random numbers choose options and where to cut.
    let run: @Sendable ([UInt8], inout Random) throws(Violation) -> Void

    static let all: [Target] =
        requestTargets + fieldTargets + configTargets + expressionTargets + fastCGITargets + canaryTargets

    static func named(_ name: String) -> Target? { all.first { $0.name == name } }
}

/// Targets that fail: they prove that the runner notices.
let canaryTargets = [
    Target(name: "canary", dictionary: ["!"]) { (input, _) throws(Violation) in
        try require(!input.contains(UInt8(ascii: "!")), "the canary sings")
    },
    Target(name: "canary-trap", dictionary: ["!"]) { (input, _) throws(Violation) in
        if let index = input.firstIndex(of: UInt8(ascii: "!")) {
            try require(input[index + input.count] == 0, "an index past the end was read")
        }
    },
    Target(name: "canary-hang", dictionary: ["!"]) { (input, random) throws(Violation) in
        while input.contains(UInt8(ascii: "!")), random.next() != 0 {}
    },
]
