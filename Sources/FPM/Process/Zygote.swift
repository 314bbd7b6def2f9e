// PHP: no counterpart (its master loads PHP and forks its workers itself)
import Bytes
import Kernel

/// A zygote as the supervisor knows it.
final class Zygote {
    let credentials: Credentials
    let generation: Int
    let pid: Int32
    /// The supervisor's end of the control socket.
    let socket: Int32
    /// In the order that spawn messages count them.
    let pools: [WorkerPool]
    var isReady = false
    /// Why it failed, in its own words.
    var failure: ByteString?
    /// To be sent once it is ready and has room.
    var waiting: [Birth] = []
    /// Sent and not answered, by serial number.
    var sent: [UInt32: Birth] = [:]
    /// Milliseconds of `MonotonicTime` since when none of its pools has a worker; nil while one has.
    var idleSince: UInt64?

    init(_ credentials: Credentials, generation: Int, pid: Int32, socket: Int32, pools: [WorkerPool]) {
        self.credentials = credentials
        self.generation = generation
        self.pid = pid
        self.socket = socket
        self.pools = pools
    }
}

/// A worker that was asked for. Its place is claimed.
struct Birth {
    let pool: WorkerPool
    let place: Int
    /// How loudly its start is told.
    let level: LogLevel
    /// Reading ends of its pipes, once it was sent; -1 without.
    var output: Int32 = -1
    var error: Int32 = -1

    func closePipes() {
        if output >= 0 { File.close(output) }
        if error >= 0 { File.close(error) }
    }
}
