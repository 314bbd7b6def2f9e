import FPM
import Testing

@Suite struct LogLevelTests {
    @Test func levelsAreOrdered() {
        #expect(LogLevel.allCases.sorted() == [.debug, .notice, .warning, .error, .alert])
    }
}
