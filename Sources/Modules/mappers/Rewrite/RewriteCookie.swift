// Apache: modules/mappers/mod_rewrite.c (add_cookie)

import Bytes
import Kernel
import ServerCore

/// [CO=name:value:domain:lifetime:path:secure:httponly:samesite].
enum RewriteCookie {
    private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Adds the cookie once for each name and request, whatever redirects and subrequests there are.
    static func add(_ text: ByteString, _ request: Request, _ context: RewriteContext) {
        // A semicolon at the beginning lets values have colons in them.
        let separator: UInt8 = text.first == UInt8(ascii: ";") ? UInt8(ascii: ";") : UInt8(ascii: ":")
        // As strtok: empty fields do not count.
        let fields = text.bytes.split(separator: separator).map { ByteString(Array($0)) }
        guard fields.count >= 3 else { return }
        let first = request.first
        guard !first.rewriteState.cookies.contains(fields[0]) else {
            context.trace(5, "skipping already set cookie '\(fields[0])'", inDirectory: false)
            return
        }
        first.rewriteState.cookies.insert(fields[0])
        let cookie = field(of: fields, request)
        var main = request
        while let outer = main.main { main = outer }
        main.errHeadersOut.add("Set-Cookie", cookie)
        context.trace(5, "setting cookie '\(cookie)'", inDirectory: false)
    }

    private static func field(of fields: [ByteString], _ request: Request) -> ByteString {
        func field(_ index: Int) -> ByteString? { index < fields.count ? fields[index] : nil }
        var cookie: [UInt8] = []
        cookie.append(fields[0])
        cookie.append("=")
        cookie.append(fields[1])
        cookie.append("; path=")
        cookie.append(field(4) ?? "/")
        cookie.append("; domain=")
        cookie.append(fields[2])
        if let lifetime = field(3), CInteger.parse(lifetime) != 0 {
            request.doNotReuse()
            appendExpiry(request.requestTime / 1_000_000 + 60 * Int64(CInteger.parse(lifetime)), to: &cookie)
        }
        if let secure = field(5), isOn(secure, "secure") { cookie.append("; secure") }
        if let only = field(6), isOn(only, "HttpOnly") { cookie.append("; HttpOnly") }
        if let site = field(7), site != "0", !site.equalsIgnoringCase("false") {
            cookie.append("; SameSite=")
            cookie.append(site)
        }
        return ByteString(cookie)
    }
    private static func isOn(_ text: ByteString, _ name: StaticString) -> Bool {
        text.equalsIgnoringCase("true") || text == "1" || text.equalsIgnoringCase(name)
    }
    private static func appendExpiry(_ seconds: Int64, to cookie: inout [UInt8]) {
        let time = CalendarTime(seconds: seconds, local: false)
        cookie.append("; expires=")
        cookie.append(days[min(max(time.weekday, 0), 6)])
        cookie.append(", ")
        cookie.append(decimal: time.day, width: 2)
        cookie.append("-")
        cookie.append(months[min(max(time.month - 1, 0), 11)])
        cookie.append("-")
        cookie.append(decimal: time.year, width: 4)
        cookie.append(" ")
        cookie.append(decimal: time.hour, width: 2)
        cookie.append(":")
        cookie.append(decimal: time.minute, width: 2)
        cookie.append(":")
        cookie.append(decimal: time.second, width: 2)
        cookie.append(" GMT")
    }
}
