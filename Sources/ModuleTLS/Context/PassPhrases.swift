// Apache: modules/ssl/ssl_engine_pphrase.c

import Bytes
import CTLS
import Kernel
import ServerCore
import Synchronization

/// Pass phrases of private keys, asked for when the server starts (`SSLPassPhraseDialog`). Only the parent has them.
enum PassPhrases {
    /// Those that fitted: a reload does not ask again, and one phrase for several keys is asked for once.
    private static let known = Mutex<[ByteString]>([])
    static func remember(_ phrase: ByteString) {
        known.withLock { if !$0.contains(phrase) { $0.append(phrase) } }
    }

    /// What may be tried for one key, one after the other: phrases that fitted before, then answers of the dialog.
    struct Attempts {
        private let dialog: ByteString
        private let server: Server
        private let id: ByteString
        private let keyFile: ByteString
        private var remembered: [ByteString]
        private var asked = 0

        init(_ dialog: ByteString, _ server: Server, _ id: ByteString, _ keyFile: ByteString) {
            self.dialog = dialog
            self.server = server
            self.id = id
            self.keyFile = keyFile
            remembered = known.withLock(\.self).reversed()
        }
        /// Nil when there is nothing left to try. A program answers once, who sits at the terminal three times.
        mutating func next() -> ByteString? {
            if let phrase = remembered.popLast() { return phrase }
            asked += 1
            if dialog.hasPrefix("exec:") {
                return asked > 1 ? nil : PassPhrases.filter(dialog.from(5), server, keyFile)
            }
            guard asked <= 3 else { return nil }
            if asked > 1 {
                let left = 4 - asked
                PassPhrases.write(
                    "Apache:mod_ssl:Error: Pass phrase incorrect (\(left) more retr\(left == 1 ? "y" : "ies") permitted).\n"
                )
            }
            if dialog.hasPrefix("|") {
                return asked > 1 ? nil : PassPhrases.pipe(dialog.from(1), PassPhrases.prompt(id, keyFile))
            }
            return PassPhrases.terminal(PassPhrases.prompt(id, keyFile))
        }
    }

    private static let hasGreeted = Mutex(false)
    private static func prompt(_ id: ByteString, _ keyFile: ByteString) -> ByteString {
        let isFirst = hasGreeted.withLock { greeted in
            defer { greeted = true }
            return !greeted
        }
        let greeting: ByteString = """
            Apache/2.4.68 mod_ssl (Pass Phrase Dialog)
            Some of your private key files are encrypted for security reasons.
            In order to read them you have to provide the pass phrases.

            """
        return "\(isFirst ? greeting : "")\nPrivate key \(id) (\(keyFile))\nEnter pass phrase:"
    }
    private static func write(_ text: ByteString) { try? File.writeAll(1, text.bytes) }

    /// `builtin`: the terminal, without an echo; standard input where there is no terminal.
    private static func terminal(_ prompt: ByteString) -> ByteString? {
        write(prompt)
        var room = [CChar](repeating: 0, count: 1024)
        defer { for index in room.indices { room[index] = 0 } }
        let code = unsafe room.withUnsafeMutableBufferPointer { unsafe EVP_read_pw_string($0.baseAddress, 1023, "", 0) }
        guard code == 0 else { return nil }
        let phrase = room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return phrase.isEmpty ? nil : ByteString(phrase)
    }
    /// `|program`: reads prompts, writes phrases.
    private static func pipe(_ program: ByteString, _ prompt: ByteString) -> ByteString? {
        answer("exec \(program)", given: prompt)
    }
    /// `exec:program`: gets the server and the kind of key as arguments.
    private static func filter(_ program: ByteString, _ server: Server, _ keyFile: ByteString) -> ByteString? {
        answer("exec \(quoted(program)) \(quoted(server.sslID)) \(kind(keyFile))", given: "")
    }
    private static func answer(_ command: ByteString, given text: ByteString) -> ByteString? {
        guard let program = try? Process.spawnShell(command, readOutput: true) else { return nil }
        let (pid, input, result) = program.take()
        try? File.writeAll(input, text.bytes)
        File.close(input)
        defer {
            File.close(result)
            _ = Process.reap(pid, wait: true)
        }
        guard let output = try? File.readWhole(result, limit: 4096) else { return nil }
        let line = output.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false).first ?? []
        return ByteString(Array(line.filter { $0 != 13 }))
    }
    private static func quoted(_ text: ByteString) -> ByteString {
        var bytes: [UInt8] = [39]
        for byte in text.bytes { bytes += byte == 39 ? [39, 92, 39, 39] : [byte] }
        return ByteString(bytes + [39])
    }
    /// `RSA`, `DSA` or `ECC`, as far as the file's first line tells.
    private static func kind(_ keyFile: ByteString) -> ByteString {
        guard let text = try? File.readWhole(keyFile, limit: 1 << 20) else { return "RSA" }
        return ByteString(text).contains("BEGIN EC") ? "ECC" : "RSA"
    }
    /// The key is encrypted, as its text says.
    static func areNeeded(_ keyFile: ByteString) -> Bool {
        guard let text = try? File.readWhole(keyFile, limit: 1 << 20) else { return false }
        return ByteString(text).contains("ENCRYPTED")
    }
}
