// Apache: modules/filters/mod_reflector.c

import Bytes
import HTTP
import ServerCore

/// mod_reflector: answers a POST with its own body, so that filters can be used as a service.
public enum Reflector {
    public static let module = ModuleDefinition(
        "reflector", .filters,
        directives: [
            Directive(
                "ReflectorHeader", .options, "Header to reflect back in the response, with an optional new name.",
                .take12 { context, name, newName in context[directory].fields.append((name, newName ?? name)) })
        ]
    ) { hooks in
        hooks.onHandler(handle)
    }
    static let directory = ConfigKey<ReflectorDirectory>()

    @Sendable private static func handle(_ request: Request) async -> Outcome {
        guard request.handler == "reflector" else { return .declined }
        request.allowed = Method.post.bit | Method.options.bit
        switch request.methodNumber {
        case .options: return request.answerOptions()
        case .post: return reflect(request)
        default: return .status(405)
        }
    }

    private static func reflect(_ request: Request) -> Outcome {
        guard !request.isSubrequest else { return .ok }
        for (name, newName) in request[directory].fields {
            if let value = request.header(name) { request.headersOut.set(newName, value) }
        }
        if !request.headersOut.contains("Last-Modified") {
            request.updateMtime(request.loop.realTime)
            request.setLastModified()
        }
        request.headersOut.set("Accept-Ranges", "bytes")
        if let text = request.header("Content-Length") {
            guard let length = text.decimal, length >= 0 else {
                request.log(.error, "reflector", "AH10243: reflector_handler: invalid content-length '\(text)'")
                return .status(400)
            }
            request.headersOut.set("Content-Length", ByteString(decimal: length))
        }
        if let type = request.header("Content-Type") { request.contentType = type }
        if let body = request.body { request.responseBody = .stream(body) }
        return .ok
    }
}

/// mod_reflector's per-directory configuration.
struct ReflectorDirectory: MergeableConfig {
    var fields: [(name: ByteString, newName: ByteString)] = []
    /// A nearer section's names come first; all of them count (apr_table_overlay).
    static func merged(_ base: ReflectorDirectory, _ child: ReflectorDirectory) -> ReflectorDirectory {
        ReflectorDirectory(fields: child.fields + base.fields)
    }
}
