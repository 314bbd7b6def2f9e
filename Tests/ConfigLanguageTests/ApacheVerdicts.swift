// What apache2 2.4.71 -t answers to tricky input. The answers were recorded, not written by hand: every case was given
// to it with mod_authz_core and (mostly) mod_macro loaded by -C, files in the directory that is called /srv/conf here.

struct ApacheVerdict: Sendable {
    let name: String
    let files: [String: String]
    var macro = true
    var defines: [String] = []
    var after: [String] = []
    var warnings: [String] = []
    let verdict: String
}

private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

private let part0: [ApacheVerdict] = [
    .init(name: "empty", files: ["a.conf": ""], verdict: "Syntax OK"),
    .init(
        name: "unknown", files: ["a.conf": "\n# c\nBogus a\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "unknown keeps case", files: ["a.conf": "  BOgus \"a"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'BOgus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "unknown section", files: ["a.conf": "<Bogus a>\n</Bogus>\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command '<Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "location of continued line",
        files: ["a.conf": "ServerName a\\\nb\nServerSignature On\nBogus a\\\nb\\\nc\n"],
        verdict:
            "AH00526: Syntax error on line 6 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "continued comment hides", files: ["a.conf": "# a\\\nBogus\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "comment after continuation", files: ["a.conf": "Bogus a \\\n# b\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "backslash blank newline", files: ["a.conf": "ServerName a\\ \nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "two backslashes continue", files: ["a.conf": "ServerName On\\\\\nBogus\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "two backslashes then empty line", files: ["a.conf": "Bogus a\\\\\n\nBogus2 b\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "continuation to the end", files: ["a.conf": "Bogus a\\"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "continuation at the end", files: ["a.conf": "Bogus a\\\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "CRLF continued", files: ["a.conf": "Bogus a\\\r\n b\r\nBogus2\r\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "form feed is blank", files: ["a.conf": "\u{c}\u{b}Bogus\u{c}a\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "CR alone is blank", files: ["a.conf": "Bogus\ra\rListen x\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "NUL cuts", files: ["a.conf": "Server\0Name x\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Server', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "NUL cuts continuation", files: ["a.conf": "ServerName x\0\\\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "NUL first", files: ["a.conf": "\0ServerName x\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "byte order mark", files: ["a.conf": "\u{feff}ServerName x\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command '\\xef\\xbb\\xbfServerName', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "quoted name", files: ["a.conf": "\"Bogus Name\" a\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus Name', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "quoted name with escape", files: ["a.conf": "\"Bo\\\"gus\" a\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bo\"gus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "empty quoted name", files: ["a.conf": "\"\" a\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "name in single quotes", files: ["a.conf": "'Bogus'x\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "name backslash", files: ["a.conf": "Bo\\gus\\\\x y\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bo\\\\gus\\\\x', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "bracket name", files: ["a.conf": ">\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command '', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "name ends with bracket", files: ["a.conf": "Bogus> x\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "two lonely brackets", files: ["a.conf": "<\n<\n</>\n</>\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command '<', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "lonely bracket", files: ["a.conf": "<\n</>\n<>\n</>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command '<', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "empty section name", files: ["a.conf": "<>\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: /srv/conf/a.conf:1: <> was not closed."),
    .init(
        name: "end only", files: ["a.conf": "</Directory>\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: </Directory> without matching <Directory> section"),
    .init(
        name: "end only, other", files: ["a.conf": "</Bogus x>\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: </Bogus without matching <Bogus section"),
    .init(
        name: "end without bracket", files: ["a.conf": "</Directory\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: </Directory without matching <Directory section"),
    .init(
        name: "end in section without bracket", files: ["a.conf": "<Directory />\n</Directory\n"],
        verdict: "apache2: Syntax error on line 2 of /srv/conf/a.conf: </Directory> directive missing closing '>'"),
    .init(
        name: "end with blank before bracket", files: ["a.conf": "<Directory />\n</Directory >\n"],
        verdict: "apache2: Syntax error on line 2 of /srv/conf/a.conf: </Directory> directive missing closing '>'"),
    .init(
        name: "end with text after", files: ["a.conf": "<Directory />\n</Directory> x\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "end glued text", files: ["a.conf": "<Directory />\n</Directory>x\nBogus\n"],
        verdict: "apache2: Syntax error on line 2 of /srv/conf/a.conf: </Directory>x> directive missing closing '>'"),
    .init(
        name: "wrong end", files: ["a.conf": "<Directory />\n<Files x>\n</Directory>\n</Files>\n"],
        verdict: "apache2: Syntax error on line 3 of /srv/conf/a.conf: Expected </Files> but saw </Directory>"),
    .init(
        name: "wrong end in other case", files: ["a.conf": "<DIRectory />\n<FILES x>\n</directory>\n"],
        verdict: "apache2: Syntax error on line 3 of /srv/conf/a.conf: Expected </Files> but saw </directory>"),
    .init(
        name: "wrong end of unknown", files: ["a.conf": "<Bogus />\n</Other>\n"],
        verdict: "apache2: Syntax error on line 2 of /srv/conf/a.conf: Expected </Bogus> but saw </Other>"),
    .init(
        name: "end in other case", files: ["a.conf": "<Directory />\n</dirECTORY>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "not closed", files: ["a.conf": "<Directory />\nOptions None\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: /srv/conf/a.conf:1: <Directory> was not closed."),
    .init(
        name: "two not closed", files: ["a.conf": "<VirtualHost *:80>\n\n<Directory />\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: /srv/conf/a.conf:3: <Directory> was not closed.\\n/srv/conf/a.conf:1: <VirtualHost> was not closed."
    ),
    .init(
        name: "unknown not closed", files: ["a.conf": "<Bogus />\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: /srv/conf/a.conf:1: <Bogus> was not closed."),
    .init(
        name: "section in quotes", files: ["a.conf": "\"<Directory\" />\n</Directory>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "section without blank", files: ["a.conf": "<Directory/>\n</Directory/>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command '<Directory/', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule true", files: ["a.conf": "<IfModule core.c>\nBogus\n</IfModule>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule symbol", files: ["a.conf": "<IfModule authz_core_module>\nBogus\n</IfModule>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule false", files: ["a.conf": "<IfModule mod_none.c>\nBogus\n</IfModule>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule case counts", files: ["a.conf": "<IfModule CORE.c>\nBogus\n</IfModule>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule negated", files: ["a.conf": "<IfModule !mod_none.c>\nBogus\n</IfModule>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule negated in quotes",
        files: ["a.conf": "<IfModule \"!mod_none.c\">\nBogus\n</IfModule>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule quoted", files: ["a.conf": "<IfModule \"core.c\">\nBogus\n</IfModule>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule blank before bracket", files: ["a.conf": "<IfModule core.c >\nBogus\n</IfModule>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule text after bracket", files: ["a.conf": "<IfModule core.c> x\nBogus\n</IfModule>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule bracket missing", files: ["a.conf": "<IfModule core.c\nBogus\n</IfModule>\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: <IfModule> directive missing closing '>'"),
    .init(
        name: "IfModule no argument", files: ["a.conf": "<IfModule>\nBogus\n</IfModule>\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: <IfModule> directive requires additional arguments"),
    .init(
        name: "IfModule only not", files: ["a.conf": "<IfModule !>\nBogus\n</IfModule>\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: <IfModule> directive requires additional arguments"),
    .init(
        name: "IfModule two arguments", files: ["a.conf": "<IfModule core.c x>\nBogus\n</IfModule>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule end with comment", files: ["a.conf": "<IfModule core.c>\n</IfModule> # x\n"],
        verdict: "apache2: Syntax error on line 2 of /srv/conf/a.conf: </IfModule> without matching <IfModule> section"),
    .init(
        name: "IfModule end with blank", files: ["a.conf": "<IfModule core.c>\n</IfModule >\n"],
        verdict: "apache2: Syntax error on line 2 of /srv/conf/a.conf: </IfModule without matching <IfModule section"),
]

private let part1: [ApacheVerdict] = [
    .init(
        name: "IfModule end in other case", files: ["a.conf": "<ifmodule core.c>\n</IFMODULE>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule true not closed", files: ["a.conf": "<IfModule core.c>\nOptions None\n"], verdict: "Syntax OK"),
    .init(
        name: "IfModule true not closed, section open", files: ["a.conf": "<IfModule core.c>\n<Directory />\n"],
        verdict: "Syntax OK"),
    .init(
        name: "IfModule true in section not closed",
        files: ["a.conf": "<Directory />\n<IfModule core.c>\nOptions None\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: /srv/conf/a.conf:1: <Directory> was not closed."),
    .init(
        name: "IfModule false not closed", files: ["a.conf": "\n<IfModule none>\nOptions None\n"],
        verdict: "apache2: Syntax error on line 2 of /srv/conf/a.conf: Expected </IfModule> before end of configuration"
    ),
    .init(
        name: "IfModule false not closed, section open", files: ["a.conf": "\n<IfModule none>\n<Directory />\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Expected </Directory> before end of configuration"),
    .init(
        name: "IfModule closes section",
        files: ["a.conf": "<IfModule core.c>\n<Directory />\n</IfModule>\n</Directory>\n"],
        verdict: "apache2: Syntax error on line 3 of /srv/conf/a.conf: Expected </Directory> but saw </IfModule>"),
    .init(
        name: "IfModule opens section", files: ["a.conf": "<IfModule core.c>\n<Directory />\n</IfModule>\n"],
        verdict: "apache2: Syntax error on line 3 of /srv/conf/a.conf: Expected </Directory> but saw </IfModule>"),
    .init(
        name: "section ends in IfModule",
        files: ["a.conf": "<Directory />\n<IfModule core.c>\n</Directory>\n</IfModule>\n"],
        verdict:
            "apache2: Syntax error on line 3 of /srv/conf/a.conf: </Directory> without matching <Directory> section"),
    .init(
        name: "IfModule false wrong end", files: ["a.conf": "<IfModule none>\n<A x>\n</B>\n</IfModule>\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: Expected </A> but saw </B>"),
    .init(
        name: "IfModule false end without bracket", files: ["a.conf": "<IfModule none>\n</IfModule\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: Expected </IfModule> but saw </IfModul>"),
    .init(
        name: "IfModule false end with text", files: ["a.conf": "<IfModule none>\n</IfModule> x\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule false comment with section", files: ["a.conf": "<IfModule none>\n#<A>\n</IfModule>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule false continued", files: ["a.conf": "<IfModule none>\nA \\\n</IfModule>\n</IfModule>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 5 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule false nested",
        files: ["a.conf": "<IfModule none>\n<IfModule core.c>\n</IfModule>\n<A>\n</a>\n</IfModule>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 7 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfModule false nested with bracket and text",
        files: ["a.conf": "<IfModule none>\n<A> x\n</A>\n</IfModule>\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: Expected </A>> but saw </A>"),
    .init(
        name: "IfModule wrong end, true", files: ["a.conf": "<IfModule core.c>\n</IfDefine>\n</IfModule>\n"],
        verdict: "apache2: Syntax error on line 2 of /srv/conf/a.conf: </IfDefine> without matching <IfDefine> section"),
    .init(
        name: "error line in IfModule",
        files: ["a.conf": "ServerName x\n<IfModule core.c>\nServerName y\n</Files>\n</IfModule>\n"],
        verdict: "apache2: Syntax error on line 4 of /srv/conf/a.conf: </Files> without matching <Files> section"),
    .init(
        name: "IfDefine", files: ["a.conf": "<IfDefine X>\nBogus\n</IfDefine>\n"], defines: ["X"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfDefine case counts", files: ["a.conf": "<IfDefine x>\nBogus\n</IfDefine>\nBogus2\n"], defines: ["X"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Define in false section",
        files: ["a.conf": "<IfDefine no>\nDefine X\n</IfDefine>\n<IfDefine X>\nBogus\n</IfDefine>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 7 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Define then IfDefine", files: ["a.conf": "Define X y\n<IfDefine X>\nBogus ${X}\n</IfDefine>\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Define no argument", files: ["a.conf": "Define\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Define takes 1-2 arguments, Define a variable, optionally to a value.  Same as passing -D to the command line."
    ),
    .init(
        name: "Define three", files: ["a.conf": "Define a b c\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Define takes 1-2 arguments, Define a variable, optionally to a value.  Same as passing -D to the command line."
    ),
    .init(
        name: "Define colon", files: ["a.conf": "Define a:b\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: Variable name must not contain ':'"),
    .init(
        name: "UnDefine colon", files: ["a.conf": "UnDefine a:b\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: Variable name must not contain ':'"),
    .init(
        name: "UnDefine two", files: ["a.conf": "UnDefine a b\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: UnDefine takes one argument, Undefine the existence of a variable. Undo a Define."
    ),
    .init(
        name: "UnDefine unknown", files: ["a.conf": "UnDefine a\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Define in section", files: ["a.conf": "<Directory />\nDefine X Bogus\n${X}\n</Directory>\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable as name", files: ["a.conf": "Define X Bogus\n${X}y z\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogusy', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable as section", files: ["a.conf": "Define X Bogus\n<${X} z>\n</Bogus>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command '<Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable undefined", files: ["a.conf": "\nBogus ${X}\n"],
        warnings: ["AH00111: Config variable ${X} is not defined"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable undefined with colon", files: ["a.conf": "Bogus ${X:y}\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable name in other case", files: ["a.conf": "Define FOO Bogus\n${foo} z\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable unfinished", files: ["a.conf": "Bogus ${X\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable empty name", files: ["a.conf": "Bogus${}\n"],
        warnings: ["AH00111: Config variable ${} is not defined"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus${}', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable value has variable", files: ["a.conf": "Define A ${B}\nDefine B Bogus\n${A}\n"],
        warnings: ["AH00111: Config variable ${B} is not defined"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command '${B}', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable twice", files: ["a.conf": "Define A Bo\nDefine B gus\n${A}$${B}${A}\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bo$gusBo', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable value is comment", files: ["a.conf": "Define A \"# x\"\n${A}\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command '#', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable empty", files: ["a.conf": "Define A \"\"\n${A}\n${A}Bogus\n"],
        warnings: ["AH00111: Config variable ${A} is not defined", "AH00111: Config variable ${A} is not defined"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command '${A}', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable in comment", files: ["a.conf": "# ${X}\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "variable in false section", files: ["a.conf": "<IfDefine no>\n${X}\n</IfDefine>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Define twice", files: ["a.conf": "Define A x\nDefine A Bogus\n${A}\n"],
        verdict:
            "AH00526: Syntax error on line 3 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfFile", files: ["a.conf": "<IfFile a.conf>\nBogus\n</IfFile>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfFile not",
        files: ["a.conf": "<IfFile !a.conf>\nBogus\n</IfFile>\n<IfFile b.conf>\nBogus2\n</IfFile>\nBogus3"],
        verdict:
            "AH00526: Syntax error on line 7 of /srv/conf/a.conf:\nInvalid command 'Bogus3', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfFile directory", files: ["a.conf": "<IfFile .>\nBogus\n</IfFile>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfDirective", files: ["a.conf": "<IfDirective servername>\nBogus\n</IfDirective>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfDirective not known", files: ["a.conf": "<IfDirective Nothing>\nBogus\n</IfDirective>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfDirective section",
        files: [
            "a.conf":
                "<IfDirective Directory>\nBogus\n</IfDirective>\n<IfDirective <Directory>\nBogus2\n</IfDirective>\n"
        ],
        verdict:
            "AH00526: Syntax error on line 5 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfSection", files: ["a.conf": "<IfSection directory>\nBogus\n</IfSection>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfSection structural", files: ["a.conf": "<IfSection IfModule>\nBogus\n</IfSection>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfSection macro", files: ["a.conf": "<IfSection Macro>\nBogus\n</IfSection>\nBogus2"], macro: false,
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfSection not", files: ["a.conf": "<IfSection !Nothing>\nBogus\n</IfSection>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion 2.4", files: ["a.conf": "<IfVersion 2.4>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion 2", files: ["a.conf": "<IfVersion 2>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion 3", files: ["a.conf": "<IfVersion 3>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion = 2.4.71", files: ["a.conf": "<IfVersion = 2.4.71>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion == 2.4.71", files: ["a.conf": "<IfVersion == 2.4.71>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion != 2.4.71", files: ["a.conf": "<IfVersion != 2.4.71>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion >= 2.4.0", files: ["a.conf": "<IfVersion >= 2.4.0>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
]

private let part2: [ApacheVerdict] = [
    .init(
        name: "IfVersion > 2.4.71", files: ["a.conf": "<IfVersion > 2.4.71>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion <= 2.4.71", files: ["a.conf": "<IfVersion <= 2.4.71>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion < 2.5", files: ["a.conf": "<IfVersion < 2.5>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion !< 2.5", files: ["a.conf": "<IfVersion !< 2.5>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion !2.4 x", files: ["a.conf": "<IfVersion !2.4 x>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: unrecognized operator '!2.4'"),
    .init(
        name: "IfVersion => 2.4", files: ["a.conf": "<IfVersion => 2.4>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: unrecognized operator '=>'"),
    .init(
        name: "IfVersion ~ ^2.4", files: ["a.conf": "<IfVersion ~ ^2.4>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion !~ ^2.4", files: ["a.conf": "<IfVersion !~ ^2.4>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion = /2.4/", files: ["a.conf": "<IfVersion = /2.4/>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion = /2.4", files: ["a.conf": "<IfVersion = /2.4>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: Missing delimiting / of regular expression."),
    .init(
        name: "IfVersion = //", files: ["a.conf": "<IfVersion = //>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion ~ [", files: ["a.conf": "<IfVersion ~ [>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: Unable to compile regular expression"),
    .init(
        name: "IfVersion 2.4.x", files: ["a.conf": "<IfVersion 2.4.x>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Version appears to be invalid. It must have the format major[.minor[.patch]] where major, minor and patch are numbers."
    ),
    .init(
        name: "IfVersion 2.4.71.", files: ["a.conf": "<IfVersion 2.4.71.>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion 2.4.71.0", files: ["a.conf": "<IfVersion 2.4.71.0>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Version appears to be invalid. It must have the format major[.minor[.patch]] where major, minor and patch are numbers."
    ),
    .init(
        name: "IfVersion 2..71", files: ["a.conf": "<IfVersion 2..71>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion x", files: ["a.conf": "<IfVersion x>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Version appears to be invalid. It must have the format major[.minor[.patch]] where major, minor and patch are numbers."
    ),
    .init(
        name: "IfVersion >= \"2.4\"", files: ["a.conf": "<IfVersion >= \"2.4\">\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion \">=\" \"2.4\" ",
        files: ["a.conf": "<IfVersion \">=\" \"2.4\" >\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion ~= 2.4", files: ["a.conf": "<IfVersion ~= 2.4>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: unrecognized operator '~='"),
    .init(
        name: "IfVersion <> 2.4", files: ["a.conf": "<IfVersion <> 2.4>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: unrecognized operator '<>'"),
    .init(
        name: "IfVersion >= 99999999", files: ["a.conf": "<IfVersion >= 99999999>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion >", files: ["a.conf": "<IfVersion >>\nBogus\n</IfVersion>\nBogus2\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Version appears to be invalid. It must have the format major[.minor[.patch]] where major, minor and patch are numbers."
    ),
    .init(
        name: "IfVersion no argument", files: ["a.conf": "<IfVersion>\nBogus\n</IfVersion>\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Version appears to be invalid. It must have the format major[.minor[.patch]] where major, minor and patch are numbers."
    ),
    .init(
        name: "IfVersion bracket missing", files: ["a.conf": "<IfVersion >= 2.4\nBogus\n</IfVersion>\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: <IfVersion> directive missing closing '>'"),
    .init(
        name: "IfVersion bracket apart", files: ["a.conf": "<IfVersion >= 2.4 >\nBogus\n</IfVersion>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion one argument, bracket apart", files: ["a.conf": "<IfVersion 2.4.71 >\nBogus\n</IfVersion>\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "IfVersion four", files: ["a.conf": "<IfVersion >= 2.4 > x\nBogus\n</IfVersion>\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: <IfVersion takes one, two or three arguments, a comparison operator, a version (and a delimiter)"
    ),
    .init(
        name: "IfVersion not closed", files: ["a.conf": "<IfVersion > 9>\nBogus\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Expected </IfVersion> before end of configuration"),
    .init(
        name: "Include", files: ["a.conf": "Include b.conf\nBogus2\n", "b.conf": "\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/b.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include missing", files: ["a.conf": "\nInclude b.conf\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Could not open configuration file /srv/conf/b.conf: No such file or directory"
    ),
    .init(
        name: "Include two", files: ["a.conf": "\nInclude b.conf c.conf\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Include takes one argument, Name(s) of the config file(s) to be included; fails if the wildcard does not match at least one file"
    ),
    .init(
        name: "Include none", files: ["a.conf": "\nInclude\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Include takes one argument, Name(s) of the config file(s) to be included; fails if the wildcard does not match at least one file"
    ),
    .init(
        name: "IncludeOptional none", files: ["a.conf": "\nIncludeOptional\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: IncludeOptional takes one argument, Name or pattern of the config file(s) to be included; ignored if the file does not exist or the pattern does not match any files"
    ),
    .init(
        name: "IncludeOptional missing",
        files: ["a.conf": "IncludeOptional b.conf\nIncludeOptional x/*.conf\nIncludeOptional *.none\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include no match", files: ["a.conf": "\nInclude *.none\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Include/IncludeOptional: No matches for the wildcard '*.none' in '/srv/conf', failing"
    ),
    .init(
        name: "Include no directory", files: ["a.conf": "\nInclude x/*.none\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Include/IncludeOptional: Could not open directory /srv/conf/x: No such file or directory"
    ),
    .init(
        name: "Include no directory in the middle", files: ["a.conf": "\nInclude d*/x/*.conf\n", "d1/a": "Bogus\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Include/IncludeOptional: Could not open directory /srv/conf/d1/x: No such file or directory"
    ),
    .init(
        name: "Include directory", files: ["a.conf": "Include d\n", "d/b": "Bogus\n", "d/a": "ServerName x\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/b:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include directory nested", files: ["a.conf": "Include d\n", "d/b/z": "Bogus\n", "d/b2": "Bogus2\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/b/z:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include directory order", files: ["a.conf": "Include d/\n", "d/b1": "Bogus\n", "d/B": "Bogus2\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/B:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include error in second",
        files: [
            "a.conf": "Include b.conf\n", "b.conf": "\nInclude c.conf\n", "c.conf": "\n\n<Directory x\n</Files>\n",
        ],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 2 of /srv/conf/b.conf: Syntax error on line 4 of /srv/conf/c.conf: Expected </Directory> but saw </Files>"
    ),
    .init(
        name: "Include line charged", files: ["a.conf": "Define a\nInclude b.conf\n", "b.conf": "</Files>\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/b.conf: </Files> without matching <Files> section"
    ),
    .init(
        name: "Include section not closed",
        files: ["a.conf": "Include b.conf\n</Directory>\n", "b.conf": "\n<Directory />\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 2 of /srv/conf/b.conf: /srv/conf/b.conf:2: <Directory> was not closed."
    ),
    .init(
        name: "Include closes section",
        files: ["a.conf": "<Directory />\nInclude b.conf\n", "b.conf": "</Directory>\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/b.conf: </Directory> without matching <Directory> section"
    ),
    .init(
        name: "Include itself", files: ["a.conf": "Include a.conf\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Syntax error on line 1 of /srv/conf/a.conf: Exceeded maximum include depth of 128, There appears to be a recursion."
    ),
    .init(
        name: "Include with dots", files: ["a.conf": "Include ./x/../b.conf\n", "b.conf": "Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/b.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include with slashes", files: ["a.conf": "Include .//b.conf\n", "b.conf": "Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/b.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include quoted", files: ["a.conf": "Include \"b c/x.conf\"\n", "b c/x.conf": "Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/b c/x.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include hidden file does not match",
        files: ["a.conf": "IncludeOptional d/*\nBogus2\n", "d/.a": "Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include hidden file in a directory", files: ["a.conf": "Include d\nBogus2\n", "d/.a": "Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/.a:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include question mark",
        files: ["a.conf": "Include d/?.conf\nBogus2\n", "d/ab.conf": "Bogus\n", "d/c.conf": "BogusC"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/c.conf:\nInvalid command 'BogusC', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include class",
        files: ["a.conf": "Include d/[b-d].conf\nBogus2\n", "d/a.conf": "Bogus\n", "d/c.conf": "BogusC"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/c.conf:\nInvalid command 'BogusC', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include negated class",
        files: ["a.conf": "Include d/[!a].conf\nBogus2\n", "d/a.conf": "Bogus\n", "d/c.conf": "BogusC"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/c.conf:\nInvalid command 'BogusC', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include caret class",
        files: ["a.conf": "Include d/[^a].conf\nBogus2\n", "d/a.conf": "Bogus\n", "d/c.conf": "BogusC"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/c.conf:\nInvalid command 'BogusC', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include unclosed class",
        files: ["a.conf": "Include d/[c*\nBogus2\n", "d/c.conf": "BogusA", "d/[c.conf": "BogusB\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/[c.conf:\nInvalid command 'BogusB', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include bracket in class", files: ["a.conf": "IncludeOptional d/[]]x\nBogus2\n", "d/]x": "BogusA"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/]x:\nInvalid command 'BogusA', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include escaped star",
        files: ["a.conf": "IncludeOptional d/\\*?\nBogus2\n", "d/*x": "BogusA", "d/ax": "BogusB"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d/*x:\nInvalid command 'BogusA', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include star in directory",
        files: ["a.conf": "Include d*/x.conf\nBogus2\n", "d1/y": "ServerName x\n", "d2/x.conf": "Bogus\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Could not open configuration file /srv/conf/d1/x.conf: No such file or directory"
    ),
    .init(
        name: "Include star in directory, optional",
        files: ["a.conf": "IncludeOptional d*/x.conf\nBogus2\n", "d1/y": "ServerName x\n", "d2/x.conf": "Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d2/x.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
]

private let part3: [ApacheVerdict] = [
    .init(
        name: "Include star matches directory",
        files: ["a.conf": "Include d*\nBogus2\n", "d1/y": "ServerName x\n", "d2/x.conf": "Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d2/x.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include pattern with slash at the end",
        files: ["a.conf": "Include d*/\nBogus2\n", "d1/y": "ServerName x\n", "d2/x.conf": "Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/d2/x.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include in section",
        files: ["a.conf": "<Directory />\nInclude b.conf\nBogus2\n</Directory>\n", "b.conf": "Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/b.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Include two levels of stars",
        files: [
            "a.conf": "Include d*/e*/*.conf\n", "d1/e1/a.conf": "ServerName x\n", "d1/e2/a.conf": "Bogus\n",
            "d2/f": "x",
        ],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: Include/IncludeOptional: No matches for the wildcard 'e*' in '/srv/conf/d2', failing"
    ),
    .init(
        name: "Include of Define", files: ["a.conf": "Include b.conf\n${X}\n", "b.conf": "Define X Bogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "ServerRoot", files: ["a.conf": "ServerRoot /\nInclude b.conf\n", "b.conf": "Bogus\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: Could not open configuration file /b.conf: No such file or directory"
    ),
    .init(
        name: "ServerRoot no directory", files: ["a.conf": "\nServerRoot /none\n"],
        verdict: "apache2: Syntax error on line 2 of /srv/conf/a.conf: ServerRoot must be a valid directory"),
    .init(
        name: "ServerRoot two", files: ["a.conf": "\nServerRoot / /\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: ServerRoot takes one argument, Common directory of server-related files (logs, confs, etc.)"
    ),
    .init(
        name: "LoadModule one", files: ["a.conf": "\nLoadModule a\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: LoadModule takes two arguments, a module name and the name of a shared object file to load it from"
    ),
    .init(
        name: "LoadModule three", files: ["a.conf": "\nLoadModule a b c\n"],
        verdict:
            "apache2: Syntax error on line 2 of /srv/conf/a.conf: LoadModule takes two arguments, a module name and the name of a shared object file to load it from"
    ),
    .init(
        name: "Use unknown without the module", files: ["a.conf": "Use a\n"], macro: false,
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Use', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro unknown without the module", files: ["a.conf": "<Macro a>\n</Macro>\n"], macro: false,
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command '<Macro', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro not used", files: ["a.conf": "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro>\n"],
        verdict: "Syntax OK"),
    .init(
        name: "Macro used",
        files: ["a.conf": "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro>\nUse M x On\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 6 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro too few",
        files: ["a.conf": "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro>\nUse M x\nBogus\n"],
        verdict:
            "apache2: Syntax error on line 5 of /srv/conf/a.conf: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used with 1 arguments instead of 2"
    ),
    .init(
        name: "Macro undefined",
        files: ["a.conf": "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro>\n\nUse N x\n"],
        verdict: "apache2: Syntax error on line 6 of /srv/conf/a.conf: macro 'n' undefined"),
    .init(
        name: "Use before any", files: ["a.conf": "Use N x\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: no macro defined before Use"),
    .init(
        name: "Use nothing", files: ["a.conf": "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro>\nUse\n"],
        verdict: "apache2: Syntax error on line 5 of /srv/conf/a.conf: no macro name specified with Use"),
    .init(
        name: "UndefMacro",
        files: ["a.conf": "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro>\nUndefMacro m\nUse M x y\n"],
        verdict: "apache2: Syntax error on line 6 of /srv/conf/a.conf: macro 'm' undefined"),
    .init(
        name: "UndefMacro unknown",
        files: ["a.conf": "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro>\nUndefMacro n\n"],
        verdict: "apache2: Syntax error on line 5 of /srv/conf/a.conf: cannot remove undefined macro 'n'"),
    .init(
        name: "UndefMacro before any", files: ["a.conf": "UndefMacro n\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: no macro defined before UndefMacro"),
    .init(
        name: "UndefMacro two",
        files: ["a.conf": "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro>\nUndefMacro m n\n"],
        verdict:
            "apache2: Syntax error on line 5 of /srv/conf/a.conf: UndefMacro takes one argument, Remove a macro definition."
    ),
    .init(
        name: "Macro no name", files: ["a.conf": "<Macro>\n</Macro>\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: <Macro macro definition: empty name"),
    .init(
        name: "Macro empty name", files: ["a.conf": "<Macro \"\">\n</Macro>\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: <Macro macro definition: name not found"),
    .init(
        name: "Macro bracket missing", files: ["a.conf": "<Macro m\n</Macro>\n"],
        verdict: "apache2: Syntax error on line 1 of /srv/conf/a.conf: <Macro> directive missing closing '>'"),
    .init(
        name: "Macro text after",
        files: ["a.conf": "<Macro M $a $b> text\nServerName $a\nServerSignature $b\n</Macro>\nBogus\n"],
        warnings: [
            "AH02989: AH02801: non blank chars found after <Macro closing '>' on line 1 of /srv/conf/a.conf:  text"
        ],
        verdict:
            "AH00526: Syntax error on line 5 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro comment after",
        files: ["a.conf": "<Macro M $a $b> # text\nServerName $a\nServerSignature $b\n</Macro>\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 5 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro end text",
        files: ["a.conf": "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro> text\nBogus\n"],
        warnings: [
            "AH02989: AH02794: non blank chars found after directive closing on line 4 of /srv/conf/a.conf:  text"
        ],
        verdict:
            "AH00526: Syntax error on line 5 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro not closed", files: ["a.conf": "<Macro m>\nServerName x\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")\\n\\tcontents error: expected token not found: </Macro>"
    ),
    .init(
        name: "Macro nested",
        files: ["a.conf": "<Macro m $x>\n<Macro n$x>\nBogus\n</Macro>\n</Macro>\nUse m 1\nUse n1\n"],
        verdict:
            "AH00526: Syntax error on line 1 of macro 'n1' (defined on line 1 of \"macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 6 of \"/srv/conf/a.conf\"\") used on line 7 of \"/srv/conf/a.conf\":\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro recursive", files: ["a.conf": "<Macro m>\nUse m\n</Macro>\nUse m\n"],
        verdict:
            "apache2: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\": recursive use of macro 'm' is invalid"
    ),
    .init(
        name: "Macro recursive by two",
        files: ["a.conf": "<Macro m>\nUse n\n</Macro>\n<Macro n>\nUse M\n</Macro>\nUse m\n"],
        verdict:
            "apache2: Syntax error on line 1 of macro 'n' (defined on line 4 of \"/srv/conf/a.conf\") used on line 1 of \"macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 7 of \"/srv/conf/a.conf\"\": recursive use of macro 'm' is invalid"
    ),
    .init(
        name: "Macro redefined",
        files: [
            "a.conf":
                "<Macro M $a $b>\nServerName $a\nServerSignature $b\n</Macro>\n<macro m $a $b>\nServerName $a\nServerSignature $b\n</macro>\nBogus\n"
        ],
        warnings: [
            "AH02802: macro 'm' multiply defined: defined on line 1 of \"/srv/conf/a.conf\", redefined on line 5 of \"/srv/conf/a.conf\""
        ],
        verdict:
            "AH00526: Syntax error on line 9 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro empty", files: ["a.conf": "<Macro m>\n</Macro>\nUse m\nBogus\n"],
        warnings: ["AH02799: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\"): empty contents!"],
        verdict:
            "AH00526: Syntax error on line 4 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro unused argument", files: ["a.conf": "<Macro m $x>\nServerName x\n</Macro>\n"],
        warnings: ["AH02800: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\"): argument '$x' (#1) never used"],
        verdict: "Syntax OK"),
    .init(
        name: "Macro argument without prefix", files: ["a.conf": "<Macro m x>\nServerName x\n</Macro>\n"],
        warnings: [
            "AH02796: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") argument name 'x' (#1) without expected prefix, better prefix argument names with one of '$%@'."
        ], verdict: "Syntax OK"),
    .init(
        name: "Macro argument prefixes", files: ["a.conf": "<Macro m $x $xy>\nServerName $x$xy\n</Macro>\n"],
        warnings: [
            "AH02797: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\"): argument name prefix conflict ($x #1 and $xy #2), be careful about your macro definition!"
        ], verdict: "Syntax OK"),
    .init(
        name: "Macro argument twice", files: ["a.conf": "<Macro m $x $x>\nServerName $x\n</Macro>\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: argument name conflict in macro 'm' (defined on line 1 of \"/srv/conf/a.conf\"): argument '$x': #1 and #2, change argument names!"
    ),
    .init(
        name: "Macro argument empty", files: ["a.conf": "<Macro m \"\">\nServerName $x\n</Macro>\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\"): empty argument #1 name"
    ),
    .init(
        name: "Macro name with prefix", files: ["a.conf": "<Macro $m>\nServerName x\n</Macro>\n"],
        warnings: [
            "AH02803: macro '$m' (defined on line 1 of \"/srv/conf/a.conf\") better prefix a macro name with any of '$%@'"
        ], verdict: "Syntax OK"),
    .init(
        name: "Macro bad nesting", files: ["a.conf": "<Macro m>\n<Directory />\n</Macro>\n"],
        warnings: ["AH02795: bad cumulated nesting (+1) in macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")"],
        verdict: "Syntax OK"),
    .init(
        name: "Macro negative nesting", files: ["a.conf": "<Macro m>\n</Directory>\n</Directory>\n</Macro>\nBogus\n"],
        warnings: [
            "AH02793: bad (negative) nesting on line 2 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")",
            "AH02793: bad (negative) nesting on line 3 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")",
            "AH02795: bad cumulated nesting (-2) in macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")",
        ],
        verdict:
            "AH00526: Syntax error on line 5 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro opens section",
        files: ["a.conf": "<Macro m>\n<Directory />\n</Macro>\nUse m\n</Directory>\nBogus\n"],
        warnings: ["AH02795: bad cumulated nesting (+1) in macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")"],
        verdict:
            "AH00526: Syntax error on line 6 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro empty value", files: ["a.conf": "<Macro m $x>\nServerSignature On$x\n</Macro>\nUse m \"\"\n"],
        warnings: [
            "AH02798: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\": empty argument #1"
        ], verdict: "Syntax OK"),
    .init(
        name: "Macro error inside",
        files: ["a.conf": "<Macro m $x>\n# comment\nServerName x\nBogus$x\n</Macro>\n\nUse m 1\n"],
        verdict:
            "AH00526: Syntax error on line 2 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 7 of \"/srv/conf/a.conf\":\nInvalid command 'Bogus1', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro read error inside",
        files: ["a.conf": "<Macro m $x>\nServerName x\n</Files>\n</Macro>\n\nUse m 1\n"],
        warnings: [
            "AH02793: bad (negative) nesting on line 3 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")",
            "AH02795: bad cumulated nesting (-1) in macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")",
            "AH02800: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\"): argument '$x' (#1) never used",
        ],
        verdict:
            "apache2: Syntax error on line 2 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 6 of \"/srv/conf/a.conf\": </Files> without matching <Files> section"
    ),
    .init(
        name: "Macro in macro error inside",
        files: ["a.conf": "<Macro m $x>\nServerName x\nBogus$x\n</Macro>\n<Macro n>\nUse m 2\n</Macro>\n\nUse n\n"],
        verdict:
            "AH00526: Syntax error on line 2 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 1 of \"macro 'n' (defined on line 5 of \"/srv/conf/a.conf\") used on line 9 of \"/srv/conf/a.conf\"\":\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro file not closed",
        files: ["a.conf": "<Macro m $x>\nServerName x\n<Directory $x>\n</Directory>\n</Macro>\n\nUse m 1\n<Files x>\n"],
        verdict: "apache2: Syntax error on line 8 of /srv/conf/a.conf: /srv/conf/a.conf:8: <Files> was not closed."),
    .init(
        name: "Macro section not closed",
        files: ["a.conf": "<Macro m>\n<Directory />\n<Files x>\n</Files>\n</Macro>\n\nUse m\n"],
        warnings: ["AH02795: bad cumulated nesting (+1) in macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")"],
        verdict:
            "apache2: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 7 of \"/srv/conf/a.conf\": macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 7 of \"/srv/conf/a.conf\":1: <Directory> was not closed."
    ),
    .init(
        name: "line after macro", files: ["a.conf": "<Macro m>\nServerName x\n</Macro>\nUse m\nBogus a\\\nb\n"],
        verdict:
            "AH00526: Syntax error on line 6 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "line after macro in macro",
        files: ["a.conf": "<Macro m>\nServerName x\n</Macro>\n<Macro n>\nUse m\nUse m\n</Macro>\nUse n\n\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 10 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro ends in continuation",
        files: ["a.conf": "<Macro m $x>\nServerName x$x\n</Macro>\nUse m \\\\\nBogus\nBogus2\n"],
        verdict:
            "AH00526: Syntax error on line 6 of /srv/conf/a.conf:\nInvalid command 'Bogus2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro at sign", files: ["a.conf": "<Macro m @x>\nBogus@x y\n</Macro>\nUse m \"a b\"\n"],
        verdict:
            "AH00526: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\":\nInvalid command 'Bogus\"a', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro at sign escapes", files: ["a.conf": "<Macro m @x>\n@x${X}\n</Macro>\nUse m \"a\\\"b\\\\\"\n"],
        warnings: ["AH00111: Config variable ${X} is not defined"],
        verdict:
            "AH00526: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\":\nInvalid command 'a\"b\\\\', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro longest argument", files: ["a.conf": "<Macro m $x $xy>\n$xyBogus$x\n</Macro>\nUse m 1 2\n"],
        warnings: [
            "AH02797: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\"): argument name prefix conflict ($x #1 and $xy #2), be careful about your macro definition!"
        ],
        verdict:
            "AH00526: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\":\nInvalid command '2Bogus1', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro value names argument", files: ["a.conf": "<Macro m $x $y>\nBogus$x$y\n</Macro>\nUse m $y 2\n"],
        verdict:
            "AH00526: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\":\nInvalid command 'Bogus$y2', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro variable later", files: ["a.conf": "<Macro m $x>\n${$x}\n</Macro>\nDefine A Bogus\nUse m A\n"],
        verdict:
            "AH00526: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 5 of \"/srv/conf/a.conf\":\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro variable in body", files: ["a.conf": "<Macro m>\n${A}\n</Macro>\nDefine A Bogus\nUse m\n"],
        verdict:
            "AH00526: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 5 of \"/srv/conf/a.conf\":\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro names ignore case", files: ["a.conf": "<Macro Mm>\nBogus\n</Macro>\nUse mM\n"],
        verdict:
            "AH00526: Syntax error on line 1 of macro 'mm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\":\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro end in other case", files: ["a.conf": "<macro m>\nBogus\n</MACRO>\nUse m\n"],
        verdict:
            "AH00526: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\":\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
]

private let part4: [ApacheVerdict] = [
    .init(
        name: "Macro long line", files: ["a.conf": "<Macro m>\nServerName \(repeated("x", 8300))\n</Macro>\nUse m\n"],
        verdict:
            "apache2: Syntax error on line 1 of /srv/conf/a.conf: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")\\n\\tcontents error: expected token not found: </Macro>"
    ),
    .init(
        name: "Macro line grows",
        files: ["a.conf": "<Macro m $x>\nServerName $x\n</Macro>\nUse m \(repeated("x", 8200))\n"],
        verdict:
            "apache2: Syntax error on line 4 of /srv/conf/a.conf: macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\" error while substituting: while processing line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") cannot substitute, buffer size too small"
    ),
    .init(
        name: "Macro with Include",
        files: ["a.conf": "<Macro m $x>\nInclude $x\n</Macro>\nUse m b.conf\n", "b.conf": "\n</Files>\n"],
        verdict:
            "apache2: Syntax error on line 1 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 4 of \"/srv/conf/a.conf\": Syntax error on line 2 of /srv/conf/b.conf: </Files> without matching <Files> section"
    ),
    .init(
        name: "Macro with Include bogus",
        files: ["a.conf": "<Macro m $x>\nInclude $x\n</Macro>\nUse m b.conf\n", "b.conf": "\nBogus\n"],
        verdict:
            "AH00526: Syntax error on line 2 of /srv/conf/b.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro with IfModule",
        files: ["a.conf": "<Macro m $x>\n<IfModule $x>\nBogus\n</IfModule>\n</Macro>\nUse m core.c\n"],
        verdict:
            "AH00526: Syntax error on line 2 of macro 'm' (defined on line 1 of \"/srv/conf/a.conf\") used on line 6 of \"/srv/conf/a.conf\":\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "Macro conditional ends outside",
        files: ["a.conf": "<Macro m>\n<IfModule core.c>\n</Macro>\nUse m\nBogus\n</IfModule>\n"],
        warnings: ["AH02795: bad cumulated nesting (+1) in macro 'm' (defined on line 1 of \"/srv/conf/a.conf\")"],
        verdict:
            "AH00526: Syntax error on line 5 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "long line", files: ["a.conf": "Bogus \(repeated("x", 40000))\n"],
        verdict:
            "AH00526: Syntax error on line 1 of /srv/conf/a.conf:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "command line", files: ["a.conf": "ServerName x\n"], after: ["Bogus"],
        verdict:
            "AH00526: Syntax error on line 1 of -c/-C directives:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
    .init(
        name: "command line error", files: ["a.conf": "ServerName x\n"], after: ["</Files>"],
        verdict: "apache2: Syntax error in -C/-c directive: </Files> without matching <Files> section"),
    .init(
        name: "command line section", files: ["a.conf": "ServerName x\n"], after: ["<Directory />", "Options None"],
        verdict: "apache2: Syntax error in -C/-c directive: -c/-C directives:1: <Directory> was not closed."),
    .init(
        name: "command line not continued", files: ["a.conf": "ServerName x\n"], after: ["Bogus a\\", "Bogus2"],
        verdict:
            "AH00526: Syntax error on line 1 of -c/-C directives:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration"
    ),
]

let apacheVerdicts: [ApacheVerdict] = part0 + part1 + part2 + part3 + part4
