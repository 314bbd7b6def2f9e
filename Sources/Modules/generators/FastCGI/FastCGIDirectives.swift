// mod_fastcgi 2.4.7: fcgi_config.c

import Bytes
import ConfigLanguage
import ServerCore

/// Every directive of mod_fastcgi.
enum FastCGIDirectives {
    private static let starts =
        "this server starts no FastCGI applications; start php-fpm or the like and name its socket with FastCgiExternalServer"
    private static let roles = "FastCGI authorizers are not built: use AuthType and Require"

    static let rows: [Directive] =
        [
            Directive(
                "FastCgiExternalServer", .server,
                "a file name, and -socket path or -host name:port, with options", .rawArgs(external)),
            Directive(
                "FastCgiIpcDir", .server, "directory of relative -socket paths",
                .take1 { context, path in
                    context.server[FastCGIModule.server].directory = .set(context.serverRelative(path))
                }),
            Directive("AppClass", .server, "", .unsupported(starts)),
            Directive("FastCgiServer", .server, "", .unsupported(starts)),
            Directive("FastCgiConfig", .server, "", .unsupported(starts)),
            Directive("FCGIConfig", .server, "", .unsupported(starts)),
            Directive("FastCgiWrapper", .server, "a path, On or Off", .take1(wrapper)),
            Directive("FastCgiSuexec", .server, "a path, On or Off", .take1(wrapper)),
        ] + access + PHPValues.rows

    private static let access: [Directive] =
        ([
            "FastCgiAccessChecker", "FastCgiAccessCheckerAuthoritative", "FastCgiAuthenticator",
            "FastCgiAuthenticatorAuthoritative", "FastCgiAuthorizer", "FastCgiAuthorizerAuthoritative",
        ] as [StaticString]).map { Directive($0, .directory, "", .unsupported(roles)) }

    @Sendable private static func wrapper(_ context: DirectiveContext, _ value: ByteString) throws(DirectiveError) {
        if !value.equalsIgnoringCase("off") { throw DirectiveError("\(context.directive) \(value): \(starts)") }
    }

    @Sendable private static func external(
        _ context: DirectiveContext, _ arguments: ByteString
    ) throws(DirectiveError) {
        var words = ArgumentWords(arguments)
        let name = words.next()
        if name.isEmpty { throw DirectiveError("FastCgiExternalServer requires a pathname as its first argument") }
        let path = context.serverRelative(name)
        if context.server[FastCGIModule.server].externals[path] != nil {
            throw DirectiveError(
                "FastCgiExternalServer: redefinition of previously defined FastCGI server \"\(path)\"")
        }
        var server = FastCGIModule.External()
        var hasHost = false
        while !words.isAtEnd {
            let option = words.next()
            switch option.lowercased.string {
            case "-host":
                try setHost(&server, try value(&words, option))
                hasHost = true
            case "-socket": server.socket = absolute(try value(&words, option), context)
            case "-pass-header": server.passedHeaders.append(try value(&words, option))
            case "-idle-timeout": server.idleTimeout = try number(&words, option, from: 1)
            case "-appconntimeout": server.connectTimeout = try number(&words, option, from: 0)
            // Everything is passed on as it comes.
            case "-flush": break
            case "-user", "-group": _ = try value(&words, option)
            default: throw DirectiveError("FastCgiExternalServer \(path): invalid option: \(option)")
            }
        }
        if hasHost, server.socket != nil {
            throw DirectiveError("FastCgiExternalServer \(path): -host and -socket are mutually exclusive options")
        }
        guard hasHost || server.socket != nil else {
            throw DirectiveError("FastCgiExternalServer \(path): -socket or -host option missing")
        }
        context.server[FastCGIModule.server].externals[path] = server
    }

    private static func value(_ words: inout ArgumentWords, _ option: ByteString) throws(DirectiveError) -> ByteString {
        let value = words.next()
        if value.isEmpty { throw DirectiveError("FastCgiExternalServer: \"\(option)\" has no value") }
        return value
    }
    private static func number(
        _ words: inout ArgumentWords, _ option: ByteString, from minimum: Int
    ) throws(DirectiveError) -> Int {
        let text = try value(&words, option)
        guard text.allSatisfy(ASCII.isDigit), let number = text.decimal, number >= minimum, number < 1 << 30 else {
            throw DirectiveError("FastCgiExternalServer: \"\(option) \(text)\" must be a number of at least \(minimum)")
        }
        return number
    }
    private static func setHost(_ server: inout FastCGIModule.External, _ text: ByteString) throws(DirectiveError) {
        guard let (host, port) = ProxyURL.splitPort(text), port > 0 else {
            throw DirectiveError("FastCgiExternalServer: invalid -host \"\(text)\", it is hostname:port")
        }
        server.host = host
        server.port = port
    }
    private static func absolute(_ path: ByteString, _ context: DirectiveContext) -> ByteString {
        if path.first == UInt8(ascii: "/") { return path }
        let own = context.server[FastCGIModule.server].directory
        let main = context.configuration.mainServer[FastCGIModule.server].directory
        return "\(own.or(main).value(default: FastCGIModule.defaultDirectory))/\(path)"
    }
}
