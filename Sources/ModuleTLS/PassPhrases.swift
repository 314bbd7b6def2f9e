// Apache: modules/ssl/ssl_engine_pphrase.c

import Bytes
import Kernel
import ServerCore

/// Pass phrases of private keys, asked for when the server starts (`SSLPassPhraseDialog`).
enum PassPhrases {
    /// What the dialog answers for a key; the program may be asked again where the first answer is wrong.
    static func ask(_ dialog: ByteString, _ server: Server, _ keyFile: ByteString) -> [ByteString] {
        guard dialog.hasPrefix("exec:") else { return [] }
        let command: ByteString = "exec \(quoted(dialog.from(5))) \(quoted(server.sslID)) \(kind(keyFile))"
        guard let program = try? Process.spawnShell(command, readOutput: true) else { return [] }
        let (pid, input, result) = program.take()
        File.close(input)
        defer {
            File.close(result)
            _ = Process.reap(pid, wait: true)
        }
        guard let output = try? File.readWhole(result, limit: 4096) else { return [] }
        let line = output.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false).first ?? []
        return [ByteString(Array(line.filter { $0 != 13 }))]
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
}
