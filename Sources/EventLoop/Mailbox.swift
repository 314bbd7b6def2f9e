// Apache: srclib/apr-util/misc/apr_queue.c

/// Values for a thread that waits for them: anyone puts, one thread takes, in order.
@safe
public final class Mailbox<Value>: @unchecked Sendable {
    private let lock = ThreadLock()
    private var values: [Value] = []

    public init() {}

    public func put(_ value: sending Value) {
        lock.lock()
        values.append(value)
        lock.signal()
        lock.unlock()
    }
    /// Blocks the calling thread until there is one.
    public func take() -> Value {
        lock.lock()
        defer { lock.unlock() }
        while values.isEmpty { lock.wait() }
        return values.removeFirst()
    }
}

/// Items that a thread makes and a task on a loop takes. The thread waits while more than `limit` is under way.
@safe
public final class ThreadQueue<Item>: @unchecked Sendable {
    private let lock = ThreadLock()
    private let limit: Int
    // Under the lock.
    private var items: [(item: Item, weight: Int)] = []
    private var weight = 0
    private var isClosed = false
    private var waiter: UnsafeContinuation<Void, Never>?

    /// `limit` is in whatever unit the weights of items are.
    public init(limit: Int) { self.limit = limit }

    /// Adds an item, after waiting for room where `waits` says so. False: the reader has gone, the item is dropped. With `isLast` it is
    /// added even then.
    @discardableResult
    public func put(_ item: sending Item, weight count: Int, waits: Bool = true, isLast: Bool = false) -> Bool {
        lock.lock()
        while waits, !isLast, !isClosed, weight > limit { lock.wait() }
        if isClosed, !isLast {
            lock.unlock()
            return false
        }
        items.append((item, count))
        weight += count
        let waiting = unsafe waiter
        unsafe waiter = nil
        lock.unlock()
        unsafe waiting?.resume()
        return true
    }
    /// The next item. One task at a time.
    public func next() async -> Item {
        while true {
            if let item = takeNow() { return item }
            await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                lock.lock()
                let isThere = !items.isEmpty
                if !isThere { unsafe waiter = continuation }
                lock.unlock()
                if isThere { unsafe continuation.resume() }
            }
        }
    }
    private func takeNow() -> Item? {
        lock.lock()
        defer { lock.unlock() }
        guard !items.isEmpty else { return nil }
        let (item, count) = items.removeFirst()
        weight -= count
        lock.signal()
        return item
    }
    /// The reader wants no more than the last item.
    public func close() {
        lock.lock()
        isClosed = true
        lock.signal()
        lock.unlock()
    }
}
