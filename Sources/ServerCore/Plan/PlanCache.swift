// What a walk found out, kept for the next request that agrees in everything the walk looked at.

import Bytes
import EventLoop
import HTTP
import Kernel

/// What became of the input of a parked connection.
enum WakeResult {
    case parked, closed
    case needsTask([UInt8])
}

struct PlanCache {}

extension Worker {
    /// Answers complete requests that a plan covers; the rest of the input is for a task.
    func answerFromPlans(_ channel: Channel, _ input: borrowing Span<UInt8>) -> WakeResult {
        .needsTask(Array(unsafeFrom: input))
    }
}

extension [UInt8] {
    init(unsafeFrom span: borrowing Span<UInt8>) {
        self.init()
        reserveCapacity(span.count)
        for index in span.indices { append(span[index]) }
    }
}
