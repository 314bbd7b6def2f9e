// Apache: modules/md/md_result.c, modules/md/md_status.c (md_job_*)

import Kernel

/// How far a renewal is or how it ended; part of `job.json`.
public struct RenewalResult: Sendable, Hashable {
    /// One of ``StatusCode``.
    public var status = StatusCode.success
    public var problem: String?
    public var detail: String?
    public var activity: String?
    public var subproblems: JSON = .null
    /// From when on the new certificates may be used, in seconds since the epoch; 0 for unknown.
    public var readyAt: Int64 = 0

    public init() {}
    public init(_ error: ACMEError, activity: String? = nil) {
        status = error.status
        problem = error.problem
        detail = error.detail
        subproblems = error.subproblems
        self.activity = activity
    }
    public var json: JSON {
        var json: JSON = ["status": .integer(Int64(status))]
        if status > 0 { json["status-description"] = .string(StatusCode.text(status)) }
        json["problem"] = JSON(problem)
        json["detail"] = JSON(detail)
        json["activity"] = JSON(activity)
        if readyAt > 0 { json["valid-from"] = .string(RFC822.text(readyAt)) }
        json["subproblems"] = subproblems
        return json
    }
    init(_ json: JSON) {
        status = json["status"].integer ?? 0
        problem = json["problem"].string
        detail = json["detail"].string
        activity = json["activity"].string
        subproblems = json["subproblems"]
        readyAt = json["valid-from"].string.flatMap(RFC822.parse) ?? 0
    }
}

/// What is to be done about a domain and what happened so far: `job.json`.
public struct Job: Sendable, Hashable {
    public var name: String
    public var isFinished = false
    public var isNotified = false
    public var isRenewalNotified = false
    /// Seconds since the epoch, 0 for none.
    public var nextRun: Int64 = 0
    public var lastRun: Int64 = 0
    public var validFrom: Int64 = 0
    /// Runs in a row that failed.
    public var errors = 0
    public var last: RenewalResult?
    /// The newest first.
    public var log: [JSON] = []

    static let logLimit = 128

    public init(_ name: String) { self.name = name }

    public init(_ name: String, _ json: JSON) {
        self.name = name
        isFinished = json["finished"].bool ?? false
        isNotified = json["notified"].bool ?? false
        isRenewalNotified = json["notified-renewed"].bool ?? false
        nextRun = json["next-run"].string.flatMap(RFC822.parse) ?? 0
        lastRun = json["last-run"].string.flatMap(RFC822.parse) ?? 0
        validFrom = json["valid-from"].string.flatMap(RFC822.parse) ?? 0
        errors = json["errors"].integer ?? 0
        if !json["last"].isNull { last = RenewalResult(json["last"]) }
        log = json["log"]["entries"].elements
    }
    public init(_ store: Store, _ name: String, _ group: Store.Group = .staging) {
        self = Self.json(store, name, group).map { Job(name, $0) } ?? Job(name)
    }
    /// What is there and may be believed: a finished renewal has left certificates (md_job_json_seems_valid).
    public static func json(_ store: Store, _ name: String, _ group: Store.Group = .staging) -> JSON? {
        guard let json = try? store.json(group, name, "job.json") else { return nil }
        guard group == .staging, json["finished"].bool == true, json["notified-renewed"].bool == true else {
            return json
        }
        guard let domain = try? store.domain(group, name) else { return nil }
        let isWhole = domain.keyKinds.allSatisfy { (try? store.chain(group, name, $0.fileName("pubcert"))) != nil }
        return isWhole ? json : nil
    }
    public var json: JSON {
        var json: JSON = [
            "name": .string(name), "finished": .bool(isFinished), "notified": .bool(isNotified),
            "notified-renewed": .bool(isRenewalNotified),
        ]
        if nextRun > 0 { json["next-run"] = .string(RFC822.text(nextRun)) }
        if lastRun > 0 { json["last-run"] = .string(RFC822.text(lastRun)) }
        if validFrom > 0 { json["valid-from"] = .string(RFC822.text(validFrom)) }
        json["errors"] = .integer(Int64(errors))
        if let last { json["last"] = last.json }
        if !log.isEmpty { json["log"] = ["entries": .array(log)] }
        return json
    }
    public func save(_ store: Store, _ group: Store.Group = .staging) {
        try? store.save(json, group, name, "job.json")
    }
    public mutating func note(_ type: String, status: String? = nil, detail: String? = nil) {
        let now = RFC822.text(RealTime.now / 1_000_000)
        log.insert(
            ["when": .string(now), "type": .string(type), "status": JSON(status), "detail": JSON(detail)], at: 0)
        if log.count > Self.logLimit { log.removeLast(log.count - Self.logLimit) }
    }
    /// When an event of this kind was noted last.
    public func latest(_ type: String) -> Int64? {
        log.first { $0["type"].string == type }?["when"].string.flatMap(RFC822.parse)
    }
    /// Seconds to wait after this many errors: twice as long each time, a day at most, and not on the dot.
    public static func delay(errors: Int, problem: String?, first: Int64) -> Int64 {
        let day: Int64 = 86400
        var delay: Int64 = 0
        if errors > 0, ACMEError.isInputRelated(problem) {
            delay = day
        } else if errors > 0 {
            // 17 doublings make a day of a second.
            delay = min(day, min(first, day) << Int64(min(errors - 1, 17)))
        }
        let jitter = Int64((try? Random.bytes(1))?[0] ?? 128) - 128
        return delay + delay * jitter / 256
    }
}
