// Apache: modules that Martinet has no counterpart of, by their directives
import Bytes

/// What to say about a directive.
public enum TreeAdvice {
    /// Where a directive that is taken means something else than in Apache.
    /// - Parameter mpm: `event`, `worker` or `prefork`.
    public static func translation(of name: ByteString, mpm: String) -> ByteString? {
        if mpm == "event", let text = withEvent[name] { return text }
        if name.hasPrefix("fastcgi") { return "mod_fastcgi is part of Martinet: nothing needs to be loaded for it" }
        return everywhere[name]
    }
    private static let withEvent: [ByteString: ByteString] = [
        "minsparethreads": "no effect with event: there are no spare threads",
        "maxsparethreads": "no effect with event: there are no spare threads",
        "asyncrequestworkerfactor": "no effect: idle connections need no thread",
        "threadsperchild": "no threads for requests with event: it counts for MaxRequestWorkers only",
        "serverlimit": "counts for MaxRequestWorkers only",
        "threadlimit": "counts for MaxRequestWorkers only",
        "startservers": "the number of children all the time, not only at the start",
    ]
    private static let php: ByteString =
        "goes to PHP with each request through FastCGI; Apache itself knows it with mod_php only"
    private static let everywhere: [ByteString: ByteString] = [
        "threadstacksize": "no effect: the stack has a size of its own",
        "maxmemfree": "no effect: memory is not kept in pools",
        "listencoresbucketsratio": "no effect: the loops share the listeners",
        "mutex": "checked, without effect: the processes need no locks",
        "scoreboardfile": "no effect: the scoreboard has no file",
        "watchdoginterval": "no effect: nothing here waits for it",
        "php_value": php, "php_flag": php, "php_admin_value": php, "php_admin_flag": php,
    ]

    /// What to do about a line that cannot be used.
    /// - Parameters:
    ///   - message: The server's.
    ///   - name: The directive, in lower case.
    ///   - module: The short name of the module here that has the directive, if one has.
    public static func cure(_ message: ByteString, name: ByteString, module: ByteString?) -> ByteString {
        if message.hasPrefix("Invalid command") {
            if let module { return "a2enmod \(module)" }
            if old.contains(name) { return "Apache 2.4 does not know it either: delete the line" }
            if let owner = owner(of: name) {
                return
                    "it belongs to mod_\(owner), which Martinet does not have: delete the line, or put it between <IfModule mod_\(owner).c> and </IfModule> to keep it for Apache"
            }
            return "no module here knows it: delete the line, or leave this host with Apache"
        }
        if message.contains(" has no counterpart of ") || message.contains("are not built") { return "" }
        if message.hasPrefix("Cannot load ") {
            return "the file is missing, Apache would not start either: a2dismod its module"
        }
        if message.hasPrefix("Include") || message.contains("Could not open configuration file") {
            return "Apache would not start either: mend the path, or write IncludeOptional"
        }
        return ""
    }
    /// Those of Apache 2.2.
    private static let old: Set<ByteString> = [
        "lockfile", "acceptmutex", "authdefaultauthoritative", "sslmutex", "rewritelock",
    ]

    /// The short name of Apache's module, by the beginning of its directives' names.
    static func owner(of name: ByteString) -> ByteString? {
        let plain = name.hasPrefix("<") ? name.from(1) : name
        return owners.first { plain.hasPrefix($0.0) }?.1
    }
    private static let owners: [(ByteString, ByteString)] = [
        ("ssl", "ssl"), ("h2", "http2"), ("http2", "http2"), ("balancer", "proxy_balancer"), ("lua", "lua"),
        ("dav", "dav"),
        ("cache", "cache"), ("htcacheclean", "cache"), ("session", "session"), ("md", "md"),
        ("proxyhtml", "proxy_html"),
        ("ldap", "ldap"), ("authldap", "authnz_ldap"), ("remoteip", "remoteip"), ("secr", "security2"),
        ("seca", "security2"),
        ("sec", "security2"), ("perl", "perl"), ("wsgi", "wsgi"), ("passenger", "passenger"), ("php", "php"),
        ("userdir", "userdir"), ("virtualdocumentroot", "vhost_alias"), ("virtualscriptalias", "vhost_alias"),
        ("suexec", "suexec"), ("dos", "evasive20"), ("qs_", "qos"), ("pagespeed", "pagespeed"),
        ("modpagespeed", "pagespeed"),
        ("xsendfile", "xsendfile"), ("fcgid", "fcgid"), ("dump", "dumpio"), ("authform", "auth_form"), ("dbd", "dbd"),
        ("authdbd", "authn_dbd"), ("authnsocache", "authn_socache"), ("authnzfcgi", "authnz_fcgi"),
        ("extfilter", "ext_filter"),
        ("filterprovider", "filter"), ("ident", "ident"), ("imap", "imagemap"), ("jk", "jk"), ("mono", "mono"),
        ("geoip", "geoip"), ("maxminddb", "maxminddb"), ("rpaf", "rpaf"), ("oidc", "auth_openidc"), ("cas", "auth_cas"),
        ("shib", "shib"), ("auth_mysql", "auth_mysql"), ("svn", "dav_svn"), ("spel", "speling"),
        ("checkspelling", "speling"),
        ("checkcase", "speling"), ("usertrack", "usertrack"), ("cookietracking", "usertrack"), ("cookie", "usertrack"),
        ("logforensic", "log_forensic"), ("forensiclog", "log_forensic"), ("heartbeat", "heartbeat"),
        ("ssi", "include"),
        ("charset", "charset_lite"), ("mimemagic", "mime_magic"), ("mpm_itk", "mpm_itk"), ("assignuserid", "mpm_itk"),
        ("limituidrange", "mpm_itk"), ("rlimit", "core"), ("isapi", "isapi"), ("privileges", "privileges"),
    ]
}
