// Apache: modules/proxy/proxy_util.c (ap_proxy_location_reverse_map, ap_proxy_cookie_reverse_map)

import Bytes
import ServerCore

/// `ProxyPassReverse`, `ProxyPassReverseCookieDomain` and `…Path`: what a backend says of itself, as clients must see it.
public enum ReverseMap {
    /// A URL in Location, Content-Location, URI or Destination.
    public static func location(_ request: Request, _ url: ByteString) -> ByteString {
        let directory = request[Proxy.directory]
        guard !request.isProxyRequest else { return url }
        let interpolates = directory.interpolates.value(default: false)
        for entry in directory.reverses {
            let (fake, real) = interpolates ? interpolated(entry, request) : (entry.fake, entry.real)
            if let balancer = ProxyBalancer.named(real, request) {
                if let mapped = member(balancer, fake, real, url, request) { return mapped }
                continue
            }
            var part = url
            if real.first == UInt8(ascii: "/"), let authority = url.firstRange(of: "://"),
                let slash = url.bytes[authority.upperBound...].firstIndex(of: UInt8(ascii: "/"))
            {
                part = url.from(slash)
            }
            guard !real.isEmpty, part.count >= real.count, part.upTo(real.count).equalsIgnoringCase(real) else {
                continue
            }
            return absolute(fake + part.from(real.count), request)
        }
        return url
    }

    /// `ProxyPassReverse /path balancer://name/more`: any member may have answered.
    private static func member(
        _ balancer: ProxyBalancer, _ fake: ByteString, _ real: ByteString, _ url: ByteString, _ request: Request
    ) -> ByteString? {
        let rest = real.from(11)
        var part = rest.firstIndex(of: UInt8(ascii: "/")).map { rest.from($0) }
        if part == "/" { part = nil }
        for worker in balancer.workers {
            var name = worker.name
            if let part {
                if name.last == UInt8(ascii: "/") { name = name.upTo(name.count - 1) }
                guard url.upTo(name.count).equalsIgnoringCase(name), url.from(name.count).hasPrefix(part) else {
                    continue
                }
                return absolute(fake + url.from(name.count + part.count), request)
            }
            guard url.count >= name.count, url.upTo(name.count).equalsIgnoringCase(name) else { continue }
            let tail = url.from(name.count)
            return absolute(fake == "/" && tail.first == UInt8(ascii: "/") ? tail : fake + tail, request)
        }
        return nil
    }
    private static func absolute(_ url: ByteString, _ request: Request) -> ByteString {
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")), colon > 0, url.from(colon).hasPrefix("://"),
            url.upTo(colon).allSatisfy({ ASCII.isAlnum($0) || $0 == 43 || $0 == 45 || $0 == 46 })
        else { return request.absoluteURL(url) }
        return url
    }
    private static func interpolated(_ entry: ProxyReverse, _ request: Request) -> (ByteString, ByteString) {
        guard entry.interpolates else { return (entry.fake, entry.real) }
        return (ProxyURL.interpolate(entry.fake, request), ProxyURL.interpolate(entry.real, request))
    }

    /// A value of Set-Cookie: the last `path=` and the last `domain=` are replaced.
    public static func cookie(_ request: Request, _ value: ByteString) -> ByteString {
        let directory = request[Proxy.directory]
        guard !request.isProxyRequest, !(directory.cookiePaths.isEmpty && directory.cookieDomains.isEmpty) else {
            return value
        }
        let interpolates = directory.interpolates.value(default: false)
        var changes: [(range: Range<Int>, text: ByteString)] = []
        var path: (Range<Int>, ByteString)?
        var domain: (Range<Int>, ByteString)?
        var start = 0
        while start < value.count {
            let end = value.bytes[start...].firstIndex(of: UInt8(ascii: ";")) ?? value.count
            var at = start
            while at < end, ASCII.isSpace(value[at]) { at += 1 }
            let token = value[at..<end]
            if token.hasPrefixIgnoringCase("path=") {
                path = nil
                for entry in directory.cookiePaths {
                    let (fake, real) = interpolates ? interpolated(entry, request) : (entry.fake, entry.real)
                    if token.from(5).hasPrefix(fake) {
                        // All of the old path goes, not only what agrees.
                        path = (at + 5..<end, real)
                        break
                    }
                }
            } else if token.hasPrefixIgnoringCase("domain=") {
                domain = nil
                for entry in directory.cookieDomains {
                    let (fake, real) = interpolates ? interpolated(entry, request) : (entry.fake, entry.real)
                    if token.count >= 7 + fake.count, token[7..<7 + fake.count].equalsIgnoringCase(fake) {
                        domain = (at + 7..<end, real)
                        break
                    }
                }
            }
            start = end + 1
        }
        for change in [path, domain] { if let change { changes.append(change) } }
        changes.sort { $0.range.lowerBound > $1.range.lowerBound }
        var result = value
        for change in changes { result.replaceSubrange(change.range, with: change.text) }
        return result
    }
}
