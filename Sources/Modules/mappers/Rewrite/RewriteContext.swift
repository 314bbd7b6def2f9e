// Apache: modules/mappers/mod_rewrite.c (rewrite_ctx, backrefinfo, do_rewritelog)

import Bytes
import Expressions
import ServerCore

/// Groups of a match, to be put in for `$N` or `%N` (backrefinfo).
struct RewriteGroups {
    var source: ByteString
    var captures: RegexCaptures

    /// The bytes of a group; nil when it did not take part or is empty.
    func group(_ number: Int) -> ArraySlice<UInt8>? {
        guard let range = captures[number], !range.isEmpty, range.upperBound <= source.count else { return nil }
        return source.bytes[range]
    }
}

/// What is known while one list of rules is applied to one request (rewrite_ctx).
struct RewriteContext {
    /// The request whose facts variables tell: a subrequest's while looking ahead.
    var request: Request
    /// What the current rule is tried on.
    var uri: ByteString = ""
    /// The directory whose rules these are; nil in a server.
    let directory: ByteString?
    var ruleGroups: RewriteGroups?
    var conditionGroups: RewriteGroups?
    /// Request fields looked at by the current condition, and by all that held.
    var varyThis: ByteString?
    var vary: ByteString?
    /// A map's program must be asked; the whole list is applied again when it has answered.
    var waiting: RewriteProgramCall?
    /// How much of the trace is wanted, asked once for each list.
    let level: LogLevel

    init(_ request: Request, directory: ByteString?) {
        self.request = request
        self.directory = directory
        level = request.logLevel(for: "rewrite")
    }

    /// One line of the rewriting trace: 1 to 8 for trace1 to trace8.
    func trace(_ depth: Int, _ text: @autoclosure () -> ByteString, inDirectory: Bool = true) {
        guard level.rawValue >= LogLevel.debug.rawValue + depth else { return }
        RewriteLog.write(request, depth, inDirectory ? directory : nil, text())
    }
}

/// The trace of `LogLevel rewrite:trace1` … `trace8`.
enum RewriteLog {
    static func trace(_ request: Request, _ depth: Int, _ directory: ByteString?, _ text: @autoclosure () -> ByteString)
    {
        guard request.logLevel(for: "rewrite").rawValue >= LogLevel.debug.rawValue + depth else { return }
        write(request, depth, directory, text())
    }

    static func write(_ request: Request, _ depth: Int, _ directory: ByteString?, _ text: ByteString) {
        guard let level = LogLevel(rawValue: LogLevel.debug.rawValue + depth) else { return }
        var redirects = 0
        var earlier = request.previous
        while let found = earlier {
            redirects += 1
            earlier = found.previous
        }
        let user: ByteString = request.user.map { $0.isEmpty ? "\"\"" : $0 } ?? "-"
        let kind: ByteString = request.isSubrequest ? "subreq" : "initial"
        let redirect: ByteString = redirects > 0 ? "/redir#\(redirects)" : ""
        let place: ByteString = directory.map { "[perdir \($0)] " } ?? ""
        let names: ByteString =
            "[\(request.serverName)/sid#\(identity(request.server))][rid#\(identity(request))/\(kind)\(redirect)]"
        request.log(level, "rewrite", "\(request.useragentAddress.text) - \(user) \(names) \(place)\(text)")
    }
    private static func identity(_ object: AnyObject) -> ByteString {
        var text: [UInt8] = []
        text.append(hexadecimal: UInt(bitPattern: ObjectIdentifier(object)))
        return ByteString(text)
    }
}
