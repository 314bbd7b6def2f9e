// Apache: modules/loggers/mod_log_config.c (multi_log_transaction, config_log_transaction, process_item)

import Bytes
import Expressions
import Kernel
import ServerCore

/// What the items of one line may share.
struct LogMoment {
    /// When the request ended, µs since 1970; read from the clock by the first item that asks.
    private var endTime: Int64 = 0

    mutating func end() -> Int64 {
        if endTime == 0 { endTime = RealTime.now }
        return endTime
    }
}

/// Appends what one directive of a format stands for; false means that there is nothing, which is logged as `-`.
typealias LogItemWriter = @Sendable (Request, inout LogMoment, inout [UInt8]) -> Bool

/// A `LogFormat`, compiled: appends a line without making any intermediate value.
struct LogFormat: Sendable {
    struct Item: Sendable {
        var literal: ByteString
        var write: LogItemWriter?
        /// Describes the request as it arrived, not the one that internal redirects led to.
        var wantsOriginal = false
        var statuses: [Int] = []
        var isNegated = false
    }
    var items: [Item]

    func append(_ original: Request, _ last: Request, _ moment: inout LogMoment, to line: inout [UInt8]) {
        for item in items {
            guard let write = item.write else {
                line.append(item.literal)
                continue
            }
            if !item.statuses.isEmpty, item.statuses.contains(last.status) == item.isNegated {
                line.append(UInt8(ascii: "-"))
                continue
            }
            if !write(item.wantsOriginal ? original : last, &moment, &line) { line.append(UInt8(ascii: "-")) }
        }
        line.append(10)
    }
}

extension LogConfig {
    /// Writes a line for each log whose condition holds. Runs once for each request of a client.
    @Sendable static func logTransaction(_ request: Request) {
        let first = request.first
        let last = request.last
        var moment = LogMoment()
        for (log, format) in request.server[server].active {
            guard let output = log.output, holds(log.condition, request) else { continue }
            request.connection.worker.logBuffers.append(to: output) { line in
                format.append(first, last, &moment, to: &line)
            }
        }
    }

    private static func holds(_ condition: AccessLog.Condition?, _ request: Request) -> Bool {
        switch condition {
        case nil: return true
        case .with(let name): return request.env.contains(name)
        case .without(let name): return !request.env.contains(name)
        case .expression(let expression):
            do {
                return try request.evaluate(expression)
            } catch {
                request.log(.warning, "log_config", "AH00644: Error evaluating log condition: \(error.message)")
                return false
            }
        }
    }

    /// Compiles a format. Letters of mod_logio are known while that module is loaded.
    static func compile(_ format: ByteString, _ configuration: Configuration) throws(DirectiveError) -> LogFormat {
        let countsBytes = configuration.isLoaded("logio_module")
        let parsed: [FormatString.Item]
        do throws(FormatError) {
            parsed = try FormatString.parseLog(format) { LogItems.isKnown($0, countsBytes: countsBytes) }
        } catch {
            throw DirectiveError(error.message)
        }
        return LogFormat(
            items: parsed.map { item in
                switch item {
                case .literal(let text): return LogFormat.Item(literal: text)
                case .directive(let directive):
                    let wantsOriginal =
                        switch directive.which {
                        case .original: true
                        case .final: false
                        case .unspecified: LogItems.describesOriginal(directive.name)
                        }
                    return LogFormat.Item(
                        literal: "", write: LogItems.writer(directive.name, directive.argument),
                        wantsOriginal: wantsOriginal, statuses: directive.statuses, isNegated: directive.isNegated)
                }
            })
    }
}
