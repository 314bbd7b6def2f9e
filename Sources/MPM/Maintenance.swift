// Apache: server/mpm/{worker/worker,prefork/prefork}.c (perform_idle_server_maintenance)

import Kernel
import ServerCore

/// What the parent remembers between two looks at its idle children.
struct Spare {
    /// Children to start when there are too few: doubled each time that was not enough.
    var rate = 1
    /// For so many rounds after a restart it is not doubled.
    var holdOff = 0
    /// Monotonic milliseconds.
    var next: UInt64 = 0
    var saidLimit = false
    var saidNear = false

    /// MAX_SPAWN_RATE
    static let highestRate = 32
    /// SCOREBOARD_MAINTENANCE_INTERVAL, in milliseconds.
    static let interval: UInt64 = 1000
}

extension Parent {
    /// The first children of a generation. Where each holds one connection a restart begins with as many as there were.
    func startGeneration() {
        let plan = generation.plan
        wanted = plan.children
        if !plan.mpm.isAsync, !launch.isSingle {
            wanted = min(plan.childLimit, max(wanted, children.count { !$0.isStopping }))
        }
        spare = Spare()
        spare.holdOff = generation.number > 0 ? 10 : 0
        spare.next = MonotonicTime.milliseconds + Spare.interval
        startChildren()
    }

    /// Once a second, where children come and go: more children when few places are idle, one less when many are.
    func maintain() {
        let plan = generation.plan
        let now = MonotonicTime.milliseconds
        guard !launch.isSingle, now >= spare.next else { return }
        spare.next = now + Spare.interval
        guard !plan.mpm.isAsync else { return watchLimit() }
        let serving = children.indices.filter { isServing(children[$0]) }
        // Children that should be there and are not: fork failed, or they die young.
        guard serving.count >= wanted else { return }
        let idle = serving.reduce(0) { $0 + idlePlaces(children[$1]) }
        if idle > plan.spares.upperBound {
            endIdlest(serving)
        } else if idle < plan.spares.lowerBound {
            addChildren(idle)
        } else {
            spare.rate = 1
        }
    }
    /// Event: whether all requests are at work that may be.
    private func watchLimit() {
        guard !spare.saidLimit else { return }
        let plan = generation.plan
        let active = children.filter { isServing($0) }.reduce(0) { sum, child in
            sum + Int(truncatingIfNeeded: board.child(child.slot, Scoreboard.Field.active).load())
        }
        if active >= plan.children * plan.loopsPerChild * plan.requestsPerLoop { sayLimit(0) }
    }
    /// A child that still starts counts as idle: otherwise a slow start would make more and more of them.
    private func idlePlaces(_ child: ChildRecord) -> Int {
        let taken = Int(truncatingIfNeeded: board.child(child.slot, Scoreboard.Field.connections).load())
        return max(0, generation.plan.loopsPerChild - max(0, taken))
    }
    private func endIdlest(_ serving: [Int]) {
        spare.rate = 1
        guard serving.count > 1, let index = serving.max(by: { idlePlaces(children[$0]) < idlePlaces(children[$1]) })
        else { return }
        wanted -= 1
        tell(index, Signal.user1)
    }
    private func addChildren(_ idle: Int) {
        let plan = generation.plan
        let room = plan.childLimit - wanted
        guard room > 0 else {
            spare.rate = 1
            return sayLimit(idle)
        }
        let count = min(spare.rate, room)
        if spare.rate >= 8 { sayBusy(count, idle) }
        wanted += count
        startChildren()
        if spare.holdOff > 0 {
            spare.holdOff -= 1
        } else if spare.rate < Spare.highestRate {
            spare.rate *= 2
        }
    }

    private func sayLimit(_ idle: Int) {
        let mpm = generation.plan.mpm
        if idle == 0 || mpm == .prefork {
            guard !spare.saidLimit else { return }
            spare.saidLimit = true
            log(
                .error,
                "\(MPMMessage.limitReached.number(mpm)): server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting"
            )
        } else if !spare.saidNear {
            spare.saidNear = true
            log(
                .error,
                "\(MPMMessage.nearLimit.number(mpm)): server is within MinSpareThreads of MaxRequestWorkers, consider raising the MaxRequestWorkers setting"
            )
        }
    }
    private func sayBusy(_ count: Int, _ idle: Int) {
        let mpm = generation.plan.mpm
        let number = MPMMessage.busy.number(mpm)
        let text =
            mpm == .prefork
            ? "(you may need to increase StartServers, or Min/MaxSpareServers), spawning \(count) children, there are \(idle) idle, and \(children.count) total children"
            : "(you may need to increase StartServers, ThreadsPerChild or Min/MaxSpareThreads), spawning \(count) children, there are around \(idle) idle threads, and \(children.count) total children"
        log(.info, "\(number): server seems busy, \(text)")
    }
}
