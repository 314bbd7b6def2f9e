// Apache: modules/loggers/mod_logio.c

import Bytes
import Kernel
import ServerCore

/// mod_logio: bytes on the wire for `%I`, `%O`, `%S`, and `%^FB`, the time to the first byte.
/// The requests count; mod_log_config writes.
public enum LogIO {
    public static let module = ModuleDefinition("logio", .loggers, isStatic: true, directives: directives) { hooks in
        hooks.addOutputFilter(timeFilter)
        hooks.onInsertFilter(insertTimeFilter, order: .last)
    }

    static let directory = ConfigKey<LogIODirectory>()

    private static let directives = [
        Directive(
            "LogIOTrackTTFB", .all, "Set to 'ON' to enable tracking time to first byte",
            .flag { context, on in context[directory].tracksFirstByte = on })
    ]

    private static let timeFilter = OutputFilter("LOGIO_TTFB_OUT", .resource) { request in
        request.doNotReuse()
        request.notes.setIfAbsent("logio-ttfb", ByteString(decimal: RealTime.now - request.requestTime))
    }
    @Sendable private static func insertTimeFilter(_ request: Request) {
        if request[directory].tracksFirstByte { request.outputFilters.append(timeFilter) }
    }
    @Sendable static func appendTimeToFirstByte(
        _ request: Request, _ moment: inout LogMoment, _ line: inout [UInt8]
    ) -> Bool { request.notes.append(valueOf: noteName, to: &line) }
    private static let noteName: ByteString = "logio-ttfb"
}

/// mod_logio's per-directory configuration; it has no merge function, so the inner scope replaces the outer.
struct LogIODirectory: MergeableConfig {
    var tracksFirstByte = false
    init() {}
    static func merged(_ base: LogIODirectory, _ child: LogIODirectory) -> LogIODirectory { child }
}
