import Bytes
import ConfigLanguage
import Testing

@testable import ServerCore

@Suite struct LoadModuleTests {
    /// What is said of a module that does not exist here, by the file that asks for it.
    @Test(arguments: [
        ("/etc/apache2/mods-enabled/ssl.load", "run a2dismod ssl"),
        ("/etc/apache2/httpd.conf", "remove this line and the directives of null"),
        ("macro 'x' (defined on line 1 of \"f\")", "remove this line and the directives of null"),
    ])
    func refusalSaysWhatToDo(_ row: (file: String, remedy: String)) {
        let configuration = Configuration(
            available: [], commandLine: CommandLineConfiguration(serverRoot: "/", configFile: "x"))
        let error = #expect(throws: ConfigError.self) {
            try configuration.load(
                symbol: "ssl_module", path: "/dev/null", at: SourceLocation(file: row.file, line: 3))
        }
        #expect(
            error?.message
                == "Cannot load /dev/null into server: Martinet has no counterpart of ssl_module: \(row.remedy) (docs/migrate.md lists the modules there are)"
        )
    }
}
