// Apache: modules/filters/mod_include.c handle_echo, handle_set, handle_config, handle_fsize, handle_include …;
//         modules/generators/cgi_common.h cgi_handle_exec

import Bytes
import HTTP
import Kernel
import ServerCore

extension IncludeSource {
    /// What every element that takes arguments begins with; false: nothing is to be done.
    private func begin(_ directive: IncludeDirective, atLeast count: Int = 1, _ complaint: ByteString) -> Bool {
        if directive.arguments.count < count { log(isPrinting ? .error : .warning, "\(complaint) in \(name)") }
        guard isPrinting else { return false }
        if directive.arguments.count < count {
            fail()
            return false
        }
        return true
    }
    /// Elements without arguments.
    private func beginBare(_ directive: IncludeDirective, _ complaint: ByteString) -> Bool {
        if !directive.arguments.isEmpty { log(isPrinting ? .error : .warning, "\(complaint) in \(name)") }
        guard isPrinting else { return false }
        if !directive.arguments.isEmpty { fail() }
        return directive.arguments.isEmpty
    }

    func handleEcho(_ directive: IncludeDirective) {
        guard begin(directive, "AH01343: missing argument for echo element") else { return }
        var (encoding, decoding): (ByteString, ByteString) = ("entity", "none")
        for argument in directive.arguments {
            guard let raw = argument.value else { return }
            let value = IncludeText.decodeEntities(raw)
            switch argument.name {
            case "encoding": encoding = value
            case "decoding": decoding = value
            case "var":
                guard let text = variable(expand(value)) else {
                    put(undefinedEcho)
                    continue
                }
                guard let made = recode(text, decoding, encoding, ("AH01344", "AH01345"), "echo") else { return }
                put(made)
            default:
                log(.error, "AH01346: unknown parameter \"\(argument.name)\" in tag echo of \(name)")
                return fail()
            }
        }
    }
    private func recode(
        _ text: ByteString, _ decoding: ByteString, _ encoding: ByteString, _ numbers: (ByteString, ByteString),
        _ tag: ByteString
    ) -> ByteString? {
        let made = IncludeText.recode(text, decoding: decoding, encoding: encoding)
        guard let unknown = made.unknown else { return made.text }
        let number = unknown.parameter == "decoding" ? numbers.0 : numbers.1
        log(
            .error,
            "\(number): unknown value \"\(unknown.word)\" to parameter \"\(unknown.parameter)\" of tag \(tag) in \(name)"
        )
        fail()
        return nil
    }

    func handleSet(_ directive: IncludeDirective) {
        guard begin(directive, atLeast: 2, "AH01362: missing argument for set element") else { return }
        var (encoding, decoding): (ByteString, ByteString) = ("none", "none")
        var target: ByteString?
        for argument in directive.arguments {
            guard let value = argument.value else { return }
            switch argument.name {
            case "var": target = expand(IncludeText.decodeEntities(value))
            case "encoding": encoding = value
            case "decoding": decoding = value
            case "value":
                guard let target else {
                    log(.error, "AH01363: variable must precede value in set directive in \(name)")
                    return fail()
                }
                guard let made = recode(expand(value), decoding, encoding, ("AH01364", "AH01365"), "set") else {
                    return
                }
                request.env.set(target, made)
            default:
                log(.error, "AH01366: Invalid tag for set directive in \(name)")
                return fail()
            }
        }
    }

    func handleConfig(_ directive: IncludeDirective) {
        guard begin(directive, "AH01347: missing argument for config element") else { return }
        for argument in directive.arguments {
            guard let value = argument.value else { return }
            switch argument.name {
            case "errmsg": errorText = expand(value)
            case "echomsg": undefinedEcho = expand(value)
            case "timefmt":
                timeFormat = expand(value)
                setTimes()
            case "sizefmt":
                let format = expand(value)
                switch format {
                case "bytes": sizeInBytes = true
                case "abbrev": sizeInBytes = false
                default:
                    log(
                        .error, "AH01348: unknown value \"\(format)\" to parameter \"sizefmt\" of tag config in \(name)"
                    )
                    return fail()
                }
            default:
                log(.error, "AH01349: unknown parameter \"\(argument.name)\" to tag config in \(name)")
                return fail()
            }
        }
    }

    func handlePrintenv(_ directive: IncludeDirective) {
        guard beginBare(directive, "AH01367: printenv directive does not take tags") else { return }
        var text = ByteString()
        for (name, value) in request.env.pairs {
            text.append("\(name.escapedHTML)=\(value.escapedHTML)\n" as ByteString)
        }
        put(text)
    }

    // MARK: Files

    func handleFile(_ directive: IncludeDirective, missing: ByteString, _ describe: (FileStatus) -> ByteString) {
        guard begin(directive, "\(missing): missing argument for \(directive.name) element") else { return }
        for argument in directive.arguments {
            guard let value = argument.value else { return }
            guard let file = find(directive.name, argument.name, expand(IncludeText.decodeEntities(value))) else {
                return fail()
            }
            put(describe(file))
        }
    }
    private func find(_ tag: ByteString, _ parameter: ByteString, _ value: ByteString) -> FileStatus? {
        switch parameter {
        case "file":
            guard let path = Self.pathBelow(value) else {
                log(.error, "AH02668: unable to access file \"\(value)\" in parsed file \(name)")
                return nil
            }
            let found = request.lookup(file: path)
            guard found.status == 200, let file = found.finfo else {
                log(.error, "AH02670: unable to lookup information about \"\(value)\" in parsed file \(name)")
                return nil
            }
            return file
        case "virtual":
            let found = request.lookup(uri: value)
            guard found.status == 200, let file = found.finfo else {
                log(.error, "AH01339: unable to get information about \"\(value)\" in parsed file \(name)")
                return nil
            }
            return file
        default:
            log(.error, "AH01340: unknown parameter \"\(parameter)\" to tag \(tag) in \(name)")
            return nil
        }
    }
    /// A relative path that stays below where it starts (APR_FILEPATH_SECUREROOTTEST, NOTABSOLUTE); nil otherwise.
    static func pathBelow(_ path: ByteString) -> ByteString? {
        guard path.first != UInt8(ascii: "/") else { return nil }
        var parts: [ByteString] = []
        for part in path.split(on: UInt8(ascii: "/")) {
            switch part {
            case "", ".": continue
            case "..":
                if parts.isEmpty { return nil }
                parts.removeLast()
            default: parts.append(part)
            }
        }
        var result = ByteString()
        for part in parts { result.append(result.isEmpty ? part : "/" + part) }
        return path.last == UInt8(ascii: "/") ? result + "/" : result
    }

    // MARK: include and exec

    func handleInclude(_ directive: IncludeDirective) async {
        guard begin(directive, "AH01341: missing argument for include element") else { return }
        var failed = false
        for argument in directive.arguments {
            guard let raw = argument.value else { break }
            guard ["virtual", "file", "onerror"].contains(argument.name) else {
                log(.error, "AH01342: unknown parameter \"\(argument.name)\" to tag include in \(name)")
                fail()
                break
            }
            let isError = argument.name == "onerror"
            if argument.name != "file", isError != failed { continue }
            let value = IncludeText.decodeEntities(raw)
            if let trouble = await include(argument.name, expand(value), shown: value) {
                log(.error, trouble)
                if failed { break }
                failed = true
            } else {
                failed = false
            }
        }
        if failed { fail() }
    }
    private func include(_ parameter: ByteString, _ target: ByteString, shown: ByteString) async -> ByteString? {
        let sub: Request
        if parameter == "file" {
            guard let path = Self.pathBelow(target) else {
                return "unable to include file \"\(shown)\" in parsed file \(name)"
            }
            sub = request.lookup(file: path)
        } else {
            sub = request.lookup(uri: target)
        }
        guard sub.status == 200 else {
            return "unable to include \"\(shown)\" in parsed file \(name), subrequest setup returned \(sub.status)"
        }
        if !mayExecute, let type = sub.contentType, !type.hasPrefix("text/") {
            return "unable to include potential exec \"\(shown)\" in parsed file \(name), content type not text/*"
        }
        sub.moduleState[ObjectIdentifier(IncludeSource.self)] = Included(by: request)
        switch await sub.runSubrequest() {
        case .refused(let status):
            return "unable to include \"\(shown)\" in parsed file \(name), subrequest returned \(status)"
        case .body(let source):
            put(source, of: sub)
            return nil
        }
    }

    func handleExec(_ directive: IncludeDirective) async {
        guard begin(directive, "AH03195: missing argument for exec element") else { return }
        guard mayExecute else {
            log(.error, "AH01228: exec used but not allowed in \(name)")
            return fail()
        }
        for argument in directive.arguments {
            guard let raw = argument.value else { return }
            let value = IncludeText.decodeEntities(raw)
            switch argument.name {
            case "cmd":
                guard runCommand(expand(value, keepsUnknown: true)) else {
                    log(
                        .error,
                        "AH01229: execution failure for parameter \"\(argument.name)\" to tag exec in file \(name)")
                    return fail()
                }
            case "cgi":
                guard await runProgram(expand(value)) else {
                    log(.error, "AH01230: invalid CGI ref \"\(value)\" in \(name)")
                    return fail()
                }
            default:
                log(.error, "AH01231: unknown parameter \"\(argument.name)\" to tag exec in \(name)")
                return fail()
            }
        }
    }
    private func runCommand(_ command: ByteString) -> Bool {
        if !request.pathInfo.isEmpty {
            request.env.set("PATH_INFO", request.pathInfo.escapedShellCommand)
            let mapped = request.lookup(uri: request.pathInfo.escapedPath)
            if let path = mapped.filename { request.env.set("PATH_TRANSLATED", path + mapped.pathInfo) }
        }
        addQuery()
        guard
            let process = try? CGIProcess(
                request, name, program: "/bin/sh", arguments: ["/bin/sh", "-c", command],
                environment: CGIHandler.environment(request), .cgid)
        else { return false }
        process.closeInput()
        put(process)
        return true
    }
    private func runProgram(_ target: ByteString) async -> Bool {
        let sub = request.lookup(uri: target)
        guard sub.status == 200, sub.pathInfo.isEmpty, sub.args == nil, sub.finfo?.isRegular ?? false else {
            return false
        }
        // The program gets what its document was asked with.
        sub.pathInfo = request.pathInfo
        sub.args = request.args
        sub.contentType = "application/x-httpd-cgi"
        sub.handler = "application/x-httpd-cgi"
        switch await sub.runSubrequest() {
        case .body(let source): put(source, of: sub)
        case .refused(let status):
            if (300..<400).contains(status), let location = sub.headersOut["Location"] {
                put("<a href=\"\(location.escapedHTML)\">\(location.escapedHTML)</a>")
            }
        }
        return true
    }
}
