// Apache: modules/mappers/mod_negotiation.c (handle_multi, read_types_multi)

import Bytes
import HTTP
import Kernel
import ServerCore

/// `Options MultiViews`: a name that is no file stands for all files that begin with it and a dot.
enum MultiViews {
    @Sendable static func check(_ request: Request) -> Outcome {
        guard request.finfo == nil, request[Core.directory].effectiveOptions.contains(.multiViews) else {
            return .declined
        }
        guard !request.isProxyRequest, let name = request.filename, name.first == UInt8(ascii: "/") else {
            return .declined
        }
        var state = NegotiationState(request)
        if let outcome = readVariants(&state, name.from(state.directory.count)) { return outcome }
        guard !state.variants.isEmpty else { return .declined }
        let prefersScripts = !request.methodNumber.isGet || request.args != nil || !request.pathInfo.isEmpty
        switch state.negotiate(prefersScripts: prefersScripts) {
        case .status(let status): return .status(status)
        case .variant(let best): return take(best, request)
        }
    }

    private static func take(_ best: Variant, _ request: Request) -> Outcome {
        let sub = best.request ?? request.lookup(file: best.fileName)
        if best.request == nil, sub.status != 200 { return .status(sub.status) }
        if sub.args == nil { sub.args = request.args }
        request.fastRedirect(to: sub)
        request.mtime = 0
        return .ok
    }

    /// Gathers what the directory has; an outcome when there is nothing to choose from, or no right to look.
    private static func readVariants(_ state: inout NegotiationState, _ name: ByteString) -> Outcome? {
        let request = state.request
        // The list of a directory is not among the things that a change is noticed of.
        request.doNotReuse()
        let names: [ByteString]
        do throws(Errno) {
            names = try Kernel.Directory.entries(state.directory).map(\.name)
        } catch {
            request.log(
                .error, "negotiation",
                "(\(error.rawValue))\(error.description): AH00686: cannot read directory for multi: \(state.directory)")
            return .status(403)
        }
        let prefix = name + "."
        var hasCandidate = false
        for entry in names where entry.hasPrefix(prefix) {
            if request.files.status(state.directory + entry)?.kind == .directory { continue }
            hasCandidate = true
            guard let sub = variantRequest(entry, name, request) else { continue }
            if sub.contentType == Variant.mapType || sub.handler == "type-map" {
                state.variants = []
                return TypeMap.read(sub, into: &state).map { .status($0) }
            }
            var variant = Variant(request: sub, fileName: entry)
            variant.encoding = sub.contentEncoding
            variant.languages = sub.contentLanguages
            if let item = AcceptItem.parse(sub.contentType ?? "").first { variant.take(item) }
            state.variants.append(variant)
            state.multiViewsCount += 1
        }
        if hasCandidate, state.variants.isEmpty {
            request.log(
                .error, "negotiation",
                "AH00687: Negotiation: discovered file(s) matching request: \(request.filename ?? "") (None could be negotiated)."
            )
            return .status(404)
        }
        setValidator(request, state.directory)
        state.variants.sort { left, right in
            left.sourceQuality == right.sourceQuality
                ? left.fileName < right.fileName : left.sourceQuality > right.sourceQuality
        }
        return nil
    }

    /// The directory's time stands for the list. Apache cuts the closing quote off the merged tag; so do we.
    private static func setValidator(_ request: Request, _ directory: ByteString) {
        guard let status = request.files.status(directory) else { return }
        let modified = status.modifiedMicroseconds
        var tag: [UInt8] = []
        if request.requestTime - modified < 1_000_000 { tag.append("W/") }
        tag.append("\"")
        tag.append(hexadecimal: UInt(truncatingIfNeeded: modified))
        request.vlistValidator = ByteString(tag)
    }

    /// The subrequest for a file that may be served and whose every extension is known or part of `name`.
    private static func variantRequest(_ entry: ByteString, _ name: ByteString, _ request: Request) -> Request? {
        let sub = request.lookup(file: entry, mergingPathInfo: true)
        guard sub.finfo?.kind == .regular else { return nil }
        // What has a handler is as good as a script.
        if sub.handler != nil, sub.contentType == nil { sub.setContentType(Variant.cgiType, isTrusted: true) }
        guard let exceptions = sub.notes["ap-mime-exceptions-list"] else { return nil }
        var unknown = exceptions.split(on: UInt8(ascii: "/"))[...]
        for segment in name.split(on: UInt8(ascii: ".")) where segment == unknown.first { unknown.removeFirst() }
        guard unknown.isEmpty, sub.status == 200, sub.contentType != nil else { return nil }
        return sub
    }
}
