// Apache: server/core.c core_cmds: requests, names and the environment of programs

import Bytes
import ConfigLanguage
import Expressions
import HTTP

/// Limits of requests, names of servers and clients, what programs are told.
enum CoreRequests {
    static let rows: [Directive] = [
        Directive(
            "UseCanonicalName", [.server, .directory], "How to work out the ServerName : Port when constructing URLs",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].useCanonicalName = .set(
                    try CoreDirectives.choice(
                        word, ["on": .on, "off": .off, "dns": .dns], "parameter must be 'on', 'off', or 'dns'"))
            }),
        Directive(
            "UseCanonicalPhysicalPort", [.server, .directory],
            "Whether to use the physical Port when constructing URLs",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].useCanonicalPhysicalPort = .set(
                    try CoreDirectives.choice(word, ["on": true, "off": false], "parameter must be 'on' or 'off'"))
            }),
        Directive(
            "HostnameLookups", [.server, .directory],
            "\"on\" to enable, \"off\" to disable reverse DNS lookups, or \"double\" to enable double-reverse DNS lookups",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].hostnameLookups = .set(
                    try CoreDirectives.choice(
                        word, ["on": .on, "off": .off, "double": .double],
                        "parameter must be 'on', 'off', or 'double'"))
            }),
        Directive(
            "LimitRequestBody", .all, "Limit (in bytes) on maximum size of request message body",
            .take1 { context, word throws(DirectiveError) in
                guard let number = word.decimal, number >= 0 else {
                    throw DirectiveError("LimitRequestBody requires a non-negative integer.")
                }
                context[Core.directory].limitRequestBody = .set(Int64(number))
            }),
        Directive(
            "LimitXMLRequestBody", .all, "Limit (in bytes) on maximum size of an XML-based request body",
            .take1 { context, word throws(DirectiveError) in
                guard let number = word.decimal, number >= 0 else {
                    throw DirectiveError("LimitXMLRequestBody requires a non-negative integer.")
                }
                context[Core.directory].limitXMLRequestBody = .set(Int64(number))
            }),
        Directive(
            "CGIPassAuth", .authConfig,
            "Controls whether HTTP authorization headers, normally hidden, will be passed to scripts",
            .flag { context, on in context[Core.directory].cgiPassAuth = .set(on) }),
        Directive(
            "CGIVar", .fileInfo, "Controls how some CGI variables are set",
            .take2 { context, name, value throws(DirectiveError) in
                guard name == "REQUEST_URI" else { throw DirectiveError("Unrecognized CGI variable: \"\(name)\"") }
                guard value == "original-uri" || value == "current-uri" else {
                    throw DirectiveError("Valid rules for REQUEST_URI are 'current-uri' and 'original-uri'")
                }
                context[Core.directory].cgiVariables[name] = value
            }),
        Directive(
            "QualifyRedirectURL", .fileInfo,
            "Controls whether the REDIRECT_URL environment variable is fully qualified",
            .flag { context, on in context[Core.directory].qualifyRedirectURL = .set(on) }),
        Directive(
            "AllowEncodedSlashes", .server, "Allow URLs containing '/' encoded as '%2F'",
            .take1 { context, word throws(DirectiveError) in
                context[Core.directory].allowEncodedSlashes = .set(
                    try CoreDirectives.choice(
                        word, ["on": .on, "off": .off, "nodecode": .noDecode],
                        "AllowEncodedSlashes must be On, Off, or NoDecode"))
            }),
    ]
}
