// Apache: modules/arch/unix/mod_systemd.c; systemd: sd_notify(3)

import Bytes
import Kernel

/// Tells the service manager how the server is. Nothing happens outside a service (`$NOTIFY_SOCKET` unset).
enum ServiceNotice {
    static func send(_ text: String) {
        guard let path = Environment.get("NOTIFY_SOCKET"), !path.isEmpty else { return }
        guard let socket = try? Socket.datagram(to: path) else { return }
        try? File.writeAll(socket.raw, Array(text.utf8))
    }
    static func ready(_ status: String) { send("READY=1\nSTATUS=\(status)\nMAINPID=\(Process.id)\n") }
    static func reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=\(MonotonicTime.microseconds)\nSTATUS=Reading configuration...\n")
    }
    static func stopping() { send("STOPPING=1\nSTATUS=Shutting down...\n") }
}
