// Apache: modules/filters/mod_filter.c (filter_insert, filter_harness, filter_lookup)

import Bytes
import Expressions
import HTTP
import ServerCore

extension Filter {
    /// The client's `Range`, hidden from the handler while a filter that changes lengths may run.
    private struct HiddenRange { var value: ByteString? }

    /// Puts the chain of smart filters into the answer's filters.
    @Sendable static func insertSmartFilters(_ request: Request) {
        let config = request[directory]
        guard !config.chain.isEmpty else { return }
        var hidesRange = true
        let start = config.chain.lastIndex { $0 == nil }.map { $0 + 1 } ?? 0
        for case let name? in config.chain[start...] {
            guard let smart = config.live[name] else {
                request.log(.warning, "filter", "AH01380: Unknown filter \(name) not added")
                continue
            }
            request.outputFilters.append(
                OutputFilter(
                    name, smart.stage,
                    prepare: { request in
                        for provider in smart.providers {
                            request.configuration.outputFilter(named: provider.filter)?.prepare?(request)
                        }
                    },
                    preview: { request in
                        smart.providers.first { matches($0, request) }
                            .flatMap { request.configuration.outputFilter(named: $0.filter)?.preview?(request) } ?? 0
                    }, { run(smart, name, $0) }))
            if hidesRange, !smart.flags.isDisjoint(with: [.noByteRange, .changeLength]) {
                hidesRange = false
                request.moduleState[ObjectIdentifier(HiddenRange.self)] = HiddenRange(value: request.header("Range"))
                request.headersIn.unset("Range")
            }
        }
    }

    private static func run(_ smart: Smart, _ name: ByteString, _ request: Request) {
        if request.status != 200, !request.isSet("filter-errordocs") { return }
        if smart.debug == 1 { request.log(.debug, "filter", "AH01375: \(name)") }
        if request.isProxyRequest {
            if smart.flags.contains(.noProxy) { return }
            if smart.flags.contains(.transform), forbidsTransformation(request) { return }
        }
        for provider in smart.providers where matches(provider, request) {
            let shared = request.configuration.mainServer[Filter.server].providerFlags[provider.filter.lowercased]
            guard applyProtocol(shared ?? provider.flags, request) else { continue }
            request.configuration.outputFilter(named: provider.filter)?.apply(request)
            return
        }
    }

    private static func matches(_ provider: Provider, _ request: Request) -> Bool {
        switch provider.condition {
        case .types(let types):
            guard let type = request.contentType else { return false }
            let bare = ByteString(type.prefix { $0 != UInt8(ascii: ";") && $0 != 32 && $0 != 9 })
            return types.contains(bare)
        case .expression(let expression):
            do throws(ExpressionFailure) {
                return try request.evaluate(expression)
            } catch {
                request.log(
                    .error, "filter", "AH01379: Error evaluating filter dispatch condition: \(error.message)")
                return false
            }
        }
    }

    /// Changes the fields as `FilterProtocol` says of a provider; false: the provider cannot be used here.
    private static func applyProtocol(_ flags: ProtocolFlags, _ request: Request) -> Bool {
        if request.isProxyRequest {
            if flags.contains(.noProxy) { return false }
            if flags.contains(.transform) {
                if forbidsTransformation(request) { return false }
                request.headersOut.add("Warning", "214 \(request.hostname ?? "") Transformation applied")
            }
        }
        if flags.contains(.change) {
            request.headersOut.unset("Content-MD5")
            request.headersOut.unset("ETag")
            if flags.contains(.changeLength) { request.headersOut.unset("Content-Length") }
        }
        if flags.contains(.noCache) {
            request.headersOut.unset("Last-Modified")
            request.headersOut.add("Cache-Control", "no-cache")
        }
        if flags.contains(.noByteRange) {
            request.headersOut.set("Accept-Ranges", "none")
        } else if let hidden = request.moduleState[ObjectIdentifier(HiddenRange.self)] as? HiddenRange,
            let range = hidden.value
        {
            request.headersIn.set("Range", range)
            request.moduleState[ObjectIdentifier(HiddenRange.self)] = nil
        }
        return true
    }

    private static func forbidsTransformation(_ request: Request) -> Bool {
        request.headersOut["Cache-Control"]?.lowercased.firstRange(of: "no-transform") != nil
    }
}
