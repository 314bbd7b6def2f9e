// Apache: modules/md/mod_md_config.c (md_config_sec_start, md_config_sec_add_members)

import ACME
import Bytes
import ServerCore

extension ManagedDomains {
    /// Which names a domain has, and its certificates where they are not got from a CA.
    static let sectionRows: [Directive] = [
        .argv("MDomain", "A group of server names with one certificate") { context, words throws(DirectiveError) in
            try context.check(.outsideDomain)
            var domain = begin(context)
            for word in words where !transitive(&domain.settings.isTransitive, word) { domain.add(word.string) }
            guard !domain.names.isEmpty else { throw DirectiveError("needs at least one domain name") }
            context.global.domains.append(domain)
        },
        Directive(
            "<MDomainSet", .server, "Container for a managed domain with common settings and certificate.",
            .section(section)),
        Directive("<MDomain", .server, "Short form for <MDomainSet> container.", .section(section)),
        .argv(
            "MDMember",
            "Define domain name(s) part of the Managed Domain. Use 'auto' or 'manual' to enable/disable auto adding names from virtual hosts.",
            members),
        .argv(
            "MDMembers",
            "Define domain name(s) part of the Managed Domain. Use 'auto' or 'manual' to enable/disable auto adding names from virtual hosts.",
            members),
        Directive(
            "MDCertificateFile", .server, "set the static certificate (chain) file to use for this domain.",
            .take1 { context, word throws(DirectiveError) in
                try context.check(.insideDomain)
                let path = context.serverRelative(word).string
                context.server[server].current?.certificateFiles.append(path)
            }),
        Directive(
            "MDCertificateKeyFile", .server, "set the static private key file to use for this domain.",
            .take1 { context, word throws(DirectiveError) in
                try context.check(.insideDomain)
                let path = context.serverRelative(word).string
                context.server[server].current?.keyFiles.append(path)
            }),
    ]
    private static func begin(_ context: DirectiveContext) -> ConfiguredDomain {
        ConfiguredDomain(file: context.location.file, line: context.location.line)
    }
    /// - Returns: Whether the word says `auto` or `manual`.
    private static func transitive(_ value: inout Bool?, _ word: ByteString) -> Bool {
        if word.equalsIgnoringCase("auto") {
            value = true
        } else if word.equalsIgnoringCase("manual") {
            value = false
        } else {
            return false
        }
        return true
    }
    @Sendable private static func section(_ context: DirectiveContext, _ text: ByteString, _ body: SectionBody)
        throws(DirectiveError)
    {
        try context.check(.outsideDomain)
        var domain = begin(context)
        guard !text.isEmpty else { throw DirectiveError("<MDomainSet > section must specify a unique domain name") }
        for (index, word) in SectionWords.words(text).enumerated() {
            if index > 0, transitive(&domain.settings.isTransitive, word) { continue }
            domain.add(word.string)
        }
        let saved = context.server[server]
        context.server[server] = ServerConfig(current: domain)
        defer { context.server[server] = saved }
        try context.processHere(body)
        guard var read = context.server[server].current else { return }
        read.settings = context.server[server].settings.over(read.settings)
        context.global.domains.append(read)
    }
    @Sendable private static func members(_ context: DirectiveContext, _ words: [ByteString]) throws(DirectiveError) {
        guard context.isInsideDomain else {
            if words.count == 1 {
                guard transitive(&context.settings.isTransitive, words[0]) else {
                    throw DirectiveError("unknown value, use \"auto|manual\"")
                }
                return
            }
            return try context.check(.insideDomain)
        }
        for word in words where !transitive(&context.settings.isTransitive, word) {
            context.server[server].current?.add(word.string)
        }
    }
}
