// Apache: server/core.c set_limit_cpu, set_limit_mem, set_limit_nproc; os/unix/unixd.c ap_unixd_set_rlimit

import Bytes
import Kernel

/// `RLimitCPU`, `RLimitMEM`, `RLimitNPROC`: limits of the programs that requests start (CGI, exec of SSI).
enum CoreChildLimits {
    static let rows: [Directive] = [
        row("RLimitCPU", "Soft/hard limits for max CPU usage in seconds", \.limitCPU, "cpu"),
        row("RLimitMEM", "Soft/hard limits for max memory usage per process", \.limitMemory, "as"),
        row("RLimitNPROC", "soft/hard limits for max number of processes per uid", \.limitProcesses, "nproc"),
    ]

    private static func row(
        _ name: StaticString, _ usage: StaticString,
        _ place: any WritableKeyPath<CoreDirectory, Setting<Process.Limit>> & Sendable, _ resource: ByteString
    ) -> Directive {
        Directive(
            name, .all, usage,
            .take12 { context, soft, hard in
                guard let present = Process.limit(resource) else { return }
                let (limit, isTooHigh) = merged(soft, hard, present, isRoot: Process.userID == 0)
                if isTooHigh { context.warn("AH02174: Must be uid 0 to raise maximum \(name)", .error) }
                context[Core.directory][keyPath: place] = .set(limit)
            })
    }
    /// Words that are no numbers count as 0, as in C's `atol`; for root, 0 leaves what is there.
    /// - Returns: The limit, and whether its hard part was left alone because only root may raise it.
    static func merged(
        _ soft: ByteString, _ hard: ByteString?, _ present: Process.Limit, isRoot: Bool
    ) -> (limit: Process.Limit, isTooHigh: Bool) {
        var limit = present
        let wanted = soft.equalsIgnoringCase("max") ? present.hard : number(soft)
        let maximum = hard.map(number) ?? 0
        if !isRoot || wanted != 0 { limit.soft = wanted }
        let isTooHigh = !isRoot && maximum > present.hard
        if maximum != 0, !isTooHigh { limit.hard = maximum }
        return (limit, isTooHigh)
    }
    private static func number(_ word: ByteString) -> UInt64 {
        UInt64(ByteString(word.bytes.prefix(while: ASCII.isDigit)).decimal ?? 0)
    }
}

extension CoreDirectory {
    /// For ``Process/spawn``.
    public var childLimits: [(name: ByteString, value: Process.Limit)] {
        var limits: [(name: ByteString, value: Process.Limit)] = []
        if let value = limitCPU.value { limits.append((name: "cpu", value: value)) }
        if let value = limitMemory.value { limits.append((name: "as", value: value)) }
        if let value = limitProcesses.value { limits.append((name: "nproc", value: value)) }
        return limits
    }
}
