// What apache2 -t says of directives that are wrong, asked of the loader.

import Bytes
import ConfigLanguage
import ServerCore
import Testing

@testable import Modules

/// Loads `lines` as the main server's configuration with all modules in use; the message of the error, nil when it is good.
func configurationError(_ lines: String) -> String? {
    var commandLine = CommandLineConfiguration(serverRoot: "/", configFile: "/dev/null")
    commandLine.before = moduleList.filter { !$0.isStatic }.map { ByteString("LoadModule \($0.symbol) x.so") }
    commandLine.before += ["TypesConfig /dev/null"]
    commandLine.before += lines.split(separator: "\n").map { ByteString(String($0)) }
    let loader = ConfigurationLoader(Configuration(available: [Core.module] + moduleList, commandLine: commandLine))
    do throws(ConfigError) {
        try loader.load()
        return nil
    } catch { return error.message }
}

@Suite("apache2 -t: metadata, loggers, generators")
struct ConfigurationErrors {
    @Test(arguments: [
        ("CustomLog logs/x \"%Y\"", "Unrecognized LogFormat directive %Y"),
        ("CustomLog logs/x \"%{foo\"", "Ran off end of LogFormat parsing args to some directive"),
        ("CustomLog logs/x \"%h\" env=!", "missing environment variable name"),
        ("CustomLog logs/x \"%h\" foo", "error in condition clause"),
        ("CustomLog logs/x \"%h\" expr=", "missing condition"),
        ("MultiviewsMatch Any Filters", "Filters is incompatible with Any and NegotiatedOnly"),
        ("MultiviewsMatch Filters Any", "Any is incompatible with NegotiatedOnly, Filters and Handlers"),
        ("MultiviewsMatch Foo", "Unrecognized option 'Foo'"),
        ("SetEnvIf Host", "Missing regular expression for SetEnvIf"),
        ("SetEnvIf Host x", "Missing envariable expression for SetEnvIf"),
        ("SetEnvIf Host ( y", "SetEnvIf regex could not be compiled."),
        ("SetEnvIf \"Ho(\" x y", "SetEnvIfHeader name regex could not be compiled."),
        ("Header foo bar", nil),
        ("Header set X y env=", nil),
        ("Header set X \"%q\"", "Unrecognized header format %q"),
        ("Header edit X", "Header edit requires a match and a substitution"),
        ("Header edit X ( y", "Header edit regex could not be compiled"),
        ("Header unset X a b", "header unset takes two arguments"),
        ("RequestHeader note X y", "RequestHeader does not support the 'note' action"),
        ("RequestHeader echo X", "Header echo only valid on Header directives"),
        ("ExpiresByType foo A1", "Invalid mimetype: should contain a slash"),
        (
            "ExpiresByType text/html \"access plus 1 m\"",
            "'ExpiresByType text/html access plus 1 m': bad expires code, unrecognised <type>'m'"
        ),
        (
            "ExpiresDefault \"bad plus 1 day\"",
            "'ExpiresDefault bad plus 1 day': bad expires code, unrecognised <base> 'bad'"
        ),
        ("AddIcon (a b", "missing closing paren"),
        ("IndexOptions +None", "Cannot combine '+' or '-' with 'None' keyword"),
        ("IndexOptions None FancyIndexing", "Cannot combine other IndexOptions keywords with 'None'"),
        ("IndexOptions NameWidth=3", "NameWidth value must be greater than 5"),
        ("IndexOptions DescriptionWidth=11", "DescriptionWidth value must be greater than 12"),
        ("IndexOrderDefault a b", "First keyword must be 'Ascending' or 'Descending'"),
    ])
    func messages(_ line: String, _ message: String?) {
        let found = configurationError(line)
        #expect(found != nil)
        if let message { #expect(found?.hasSuffix(message) == true, "\(found ?? "accepted")") }
    }

    @Test(arguments: [
        "CustomLog \"|cat\" \"%!200,304{Referer}i %^FB %>s %<U %{usec_frac}t\" env=!dontlog",
        "LogFormat \"%h %l %u %t\" common\nTransferLog \"|cat\"",
        "SetEnvIfExpr \"%{REQUEST_URI} =~ /x/\" a b=c !d",
        "Header always edit* Set-Cookie ^(.*)$ \"$1; Secure\" env=https",
        "Header set X-D \"%D %t %{HOME}e %% %l %i %b\"",
        "ExpiresDefault \"modification plus 2 years 1 month 5 weeks 3 days 7 hours 2 minutes 8 seconds\"",
        "IndexOptions FancyIndexing -NameWidth +IconWidth=5 DescriptionWidth=* Charset= UseOldDateFormat",
    ])
    func accepted(_ lines: String) { #expect(configurationError(lines) == nil) }
}
