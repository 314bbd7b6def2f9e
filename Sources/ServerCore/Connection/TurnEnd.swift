// No Apache counterpart.

import EventLoop

/// Who wants to be called once at the end of the loop's turn, when everything that arrived was dealt with: so that what many
/// requests of one connection made goes out in one piece.
public protocol TurnEndListener: AnyObject {
    func turnEnded()
}

extension Worker {
    /// Has `listener` called at the end of this turn.
    public func atTurnEnd(_ listener: any TurnEndListener) { endingTurn.append(listener) }

    func tellTurnEnd() {
        while !endingTurn.isEmpty {
            swap(&endingTurn, &endingTurnNow)
            for listener in endingTurnNow { listener.turnEnded() }
            endingTurnNow.removeAll(keepingCapacity: true)
        }
    }
    /// The connection waits for its next request, or no longer does: for the status page.
    public func markWaiting(_ channel: Channel, _ isWaiting: Bool) { markIdle(channel, isWaiting) }
}
