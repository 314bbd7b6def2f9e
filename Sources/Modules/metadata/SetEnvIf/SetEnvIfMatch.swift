// Apache: modules/metadata/mod_setenvif.c (match_headers)

import Bytes
import Expressions
import ServerCore

/// Runs conditions over a request.
enum SetEnvIfMatch {
    static func run(_ entries: [SetEnvIfEntry], _ request: Request) -> Outcome {
        var lastName: ByteString?
        var value: ByteString = ""
        var matches = ExpressionMatches()
        for entry in entries {
            if let source = entry.source {
                // Conditions in a row on one field read it once, so that they all see it as it was before them.
                if lastName?.equalsIgnoringCase(source.name) != true {
                    lastName = source.name
                    value = Self.value(source.kind, request) ?? ""
                }
            }
            var replaces = true
            switch entry.pattern {
            case .text(let text):
                replaces = false
                guard text.isEmpty || (entry.ignoresCase ? value.lowercased : value).firstRange(of: text) != nil else {
                    continue
                }
            case .regex(let regex):
                guard let captures = regex.match(value) else { continue }
                matches.source = value
                matches.captures = captures
            case .expression(let expression):
                matches = ExpressionMatches()
                matches.source = value
                guard let holds = try? request.evaluate(expression, matches: &matches), holds else { continue }
                // True because a pattern did not match: there is nothing to refer to.
                replaces = matches.source != nil
                value = matches.source ?? ""
            }
            guard set(entry.variables, replaces ? matches : nil, request) else { return .status(500) }
        }
        return .declined
    }

    private static func set(_ variables: Table, _ matches: ExpressionMatches?, _ request: Request) -> Bool {
        for index in 0..<variables.count {
            let name = variables.name(at: index)
            let value = variables.value(at: index)
            if value.first == UInt8(ascii: "!") {
                request.env.unset(name)
            } else if let matches {
                guard
                    let text = Substitution.expand(value, source: matches.source ?? "", captures: matches.captures)
                else {
                    request.log(
                        .crit, "setenvif",
                        "AH01505: Regular expression replacement failed for '\(name)', value too long?")
                    return false
                }
                request.env.set(name, text)
            } else {
                request.env.set(name, value)
            }
            request.log(.trace2, "setenvif", "Setting \(name)")
        }
        return true
    }

    private static func value(_ source: SetEnvIfEntry.Source, _ request: Request) -> ByteString? {
        switch source {
        case .remoteAddress: return request.remoteAddress.text
        case .remoteHost: return request.remoteHostName
        case .requestURI: return request.uri
        case .requestMethod: return request.method
        case .requestProtocol:
            return request.protocolText
        // Answers are kept for one local address only.
        case .serverAddress: return request.connection.localAddress.text
        case .header(let name): return request.header(name) ?? request.env[name]
        case .headers(let regex):
            let fields = request.headersIn
            var found: ByteString?
            for index in 0..<fields.count where regex.matches(fields.name(at: index)) {
                found = fields.value(at: index)
            }
            return found
        }
    }
}
