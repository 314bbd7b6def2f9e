// Apache: modules/ssl/ssl_engine_config.c (ssl_hook_ConfigTest)

import Bytes
import Kernel
import ServerCore

/// What `-t` finds out about certificates.
enum TLSTest {
    static func run(_ configuration: Configuration) throws(DirectiveError) {
        if configuration.readerState.defines.contains("DUMP_CERTS") { dump(configuration) }
        // Unlike Apache's, this test fails where the server would not start.
        for server in configuration.servers where server.isTLS && !server[TLS.server].certificateFiles.isEmpty {
            _ = try TLSInit.make(server, asksForPhrases: false)
        }
    }
    private static func dump(_ configuration: Configuration) {
        var text: ByteString = "Server certificates:\n"
        for server in configuration.servers {
            for file in server[TLS.server].certificateFiles { text.append("  \(file)\n") }
        }
        try? File.writeAll(1, text.bytes)
    }
}
