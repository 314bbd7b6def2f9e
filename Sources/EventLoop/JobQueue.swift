// No Apache counterpart.

/// Jobs in the order they came; allocates only when it grows.
@safe
struct JobQueue: ~Copyable {
    private var jobs: UnsafeMutablePointer<UnownedJob>
    private var capacity: Int
    private var head = 0
    private(set) var count = 0

    /// `capacity` is a power of two.
    init(capacity: Int) {
        self.capacity = capacity
        unsafe jobs = .allocate(capacity: capacity)
    }
    deinit { unsafe jobs.deallocate() }

    mutating func append(_ job: UnownedJob) {
        if count == capacity { grow() }
        unsafe (jobs + ((head + count) & (capacity - 1))).initialize(to: job)
        count += 1
    }
    mutating func removeFirst() -> UnownedJob? {
        guard count > 0 else { return nil }
        let job = unsafe jobs[head]
        head = (head + 1) & (capacity - 1)
        count -= 1
        return job
    }
    private mutating func grow() {
        let larger = UnsafeMutablePointer<UnownedJob>.allocate(capacity: capacity * 2)
        for index in 0..<count { unsafe (larger + index).initialize(to: jobs[(head + index) & (capacity - 1)]) }
        unsafe jobs.deallocate()
        unsafe jobs = larger
        head = 0
        capacity *= 2
    }
}
