// PHP: sapi/fpm/tests/*.phpt, what of them lies inside PHP
import Bytes
import Kernel
import Testing

/// A script, how it is called, and lines its run must print.
struct ScriptCase: Sendable, CustomTestStringConvertible {
    var name: String
    var script: String
    var options: [String] = []
    var method = "GET"
    var variables: [String] = []
    var expected: [String]
    var unexpected: [String] = []
    var testDescription: String { name }
}

private let cases: [ScriptCase] = [
    ScriptCase(
        name: "a plain answer", script: "<?php echo 'hello ', PHP_SAPI;", options: ["-d", "expose_php=1"],
        expected: [
            "X-Powered-By: PHP/8.2.", "\r\nContent-type: text/html; charset=UTF-8\r\n\r\nhello fpm-fcgi",
            "| starts\n| ended 200\n",
        ],
        unexpected: ["Status:", "NOTICE"]),
    ScriptCase(
        name: "POST", script: "<?php echo $_POST['a'], '+', file_get_contents('php://input');", method: "POST",
        variables: ["CONTENT_TYPE=application/x-www-form-urlencoded", "CONTENT_LENGTH=7", "--body", "a=1&b=2"],
        expected: ["1+a=1&b=2"]),
    ScriptCase(
        name: "multipart",
        script: "<?php echo $_FILES['f']['size'], $_POST['a'], is_file($_FILES['f']['tmp_name']) ? 'there' : 'no';",
        method: "POST",
        variables: [
            "CONTENT_TYPE=multipart/form-data; boundary=XX", "CONTENT_LENGTH=142", "--body",
            "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--XX\r\n"
                + "Content-Disposition: form-data; name=\"f\"; filename=\"t\"\r\n\r\n12345\r\n--XX--\r\n",
        ], expected: ["5vthere"]),
    ScriptCase(
        name: "cookies, query, server", variables: ["HTTP_COOKIE=k=v; l=w", "QUERY_STRING=q=%20x", "PATH_INFO=/rest"],
        expected: ["w| x|/t.php/rest|/rest|set"],
        script:
            "<?php echo $_COOKIE['l'], '|', trim($_GET['q'], ''), '|', $_SERVER['PHP_SELF'], '|', $_SERVER['PATH_INFO'], '|', "
            + "isset($_SERVER['REQUEST_TIME_FLOAT']) ? 'set' : 'no';"),
    ScriptCase(
        name: "getallheaders goes from the last to the first",
        script: "<?php echo implode(',', array_keys(getallheaders()));",
        variables: ["CONTENT_TYPE=a/b", "CONTENT_LENGTH=0", "HTTP_X_FOO=1", "HTTP_FOO=2"],
        expected: ["Foo,X-Foo,Content-Length,Content-Type"]),
    ScriptCase(
        name: "getenv shows the request's variables", variables: ["A_VARIABLE=here", "HTTP_PROXY=evil"],
        expected: ["here|here||none"],
        script: "<?php echo getenv('A_VARIABLE'), '|', getenv()['A_VARIABLE'], '|', getenv('HTTP_PROXY'), '|', "
            + "$_SERVER['HTTP_PROXY'] ?? 'none';"),
    ScriptCase(
        name: "Basic credentials", script: "<?php echo $_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW'];",
        variables: ["HTTP_AUTHORIZATION=Basic dXNlcjpzZWNyZXQ="], expected: ["usersecret", "| user user"]),
    ScriptCase(
        name: "status lines", script: "<?php header('HTTP/1.1 418 Tea pot'); echo 'x';",
        expected: ["Status: 418 Tea pot\r\n", "| head 418"]),
    ScriptCase(
        name: "a long status line is cut", script: "<?php header('HTTP/1.1 201 ' . str_repeat('A', 4000)); echo 'x';",
        expected: ["Status: 201 " + String(repeating: "A", count: 1011) + "\r\n"]),
    ScriptCase(
        name: "304 has no type", script: "<?php header('Content-Type: text/x'); http_response_code(304);",
        expected: ["Status: 304 Not Modified\r\n"], unexpected: ["text/x"]),
    ScriptCase(
        name: "a Status header", script: "<?php header('Status: 503 Away'); header('X: y'); http_response_code(503);",
        expected: ["Status: 503 Away\r\nX: y"]),
    ScriptCase(
        name: "exit and shutdown functions", expected: ["onetwo"], unexpected: ["three"],
        script: "<?php register_shutdown_function(function () { echo 'two'; }); echo 'one'; exit(3); echo 'three';"),
    ScriptCase(
        name: "fatal error", script: "<?php nothing_of_this_name();",
        options: ["-d", "fastcgi.error_header=\"HTTP/1.1 551 Broken\""],
        expected: [
            "Status: 551 Broken", "| NOTICE: PHP message: PHP Fatal error:  Uncaught Error", "| ended 551", "| finish",
        ]),
    ScriptCase(
        name: "out of memory", script: "<?php $a = []; while (true) $a[] = str_repeat('x', 100000);",
        options: ["--admin", "memory_limit=8M"],
        expected: ["Allowed memory size of 8388608 bytes exhausted", "Status: 500 Internal Server Error", "| finish"]),
    ScriptCase(
        name: "time limit", script: "<?php while (true);", options: ["--value", "max_execution_time=1"],
        expected: ["Maximum execution time of 1 second exceeded", "| finish"]),
    ScriptCase(
        name: "error_log", script: "<?php error_log('one'); error_log(\"two\\nlines\");",
        expected: ["| starts\n| NOTICE: PHP message: one\n| NOTICE: PHP message: two\nlines\n"]),
    ScriptCase(
        name: "fastcgi_finish_request",
        expected: ["before", "| head 200\n| finishEarly after an answer\n| NOTICE: PHP message: true false after"],
        script: "<?php ob_start(); echo 'before'; $a = fastcgi_finish_request(); $b = fastcgi_finish_request(); "
            + "error_log(var_export($a, true) . ' ' . var_export($b, true) . ' after');"),
    ScriptCase(
        name: "fpm_get_status",
        script:
            "<?php $s = fpm_get_status(); echo json_encode([$s['pool'], $s['process-manager'], $s['start-since'] >= 5, "
            + "count($s['procs']), $s['procs'][0]['state'], $s['procs'][0]['request-method'], is_float($s['procs'][0]['last-request-cpu']), "
            + "$s['procs'][0]['pid'] == getmypid()]);",
        expected: ["[\"www\",\"static\",true,1,\"Running\",\"-\",true,true]"]),
    ScriptCase(
        name: "php_value may be changed, php_admin_value not",
        script: "<?php ini_set('memory_limit', '99M'); ini_set('date.timezone', 'Asia/Tokyo'); "
            + "echo ini_get('memory_limit'), date_default_timezone_get();",
        options: ["--admin", "memory_limit=32M", "--value", "date.timezone=Europe/Paris", "--value", "no.such=1"],
        expected: ["32MAsia/Tokyo", "refused php_value no.such"]),
    ScriptCase(
        name: "disable_functions and disable_classes",
        script:
            "<?php echo function_exists('shell_exec') ? 'y' : 'n', function_exists('strlen') ? 'y' : 'n'; new ArrayObject();",
        options: ["--admin", "disable_functions=shell_exec, exec", "--admin", "disable_classes=ArrayObject,SplHeap"],
        expected: ["ny", "ArrayObject() has been disabled for security reasons"]),
    ScriptCase(
        name: "PHP_VALUE and PHP_ADMIN_VALUE",
        script: "<?php ini_set('precision', '3'); echo ini_get('precision'), ini_get('user_agent');",
        variables: ["PHP_VALUE=user_agent=me", "PHP_ADMIN_VALUE=precision=9\nno_such=1"],
        expected: ["9me", "| ERROR: Passing INI directive through FastCGI: unable to set 'no_such'"]),
    ScriptCase(
        name: "opcache is on", script: "<?php echo opcache_get_status(false)['opcache_enabled'] ? 'on' : 'off';",
        expected: ["on"]),
    ScriptCase(
        name: "the ini files of fpm",
        script: "<?php echo php_ini_loaded_file(), basename(dirname(dirname(PHP_CONFIG_FILE_PATH)));",
        expected: ["/etc/php/8.2/fpm/php.ini"]),
    ScriptCase(
        name: "no ini files",
        script: "<?php var_dump(php_ini_loaded_file(), php_ini_scanned_files(), getenv('PHP_INI_SCAN_DIR'));",
        options: ["-n"], expected: ["bool(false)\nbool(false)\nbool(false)"]),
    ScriptCase(
        name: "-d", script: "<?php echo ini_get('precision'), ini_get('user_agent');",
        options: ["-d", "precision=5", "-d", "user_agent=\"some one\""], expected: ["5some one"]),
    ScriptCase(
        name: "ping", script: "", variables: ["--ping"],
        expected: [
            "Content-type: text/plain;charset=UTF-8\r\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\npong\n| ended 200"
        ],
        unexpected: ["starts"]),
    ScriptCase(
        name: "ping with HEAD", script: "", method: "HEAD", variables: ["--ping"], expected: ["| head 200"],
        unexpected: ["pong"]),
    ScriptCase(
        name: "a refusal", script: "", variables: ["--refuse"],
        expected: ["Status: 404 Not Found", "\r\n\r\nFile not found.\n", "| DEBUG: Primary script unknown"]),
    ScriptCase(name: "nothing", script: "", variables: ["--nothing"], expected: ["| ended 200", "| finish"]),
    ScriptCase(
        name: "a client that leaves", script: "<?php for (;;) echo str_repeat('x', 1000);",
        variables: ["--leave", "5000"], expected: ["| ended 200", "| finish"]),
    ScriptCase(
        name: "a client that leaves is ignored", variables: ["--leave", "1"],
        expected: ["| NOTICE: PHP message: 1 aborted"],
        script:
            "<?php ignore_user_abort(true); echo 'x'; ob_end_flush(); flush(); echo 'y'; error_log(connection_aborted() . ' aborted');"
    ),
    ScriptCase(
        name: "headers for the access log", script: "<?php header('X-One: 1');",
        options: ["--format", "%{X-One}o"], expected: ["| ended with X-One: 1"]),
    ScriptCase(
        name: "pcntl is not there, as in php-fpm",
        script: "<?php var_dump(extension_loaded('pcntl'), function_exists('pcntl_fork'));",
        expected: ["bool(false)\nbool(false)\n"]),
    ScriptCase(
        name: "a body in a file", script: "<?php echo strlen(file_get_contents('php://input'));", method: "POST",
        variables: ["CONTENT_TYPE=a/b", "CONTENT_LENGTH=8", "REQUEST_BODY_FILE=/etc/passwd"], expected: ["\r\n\r\n8\n"]),
    ScriptCase(
        name: "doc_root", script: "<?php echo 'from doc_root';", options: ["--admin", "doc_root=/nonexistent"],
        expected: ["No input file specified.\n", "/t.php (No such file or directory)"]),
    ScriptCase(
        name: "no headers for the access log", script: "<?php header('X-One: 1');", options: ["--format", "%R"],
        expected: ["X-One: 1"], unexpected: ["ended with"]),
]

extension ScriptCase {
    init(
        name: String, variables: [String] = [], expected: [String], unexpected: [String] = [], script: String
    ) {
        self.init(
            name: name, script: script, options: [], method: "GET", variables: variables, expected: expected,
            unexpected: unexpected)
    }
}

@Suite(.serialized, .enabled(if: Driver.isThere, "\(Driver.missing ?? "")"))
struct PHPEngineTests {
    @Test(arguments: cases) func script(_ one: ScriptCase) throws {
        let scripts = try Scripts("case")
        defer { scripts.remove() }
        try scripts.add("t.php", one.script)
        let output = try Driver.run(one.options + scripts.request("t.php", method: one.method, one.variables))
        for text in one.expected { #expect(output.contains(text), "\(output)") }
        for text in one.unexpected { #expect(!output.contains(text), "\(output)") }
    }

    @Test func scriptsThatAreMissing() throws {
        let scripts = try Scripts("missing")
        defer { scripts.remove() }
        let output = try Driver.run(scripts.request("none.php"))
        #expect(output.contains("Status: 404 Not Found"))
        #expect(output.contains("\r\n\r\nNo input file specified.\n"))
        #expect(
            output.contains(
                "| ERROR: Unable to open primary script: \(scripts.folder)/none.php (No such file or directory)"))
    }

    @Test func userIniFiles() throws {
        let scripts = try Scripts("userini")
        defer { scripts.remove() }
        try scripts.add(".user.ini", "memory_limit=64M\nuser_agent=file\n")
        try scripts.add("t.php", "<?php echo ini_get('memory_limit'), ini_get('user_agent');")
        let output = try Driver.run(["--admin", "memory_limit=32M"] + scripts.request("t.php"))
        #expect(output.contains("32Mfile"))
    }

    @Test func oneRequestLeavesNothingToTheNext() throws {
        let scripts = try Scripts("state")
        defer { scripts.remove() }
        try scripts.add(
            "a.php", "<?php class A {} $GLOBALS['x'] = 1; ini_set('precision', '3'); header('X-A: 1'); die('a');")
        try scripts.add(
            "b.php",
            "<?php var_dump(class_exists('A'), isset($x), ini_get('precision'), getenv('OF_A'), http_response_code());")
        let output = try Driver.run(
            scripts.request("a.php", ["OF_A=1"]) + scripts.request("b.php") + scripts.request("a.php"))
        #expect(output.contains("bool(false)\nbool(false)\nstring(2) \"14\"\nbool(false)\nint(200)\n"), "\(output)")
        #expect(output.components("X-A: 1") == 2)
    }

    @Test func memoryStaysFlat() throws {
        let scripts = try Scripts("growth")
        defer { scripts.remove() }
        try scripts.add(
            "t.php", "<?php $a = range(1, 1000); echo count($_SERVER), getenv('HTTP_COOKIE'); error_log('x');")
        let output = try Driver.run(
            scripts.request("t.php", ["HTTP_COOKIE=a=b", "PHP_VALUE=user_agent=x", "--times", "1000"]))
        let before = try #require(output.number(after: "memory before "))
        let after = try #require(output.number(after: "memory after "))
        #expect(after - before < 200, "kB: \(before) to \(after)")
    }

    @Test func iniFilesOfTheEnvironment() throws {
        let scripts = try Scripts("phprc")
        defer { scripts.remove() }
        let file = try scripts.add("php.ini", "precision=7\n")
        try scripts.add("t.php", "<?php echo ini_get('precision'), '|', php_ini_loaded_file();")
        for place in [file, scripts.folder] {
            let output = try Driver.run(scripts.request("t.php"), environment: ["PHPRC=\(place)"])
            #expect(output.contains("7|\(file)"), "\(output)")
            #expect(try Driver.run(["-c", place.string] + scripts.request("t.php")).contains("7|\(file)"))
        }
        let scanned = try Driver.run(
            scripts.request("t.php"), environment: ["PHP_INI_SCAN_DIR=:\(scripts.folder)"])
        #expect(scanned.contains("7|/etc/php/8.2/fpm/php.ini"))
    }

    @Test(arguments: [
        (
            ["--php", "5.3"],
            "cannot start: PHP 5.3 cannot be loaded: there is no /usr/lib/libphp5.3.so; the Debian package libphp5.3-embed brings it"
        ),
        (["-n", "-v"], "(fpm-fcgi) (built: "),
        (["-v"], "\nCopyright (c) The PHP Group\nZend Engine v4.2"),
        (["-m"], "[PHP Modules]\ncalendar\ncgi-fcgi\nCore\n"),
        (["-i"], "phpinfo()\nPHP Version => 8.2"),
    ])
    func printing(_ arguments: [String], _ expected: String) throws {
        #expect(try Driver.run(arguments).contains(expected))
    }

    /// A script that computes is told by PHP itself, one that waits by the thread; neither is disturbed.
    @Test(arguments: [
        ("waits", "sleep(1)", "sleep() "),
        ("computes", "$e = microtime(true) + 0.7; while (microtime(true) < $e) strrev('a')", ""),
    ])
    func slowLog(_ name: String, _ slow: String, _ innermost: String) throws {
        let scripts = try Scripts("slow-\(name)")
        defer { scripts.remove() }
        try scripts.add(
            "t.php",
            "<?php\nfunction slow() {\n  \(slow);\n}\nexec('sleep 0.2; kill -URG ' . getmypid() . ' &> /dev/null &');\n"
                + "$start = microtime(true);\nproc_close(proc_open('(sleep 0.3; kill -URG ' . getmypid() . ') &', [], $p));\n"
                + "slow();\nprintf('%.1f seconds', microtime(true) - $start);")
        let log: ByteString = "\(scripts.folder)/slow.log"
        let output = try Driver.run(
            ["--slow", log.string]
                + scripts.request("t.php", ["REQUEST_URI=/t.php?a=b", "HTTP_HOST=example.org", "UNIQUE_ID=abc"]))
        let text = ByteString(try File.readWhole(log, limit: 1 << 16)).string
        #expect(output.contains(name == "waits" ? "1.0 seconds" : "0.7 seconds"), "\(output)")
        #expect(text.contains("]  [pool www] pid "), "\(text)")
        #expect(text.contains("\nscript_filename = \(scripts.folder)/t.php\n[0x"), "\(text)")
        #expect(text.contains("] \(innermost)\(scripts.folder)/t.php:3\n") || innermost.isEmpty, "\(text)")
        #expect(text.contains("] slow() \(scripts.folder)/t.php:8\n"), "\(text)")
        #expect(
            text.contains("\nrequest_method = GET\nhost = example.org\nrequest_uri = /t.php?a=b\nrequest_id = abc\n"),
            "\(text)")
    }
}

extension String {
    fileprivate func components(_ separator: String) -> Int {
        ByteString(self).count(of: ByteString(separator))
    }
    fileprivate func number(after label: String) -> Int? {
        let text = ByteString(self)
        guard let range = text.firstRange(of: ByteString(label)) else { return nil }
        return text.from(range.upperBound).split(on: 10).first?.decimal
    }
}

extension ByteString {
    fileprivate func count(of needle: ByteString) -> Int {
        var (found, start) = (0, 0)
        while let range = firstRange(of: needle, from: start) {
            found += 1
            start = range.upperBound
        }
        return found
    }
}
