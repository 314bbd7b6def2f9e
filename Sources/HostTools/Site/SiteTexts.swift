// Debian: files of /etc/apache2/sites-available, /etc/php/8.2/fpm/pool.d and /etc/logrotate.d
import Bytes

/// The files of a site. They are a person's to edit from then on.
struct SiteTexts {
    let name: ByteString
    let aliases: [ByteString]
    let user: ByteString
    let group: ByteString
    let home: ByteString
    let documentRoot: ByteString
    let socket: ByteString
    /// Of the server.
    let serverUser: ByteString
    let serverGroup: ByteString
    let logs: ByteString
    let port: Int
    let pidFile: ByteString
    /// nil: the site has no HTTPS.
    var certificate: CertificateSource?
    var securePort = 443

    /// The site's file.
    var hosts: ByteString {
        guard let certificate else { return host(port, served) }
        let suffix: ByteString = securePort == 443 ? "" : ":\(securePort)"
        var text: ByteString = ""
        var lines: ByteString = "    Protocols h2 http/1.1\n    SSLEngine on\n"
        switch certificate {
        case .managed(let authority, let contact, let agrees):
            text += "# The certificate comes from a CA and is renewed in time.\n"
            text += "<MDomain \(ByteString(joining: [name] + aliases))>\n"
            if let authority { text += "    MDCertificateAuthority \(authority)\n" }
            if let contact { text += "    MDContactEmail \(contact)\n" }
            if agrees { text += "    MDCertificateAgreement accepted\n" }
            text += "</MDomain>\n"
        case .local(let file, let key):
            text += "# The certificate is one for development (martinet ca): browsers must be told to trust it.\n"
            lines += "    SSLCertificateFile \(file)\n    SSLCertificateKeyFile \(key)\n"
        }
        text += host(port, "    Redirect permanent / https://\(name)\(suffix)/\n")
        return text + "\n" + host(securePort, lines + "\n" + served)
    }
    private func host(_ port: Int, _ lines: ByteString) -> ByteString {
        var text: ByteString = "<VirtualHost *:\(port)>\n    ServerName \(name)\n"
        if !aliases.isEmpty { text += "    ServerAlias \(ByteString(joining: aliases))\n" }
        return text + lines + """

                ErrorLog \(logs)/\(name)-error.log
                CustomLog \(logs)/\(name)-access.log combined
            </VirtualHost>

            """
    }
    private var served: ByteString {
        """
            DocumentRoot \(Self.quoted(documentRoot))
            <Directory \(Self.quoted(documentRoot))>
                Options SymLinksIfOwnerMatch
                AllowOverride All
                Require all granted
                # Scripts see the Authorization header.
                CGIPassAuth On
            </Directory>

            <FilesMatch "\\.php$">
                SetHandler "proxy:unix:\(socket)|fcgi://localhost"
            </FilesMatch>

        """
    }
    static func quoted(_ path: ByteString) -> ByteString {
        path.contains(where: { ASCII.isSpace($0) }) ? "\"\(path)\"" : path
    }

    var pool: ByteString {
        """
        [\(user)]
        user = \(user)
        group = \(group)

        listen = \(socket)
        listen.owner = \(serverUser)
        listen.group = \(serverGroup)
        listen.mode = 0660

        ; No process while nobody asks; at most 8 at once.
        pm = ondemand
        pm.max_children = 8
        pm.process_idle_timeout = 60s
        pm.max_requests = 1000

        ; martinet site doctor asks this; no site hands it on.
        ping.path = /fpm-ping

        chdir = \(home)
        env[HOME] = \(home)
        env[TMPDIR] = \(home)/tmp

        ; The user's own places. Sessions that are over are deleted by PHP itself here.
        php_value[session.save_path] = \(home)/tmp/sessions
        php_value[session.gc_probability] = 1
        php_admin_value[upload_tmp_dir] = \(home)/tmp/uploads
        php_admin_value[sys_temp_dir] = \(home)/tmp
        php_admin_value[error_log] = \(logs)/php.log
        php_admin_flag[log_errors] = on

        ; The user's rights are the wall. This one more costs PHP its cache of paths:
        ;php_admin_value[open_basedir] = \(home):/usr/share/php:/tmp

        """
    }

    var rotation: ByteString {
        """
        \(logs)/*-access.log \(logs)/*-error.log {
        	weekly
        	missingok
        	rotate 8
        	compress
        	delaycompress
        	notifempty
        	create 640 root \(group)
        	sharedscripts
        	postrotate
        		[ ! -s \(pidFile) ] || kill -USR1 "$(cat \(pidFile))"
        	endscript
        }
        \(logs)/php.log {
        	weekly
        	missingok
        	rotate 8
        	compress
        	notifempty
        	create 640 \(user) \(group)
        }

        """
    }

    var page: ByteString {
        """
        <!doctype html>
        <title>\(name)</title>
        <h1>\(name)</h1>
        <p>PHP answers as the user <?= htmlspecialchars(posix_getpwuid(posix_geteuid())['name']) ?>.
        This page is <?= htmlspecialchars(basename(__DIR__) . '/' . basename(__FILE__)) ?> in the home directory.</p>

        """
    }

    /// Letters, digits, hyphens, dots between them; aliases may begin with `*.`.
    static func isHostName(_ name: ByteString, isAlias: Bool = false) -> Bool {
        let text = isAlias && name.hasPrefix("*.") ? name.from(2) : name
        guard text.count <= 253 else { return false }
        return text.split(on: UInt8(ascii: ".")).allSatisfy { label in
            !label.isEmpty && label.count <= 63 && label.first != 45 && label.last != 45
                && label.allSatisfy { ASCII.isAlnum($0) || $0 == 45 || $0 == 95 }
        }
    }
}
