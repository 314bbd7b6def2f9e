// Apache: modules/mappers/mod_actions.c

import Bytes
import HTTP
import ServerCore

/// Runs a script for every file of a type or handler (`Action`), or for every request of a method (`Script`).
public enum Actions {
    struct Action: Sendable {
        var script: ByteString
        /// The file that was asked for need not exist.
        var isVirtual: Bool
    }
    struct DirectoryConfig: MergeableConfig {
        /// By lower-cased media type or handler.
        var actions: [ByteString: Action] = [:]
        /// By method; GET stands for HEAD too.
        var scripts: [ByteString: ByteString] = [:]
        static func merged(_ base: DirectoryConfig, _ child: DirectoryConfig) -> DirectoryConfig {
            var result = child
            result.actions = base.actions.merging(child.actions) { $1 }
            result.scripts = base.scripts.merging(child.scripts) { $1 }
            return result
        }
    }
    static let directory = ConfigKey<DirectoryConfig>()

    public static let module = ModuleDefinition(
        "actions", .mappers,
        directives: [
            Directive("Action", .fileInfo, "a media type followed by a script name", .take23(addAction)),
            Directive("Script", [.directory, .server], "a method followed by a script name", .take2(setScript)),
        ]
    ) { hooks in
        hooks.onHandler(handle, order: .last)
    }

    @Sendable private static func addAction(
        _ context: DirectiveContext, _ type: ByteString, _ script: ByteString, _ option: ByteString?
    ) throws(DirectiveError) {
        if let option, !option.equalsIgnoringCase("virtual") {
            throw DirectiveError("unrecognized option '\(option)'")
        }
        context[directory].actions[type.lowercased] = Action(script: script, isVirtual: option != nil)
    }
    @Sendable private static func setScript(
        _ context: DirectiveContext, _ method: ByteString, _ script: ByteString
    ) throws(DirectiveError) {
        if method == "TRACE" { throw DirectiveError("TRACE not allowed for Script") }
        let isToken = !method.isEmpty && method.allSatisfy { ASCII.isAlnum($0) || $0 == UInt8(ascii: "-") }
        guard isToken else { throw DirectiveError("Could not register method '\(method)' for Script") }
        context[directory].scripts[method == "HEAD" ? "GET" : method] = script
    }

    @Sendable static func handle(_ request: Request) async -> Outcome {
        let config = request[directory]
        guard !config.actions.isEmpty || !config.scripts.isEmpty else { return .declined }
        for method in config.scripts.keys { request.allowed |= Method(method).bit }
        var script = scriptOfMethod(request, config)
        // A script that is no script leads here again and again.
        if script != nil, request.previous?.previous != nil { return .declined }
        let type = request.handler ?? request.contentType.map(withoutParameters)
        if let type, let action = config.actions[type.lowercased] {
            if !action.isVirtual, request.finfo == nil {
                request.log(.info, "actions", "AH00652: File does not exist: \(request.filename ?? "")")
                return .status(404)
            }
            script = action.script
            request.env.set("HANDLER", type)
            if action.isVirtual { request.notes.set("virtual_script", "1") }
        }
        guard let script else { return .declined }
        var target = script + request.uri.escapedPath
        if let args = request.args { target.append("?" + args) }
        return await request.internalRedirect(to: target)
    }

    private static func scriptOfMethod(_ request: Request, _ config: DirectoryConfig) -> ByteString? {
        guard request.methodNumber.isGet else { return config.scripts[request.method] }
        return request.args == nil ? nil : config.scripts["GET"]
    }
    private static func withoutParameters(_ type: ByteString) -> ByteString {
        (type.firstIndex(of: UInt8(ascii: ";")).map { type.upTo($0) } ?? type).trimmed()
    }
}
