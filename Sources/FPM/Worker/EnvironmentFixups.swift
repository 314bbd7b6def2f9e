// PHP: sapi/fpm/fpm/fpm_main.c (init_request_info, is_valid_path)
import Bytes
import HTTP

/// What of PHP's settings decides about a request's paths.
struct PathSettings: Equatable {
    /// `cgi.fix_pathinfo`
    var fixesPathInfo = true
    /// `cgi.discard_path`
    var discardsPath = false
    /// `doc_root`
    var documentRoot: ByteString?
}

/// What the file system says about a path.
enum PathStatus {
    case missing, regular, other
}

/// Where a request goes.
struct RequestPaths: Equatable {
    /// The script's file; nil when there is none, or its path has a `..` segment.
    var script: ByteString?
    /// PHP's request_uri: the base of PHP_SELF, what ping and status pages are matched with.
    var uri: ByteString?
    /// A script was named at all: without, nothing else of the request counts.
    var isNamed = false
}

/// Corrects the variables that web servers set in different ways, so that scripts find what CGI promises.
///
/// Pure: files are asked for through `status`. Names below are those of the variables: `SCRIPT_FILENAME`, `PATH_TRANSLATED`…
struct EnvironmentFixups {
    private let settings: PathSettings
    private let status: (ByteString) -> PathStatus

    private var scriptFilename: ByteString?
    private var pathTranslated: ByteString?
    private var pathInfo: ByteString?
    private var scriptName: ByteString?
    private var redirectURL: ByteString?
    private var documentRoot: ByteString?
    /// The file that is to run, as far as it is known.
    private var script: ByteString = ""
    private var uri: ByteString?
    /// The file name came as `proxy:fcgi://…`.
    private var isApacheProxy = false
    /// `REDIRECT_URL` stands in for `SCRIPT_NAME`.
    private var isRedirected = false

    /// What most requests are: the file is there under the name that came, and nothing has to be corrected. Then `paths` says
    /// where the request goes; those that are as before keep their memory. Otherwise false, and `paths` says nothing.
    /// `environment` is `inout` only so that it is not copied.
    static func leaveAlone(
        _ environment: inout RequestEnvironment, _ settings: PathSettings, _ paths: inout RequestPaths,
        status: (ByteString) -> PathStatus
    ) -> Bool {
        environment.load("SCRIPT_FILENAME", into: &paths.script)
        guard settings.fixesPathInfo, let script = paths.script, let first = script.first,
            ASCII.lower(first) != UInt8(ascii: "p"), script.last != UInt8(ascii: "/"),
            !environment.has("REDIRECT_URL"), settings.documentRoot == nil || environment.has("DOCUMENT_ROOT"),
            !environment.has("PATH_INFO") || !isIIS(environment), status(script) != .missing, isValid(script)
        else { return false }
        environment.load("SCRIPT_NAME", into: &paths.uri)
        paths.isNamed = true
        return true
    }
    private static func isIIS(_ environment: RequestEnvironment) -> Bool {
        environment["SERVER_SOFTWARE"]?.hasPrefix("Microsoft-IIS") ?? false
    }

    /// Corrects `environment` and says where the request goes.
    static func apply(
        to environment: inout RequestEnvironment, _ settings: PathSettings,
        status: @escaping (ByteString) -> PathStatus
    ) -> RequestPaths {
        var fixups = EnvironmentFixups(environment, settings, status)
        return fixups.run(&environment)
    }

    private init(
        _ environment: RequestEnvironment, _ settings: PathSettings, _ status: @escaping (ByteString) -> PathStatus
    ) {
        self.settings = settings
        self.status = status
        scriptFilename = environment["SCRIPT_FILENAME"]
        pathTranslated = environment["PATH_TRANSLATED"]
        pathInfo = environment["PATH_INFO"]
        scriptName = environment["SCRIPT_NAME"]
    }

    private mutating func run(_ environment: inout RequestEnvironment) -> RequestPaths {
        guard let named = scriptFilename ?? pathTranslated else { return RequestPaths() }
        script = named
        correctIIS(&environment)
        stripProxyPrefix("proxy:fcgi://", &environment)
        stripProxyPrefix("proxy:balancer://", &environment)
        var found = true
        if settings.fixesPathInfo {
            found = fixPathInfo(&environment)
        } else {
            uri = pathInfo ?? scriptName
            if !settings.discardsPath, let pathTranslated { script = pathTranslated }
        }
        return RequestPaths(script: found && Self.isValid(script) ? script : nil, uri: uri, isNamed: true)
    }

    /// Some IIS puts the script's name before PATH_INFO.
    private mutating func correctIIS(_ environment: inout RequestEnvironment) {
        guard let path = pathInfo, let name = scriptName, path.hasPrefix(name),
            Self.isIIS(environment)
        else { return }
        environment.set("ORIG_PATH_INFO", path)
        pathInfo = path.count > name.count ? path.from(name.count) : nil
        environment.set("PATH_INFO", pathInfo)
    }

    /// mod_proxy_fcgi and mod_proxy_balancer send a URL as the file name.
    private mutating func stripProxyPrefix(_ prefix: StaticString, _ environment: inout RequestEnvironment) {
        guard var name = scriptFilename, name.hasPrefixIgnoringCase(prefix) else { return }
        if let slash = name.bytes[prefix.utf8CodeUnitCount...].firstIndex(of: UInt8(ascii: "/")) {
            name = name.from(slash)
            isApacheProxy = true
        }
        if let query = name.firstIndex(of: UInt8(ascii: "?")) { name = name.upTo(query) }
        scriptFilename = name
        script = name
        environment.set("SCRIPT_FILENAME", name)
    }

    // MARK: cgi.fix_pathinfo

    /// False when no file was found.
    private mutating func fixPathInfo(_ environment: inout RequestEnvironment) -> Bool {
        redirectURL = environment["REDIRECT_URL"]
        documentRoot = environment["DOCUMENT_ROOT"]
        if documentRoot == nil, let root = settings.documentRoot {
            documentRoot = root
            environment.set("DOCUMENT_ROOT", root)
        }
        // With Apache's Action, name and file are those of the PHP program.
        if !isApacheProxy, let pathTranslated, let redirectURL, scriptFilename != nil, pathTranslated != script {
            script = pathTranslated
            scriptName = redirectURL
            isRedirected = true
        }
        let isComplete = script.isEmpty || (script.last != UInt8(ascii: "/") && status(script) != .missing)
        if isComplete {
            keepOriginals(&environment)
            return true
        }
        return splitPath(&environment)
    }

    /// The file exists: what was changed is remembered.
    private mutating func keepOriginals(_ environment: inout RequestEnvironment) {
        if scriptFilename != script { correctFilename(script, &environment) }
        if !isApacheProxy, redirectURL != nil {
            if let pathInfo {
                environment.set("ORIG_PATH_INFO", pathInfo)
                environment.set("PATH_INFO", nil)
            }
            if let pathTranslated {
                environment.set("ORIG_PATH_TRANSLATED", pathTranslated)
                environment.set("PATH_TRANSLATED", nil)
            }
        }
        if isRedirected {
            if let original = environment["SCRIPT_NAME"] { environment.set("ORIG_SCRIPT_NAME", original) }
            environment.set("SCRIPT_NAME", scriptName)
        }
        uri = scriptName
    }
    private func correctFilename(_ file: ByteString, _ environment: inout RequestEnvironment) {
        if let scriptFilename { environment.set("ORIG_SCRIPT_FILENAME", scriptFilename) }
        environment.set("SCRIPT_FILENAME", file)
    }

    /// The file does not exist: the path is cut at its slashes, from the end, until a file is left.
    private mutating func splitPath(_ environment: inout RequestEnvironment) -> Bool {
        let originalName = environment["SCRIPT_NAME"]
        let file = findFile()
        if let file {
            let rest = script.from(file.count)
            takePathInfo(rest, originalName, &environment)
            if scriptFilename != file {
                correctFilename(file, &environment)
                script = file
            }
            setPathTranslated(file, &environment)
        } else {
            if let scriptFilename { environment.set("ORIG_SCRIPT_FILENAME", scriptFilename) }
            environment.set("SCRIPT_FILENAME", nil)
        }
        if uri == nil {
            if originalName != scriptName || originalName == nil {
                if let originalName { environment.set("ORIG_SCRIPT_NAME", originalName) }
                environment.set("SCRIPT_NAME", scriptName)
            }
            uri = scriptName
        }
        return file != nil
    }
    private func findFile() -> ByteString? {
        var path = script
        while let cut = path.lastIndex(of: UInt8(ascii: "/")) ?? path.lastIndex(of: UInt8(ascii: "\\")) {
            path = path.upTo(cut)
            if status(path) == .regular { return path }
        }
        return nil
    }

    /// `rest` is what follows the file in the path that came.
    private mutating func takePathInfo(
        _ rest: ByteString, _ originalName: ByteString?, _ environment: inout RequestEnvironment
    ) {
        let original = pathInfo
        let new: ByteString
        let front: ByteString
        if isApacheProxy {
            guard !rest.isEmpty, original != rest else { return }
            new = rest
            front = original ?? ""
        } else {
            guard let original, original.count > rest.count else { return }
            new = original.from(original.count - rest.count)
            front = original.upTo(original.count - rest.count)
        }
        if let original {
            environment.set("ORIG_PATH_INFO", original)
            uri = front
            if originalName != front {
                if let originalName { environment.set("ORIG_SCRIPT_NAME", originalName) }
                environment.set("SCRIPT_NAME", front)
            }
        } else if let name = scriptName {
            cutName(name, rest, &environment)
        }
        pathInfo = new
        environment.set("PATH_INFO", new)
    }
    /// ProxyPass leaves the path info in the name, decoded or not.
    private mutating func cutName(_ name: ByteString, _ rest: ByteString, _ environment: inout RequestEnvironment) {
        var tail = rest
        if name.count <= tail.count || !name.hasSuffix(tail) {
            guard rest.contains(UInt8(ascii: "%")) else { return }
            tail = URLPath.percentDecoded(rest)
            guard name.count > tail.count, name.hasSuffix(tail) else { return }
        }
        environment.set("ORIG_SCRIPT_NAME", name)
        scriptName = name.upTo(name.count - tail.count)
        environment.set("SCRIPT_NAME", scriptName)
        uri = scriptName
    }

    private mutating func setPathTranslated(_ file: ByteString, _ environment: inout RequestEnvironment) {
        var front: ByteString
        if let root = documentRoot {
            front = root.last == UInt8(ascii: "/") ? root.upTo(root.count - 1) : root
        } else if let name = scriptName, file.contains(name) {
            front = file.upTo(file.count - name.count)
        } else {
            return
        }
        front.append(contentsOf: pathInfo ?? "")
        if let pathTranslated { environment.set("ORIG_PATH_TRANSLATED", pathTranslated) }
        environment.set("PATH_TRANSLATED", front)
    }

    /// No segment is `..`.
    static func isValid(_ path: ByteString) -> Bool {
        let bytes = path.bytes.span
        var start = 0
        while true {
            let end = bytes.firstIndex(of: UInt8(ascii: "/"), from: start, to: bytes.count)
            if end - start == 2, bytes.equals("..", in: start..<end) { return false }
            guard end < bytes.count else { return true }
            start = end + 1
        }
    }
}
