// Runs the recorded table against the reader.
import Bytes
import Testing

@testable import ConfigLanguage

@Test func answersLikeApache() {
    for expected in apacheVerdicts {
        let host = FakeHost(Dictionary(uniqueKeysWithValues: expected.files.map { ("/srv/conf/" + $0, $1) }))
        if !expected.macro { host.modules.remove("mod_macro.c") }
        let verdict = host.verdict(
            "a.conf", defines: expected.defines.map { ByteString($0) }, after: expected.after.map { ByteString($0) })
        #expect(verdict == expected.verdict, "\(expected.name)")
        #expect(host.logged.map(errorLogEscaped) == expected.warnings, "\(expected.name)")
    }
}
