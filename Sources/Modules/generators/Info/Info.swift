// Apache: modules/generators/mod_info.c

import Bytes
import HTTP
import Kernel
import ServerCore

/// mod_info: modules, hooks and the configuration, as a page.
public enum ServerInfo {
    public static let module = ModuleDefinition(
        "info", .generators,
        directives: [
            Directive(
                "AddModuleInfo", .server, "a module name and additional information on that module",
                .take2 { context, name, text in context.server[server].notes.append((name, text)) })
        ]
    ) { hooks in
        hooks.onHandler(handle)
        hooks.onCheckConfig(dump, order: .first)
    }
    /// `-D DUMP_CONFIG`.
    @Sendable private static func dump(_ configuration: Configuration) {
        guard configuration.readerState.defines.contains("DUMP_CONFIG") else { return }
        var listing = DirectiveListing(nil, .text)
        listing.write(configuration.tree)
        try? File.writeAll(1, listing.text.bytes)
    }
    static let server = ConfigKey<InfoServer>()

    @Sendable private static func handle(_ request: Request) async -> Outcome {
        guard request.handler == "server-info" else { return .declined }
        request.allowed |= Method.get.bit
        guard request.methodNumber.isGet else { return .declined }
        request.setContentType("text/html; charset=ISO-8859-1", isTrusted: true)
        var page = InfoPage(request)
        page.write()
        request.responseBody = .bytes(page.text)
        return .ok
    }
}

/// `AddModuleInfo`.
struct InfoServer: MergeableConfig {
    var notes: [(module: ByteString, text: ByteString)] = []
    static func merged(_ base: InfoServer, _ child: InfoServer) -> InfoServer {
        InfoServer(notes: base.notes + child.notes)
    }
}

/// The page of `/server-info`; the query says which part.
struct InfoPage {
    let request: Request
    let hooks: Hooks
    let modules: [ModuleDefinition]
    var text = ByteString()

    init(_ request: Request) {
        self.request = request
        let configuration = request.configuration
        hooks = configuration.hooks
        modules = configuration.loaded.compactMap(configuration.module).sorted { $0.sourceName < $1.sourceName }
    }

    private mutating func say(_ more: ByteString) { text.append(more) }
    private func asks(_ word: ByteString) -> Bool { request.args?.equalsIgnoringCase(word) ?? true }

    mutating func write() {
        say(
            """
            <!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
            "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
            <html xmlns="http://www.w3.org/1999/xhtml">
            <head>
              <title>Server Information</title>
            </head>
            <body><h1 style="text-align: center">Apache Server Information</h1>

            """)
        if let args = request.args, args.equalsIgnoringCase("list") {
            say("<dl><dt>Server Module List</dt>")
            for module in modules { say("<dd>\(module.sourceName)</dd>") }
            say("</dl><hr />")
        } else {
            writeParts()
        }
        say("\(request.signature)</body></html>\n")
    }

    private mutating func writeParts() {
        if request.args == nil { writeContents() }
        if asks("server") { writeSettings() }
        if asks("hooks") { writeHooks() }
        if asks("providers") { writeProviders() }
        guard let args = request.args else {
            for module in modules { writeModule(module) }
            return
        }
        if args.equalsIgnoringCase("config") {
            say("<dl><dt><strong>Configuration:</strong>\n")
            writeDirectives(of: nil)
            say("</dl><hr />")
        } else if let module = modules.first(where: { args.equalsIgnoringCase(ByteString($0.sourceName)) }) {
            writeModule(module)
        } else if !args.equalsIgnoringCase("server") {
            say("<p><b>No such module</b></p>\n")
        }
    }

    private mutating func writeContents() {
        say(
            """
            <dl><dt><tt>Subpages:<br /><a href="?config">Configuration Files</a>, <a href="?server">Server Settings</a>, \
            <a href="?list">Module List</a>, <a href="?hooks">Active Hooks</a>, \
            <a href="?providers">Available Providers</a></tt></dt></dl><hr />\
            <dl><dt><tt>Sections:<br /><a href="#modules">Loaded Modules</a>, <a href="#server">Server Settings</a>, \
            <a href="#startup_hooks">Startup Hooks</a>, <a href="#request_hooks">Request Hooks</a>, \
            <a href="#other_hooks">Other Hooks</a>, <a href="#providers">Providers</a></tt></dt></dl><hr />\
            <h2><a name="modules">Loaded Modules</a></h2><dl><dt><tt>
            """)
        for module in modules { say("<a href=\"#\(module.sourceName)\">\(module.sourceName)</a>, ") }
        say("</tt></dt></dl><hr />")
    }

    private mutating func item(_ name: ByteString, _ value: ByteString, end: ByteString = "\n") {
        say("<dt><strong>\(name):</strong> <tt>\(value)</tt></dt>\(end)")
    }
    private mutating func writeSettings() {
        let configuration = request.configuration
        say("<h2><a name=\"server\">Server Settings</a></h2>")
        say("<dl><dt><strong>Server Version:</strong> <font size=\"+1\"><tt>\(configuration.banner)</tt></font></dt>\n")
        say("<dt><strong>Server Built:</strong> <font size=\"+1\"><tt>\(ServerBanner.built)</tt></font></dt>\n")
        item("Module Magic Number", ByteString(ServerBanner.moduleMagicNumber))
        item("Hostname/port", "\(request.serverName.escapedHTML):\(request.serverPort)")
        let timeouts = "connection: \(request.server.timeoutMilliseconds / 1000)"
        let keepAlive = "keep-alive: \(request.server.keepAliveTimeout.value(default: 5000) / 1000)"
        item("Timeouts", "\(timeouts) &nbsp;&nbsp; \(keepAlive)", end: "")
        let name = configuration.mpm?.rawValue ?? ""
        item("MPM Name", ByteString(name))
        let threaded = name == "prefork" ? "no" : "yes"
        let children = configuration.scoreboard?().children.count ?? 1
        item("MPM Information", "Max Daemons: \(children) Threaded: \(threaded) Forked: yes")
        item("Server Architecture", "\(Int.bitWidth)-bit")
        item("Server Root", configuration.serverRoot)
        item("Config File", configuration.commandLine.configFile)
        say("</dl><hr />")
    }

    private mutating func writeHooks() {
        let groups: [(id: String, title: String, phases: [HookTitle])] = [
            ("startup_hooks", "Startup Hooks", HookTitle.startup),
            ("request_hooks", "Request Hooks", HookTitle.request),
            ("other_hooks", "Other Hooks", []),
        ]
        let isOwnPage = request.args?.equalsIgnoringCase("hooks") ?? false
        for group in groups {
            say("<h2><a name=\"\(group.id)\">\(group.title)</a></h2>\n<dl>")
            for phase in group.phases {
                say("<dt><strong>\(phase.title):</strong>\n <br /><tt>\n")
                for (module, order) in hooks.participants(phase.name) ?? [] {
                    let number = order >= 0 && order < 10 ? "0\(order)" : "\(order)"
                    let mark = isOwnPage ? "?" : "#"
                    say("&nbsp;&nbsp; \(number) <a href=\"\(mark)\(module)\">\(module)</a> <br/>")
                }
                say("\n  </tt>\n</dt>\n")
            }
            say("</dl>\n<hr />\n")
        }
    }

    private mutating func writeProviders() {
        say("<h2><a name=\"providers\">Providers</a></h2>\n<dl>")
        for (group, names) in hooks.providerNames {
            say("<dt><strong>\(group)</strong> (version <tt>0</tt>):\n <br />\n")
            for name in names { say("<tt>&nbsp;&nbsp;\(name)</tt><br/>") }
            say("\n</dt>\n")
        }
        say("</dl>\n<hr />\n")
    }

    private mutating func writeModule(_ module: ModuleDefinition) {
        let name = module.sourceName
        say("<dl><dt><a name=\"\(name)\"><strong>Module Name:</strong></a> ")
        say("<font size=\"+1\"><tt><a href=\"?\(name)\">\(name)</a></tt></font></dt>\n")
        let answers = hooks.handlers.modules.contains(name)
        say("<dt><strong>Content handlers:</strong> <tt> <em>\(answers ? "yes" : "none")</em></tt></dt>")
        say("<dt><strong>Request Phase Participation:</strong>\n")
        let phases = HookTitle.request.filter { phase in
            hooks.participants(phase.name)?.contains { $0.module == name } ?? false
        }
        if phases.isEmpty { say("<tt> <em>none</em></tt>") }
        for (index, phase) in phases.enumerated() { say("\(index > 0 ? ", " : "")<tt>\(phase.title)</tt>") }
        say("</dt>\n")
        if module.directives.isEmpty {
            say("<dt><strong>Module Directives:</strong> <tt>none</tt></dt>")
        } else {
            say("<dt><strong>Module Directives:</strong></dt>")
            for row in module.directives {
                let word = ByteString(row.name)
                let end = word.first == UInt8(ascii: "<") ? "&gt;" : ""
                say("<dd><tt>\(word.escapedHTML)\(end) - <i>\(ByteString(row.usage).escapedHTML)</i></tt></dd>\n")
            }
            say("<dt><strong>Current Configuration:</strong></dt>\n")
            writeDirectives(of: module)
        }
        if let note = request.server[ServerInfo.server].notes.first(where: { $0.module == ByteString(name) }) {
            say("<dt><strong>Additional Information:</strong>\n</dt><dd>\(note.text)</dd>")
        }
        say("</dl><hr />\n")
    }

    private mutating func writeDirectives(of module: ModuleDefinition?) {
        let names = module.map { Set($0.directives.map { ByteString($0.name).lowercased }) }
        var listing = DirectiveListing(names)
        listing.write(request.configuration.tree)
        say(listing.text)
    }
}

/// Apache's words for the phases it lists.
struct HookTitle {
    let title: String
    let name: String

    static let startup = [
        HookTitle("Pre-Config", "pre_config"), HookTitle("Check Configuration", "check_config"),
        HookTitle("Post Configuration", "post_config"), HookTitle("Open Logs", "open_logs"),
        HookTitle("Child Init", "child_init"),
    ]
    static let request = [
        HookTitle("Post-Read Request", "post_read_request"), HookTitle("Header Parse", "header_parser"),
        HookTitle("Quick Handler", "quick_handler"), HookTitle("Translate Name", "translate_name"),
        HookTitle("Map to Storage", "map_to_storage"), HookTitle("Check Access", "access_checker_ex"),
        HookTitle("Check Access (legacy)", "access_checker"), HookTitle("Verify User ID", "check_user_id"),
        HookTitle("Verify User Access", "auth_checker"), HookTitle("Check Type", "type_checker"),
        HookTitle("Fixups", "fixups"), HookTitle("Insert Filters", "insert_filter"),
        HookTitle("Content Handlers", "handler"), HookTitle("Transaction Logging", "log_transaction"),
        HookTitle("Insert Errors", "insert_error_filter"),
    ]
    init(_ title: String, _ name: String) {
        self.title = title
        self.name = name
    }
}
