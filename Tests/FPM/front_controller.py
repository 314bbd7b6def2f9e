"""A small application with a front controller: autoloaded classes, a router, templates, sessions, JSON, uploads, streams, SQLite. And its
visitor, who knows what every answer must be."""
import hashlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import urllib.parse

from manager import wait
from oracle import server as oracle

# Whether PHP has its sqlite3.
WITH_NOTES = False
FRONT = r"""<?php
declare(strict_types=1);
header('X-Id: ' . ($_SERVER['HTTP_X_ID'] ?? 'none'));
spl_autoload_register(function (string $class): void {
    $path = dirname(__DIR__) . '/src/' . str_replace(['App\\', '\\'], ['', '/'], $class) . '.php';
    if (is_file($path)) require $path;
});
set_exception_handler(function (Throwable $error): void {
    http_response_code($error->getCode() ?: 500);
    header('Content-Type: text/plain;charset=utf-8');
    echo get_class($error), ': ', $error->getMessage();
});
$router = new App\Router();
$router->add('GET', '/items/(\d+)', [App\Items::class, 'show']);
$router->add('POST', '/items', [App\Items::class, 'make']);
$router->add('GET', '/page/([\w-]+)', [App\Pages::class, 'show']);
$router->add('GET', '/big/(\d+)', [App\Pages::class, 'big']);
$router->add('GET', '/visits', [App\Visits::class, 'count']);
$router->add('POST', '/upload', [App\Uploads::class, 'take']);
$router->add('GET', '/fail/(\w+)', [App\Pages::class, 'fail']);
$router->add('GET', '/go/(\w+)', [App\Pages::class, 'go']);
$router->add('GET', '/stream/(\d+)', [App\Pages::class, 'stream']);
$router->add('POST', '/notes', [App\Notes::class, 'make']);
$router->add('GET', '/notes/(\d+)', [App\Notes::class, 'show']);
$router->run($_SERVER['REQUEST_METHOD'], parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
"""
SOURCES = {
    "Router": r"""<?php
namespace App;
class NotFound extends \RuntimeException {}
class Router {
    private array $routes = [];
    public function add(string $method, string $pattern, array $target): void { $this->routes[] = [$method, "#^$pattern$#", $target]; }
    public function run(string $method, string $path): void {
        foreach ($this->routes as [$known, $pattern, [$class, $name]]) {
            if ($known === ($method === 'HEAD' ? 'GET' : $method) && preg_match($pattern, $path, $parts)) {
                (new $class())->$name(...array_slice($parts, 1));
                return;
            }
        }
        throw new NotFound("no route for $method $path", 404);
    }
}
""",
    "Items": r"""<?php
namespace App;
class Items {
    public function show(string $number): void {
        header('Content-Type: application/json');
        header('ETag: "' . md5($number) . '"');
        $items = array_map(fn ($n) => ['n' => $n, 'square' => $n * $n, 'name' => "Item ä $n"], range(1, (int) $number % 50 + 1));
        echo json_encode(['number' => (int) $number, 'items' => $items, 'query' => $_GET]);
    }
    public function make(): void {
        $body = json_decode(file_get_contents('php://input'), true, 8, JSON_THROW_ON_ERROR);
        http_response_code(201);
        header('Location: /items/' . $body['number']);
        header('Content-Type: application/json');
        echo json_encode(['made' => $body['number'], 'text' => strrev($body['text'])]);
    }
}
""",
    "Pages": r"""<?php
namespace App;
class Pages {
    public function show(string $name): void {
        ob_start();
        $title = ucwords(str_replace('-', ' ', $name));
        $rows = range(1, 40);
        include dirname(__DIR__) . '/templates/page.php';
        $text = ob_get_clean();
        header('Content-Length: ' . strlen($text));
        echo $text;
    }
    public function big(string $size): void {
        header('Content-Type: application/octet-stream');
        for ($left = (int) $size; $left > 0; $left -= 8191) echo str_repeat('b', min(8191, $left));
    }
    public function stream(string $count): void {
        header('Content-Type: text/plain;charset=utf-8');
        for ($n = 0; $n < (int) $count; $n++) { echo "part $n of {$_SERVER['HTTP_X_ID']}\n"; flush(); }
    }
    public function fail(string $kind): void {
        if ($kind === 'exception') throw new \DomainException('thrown on purpose', 422);
        if ($kind === 'error') (function (int $n) {})('x');
        if ($kind === 'memory') { ini_set('memory_limit', '8M'); str_repeat('x', 20000000); }
        echo 'before the end'; exit(3);
    }
    public function go(string $where): void { setcookie('from', $where); header("Location: /page/$where", true, 303); }
}
""",
    "Visits": r"""<?php
namespace App;
class Visits {
    public function count(): void {
        session_start();
        $_SESSION['count'] = ($_SESSION['count'] ?? 0) + 1;
        header('Content-Type: text/plain;charset=utf-8');
        echo $_SESSION['count'];
    }
}
""",
    "Notes": r"""<?php
namespace App;
class Notes {
    private \SQLite3 $database;
    public function __construct() {
        $this->database = new \SQLite3(dirname(__DIR__) . '/data/notes.sqlite');
        $this->database->enableExceptions(true);
        $this->database->busyTimeout(20000);
        $this->database->exec('PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)');
    }
    public function make(): void {
        $statement = $this->database->prepare('INSERT INTO notes (text) VALUES (:text)');
        $statement->bindValue(':text', $_POST['text']);
        $statement->execute();
        header('Content-Type: application/json');
        echo json_encode(['id' => $this->database->lastInsertRowID()]);
    }
    public function show(string $id): void {
        header('Content-Type: text/plain;charset=utf-8');
        $text = $this->database->querySingle('SELECT text FROM notes WHERE id = ' . (int) $id);
        if ($text === null) throw new NotFound("no note $id", 404);
        echo $text;
    }
}
""",
    "Uploads": r"""<?php
namespace App;
class Uploads {
    public function take(): void {
        $file = $_FILES['file'];
        header('Content-Type: text/plain;charset=utf-8');
        echo $_POST['note'], ' ', $file['name'], ' ', $file['size'], ' ', md5_file($file['tmp_name']);
    }
}
""",
}
TEMPLATE = "<!doctype html><title><?= htmlspecialchars($title) ?></title>\n<?php foreach ($rows as $row): ?><p>Row <?= $row ?></p>\n<?php endforeach ?>"
APACHE = """ServerRoot "{run}"
Listen 127.0.0.1:{port}
ServerName localhost
PidFile "{run}/pid"
DefaultRuntimeDir "{run}"
ErrorLog "{run}/error.log"
{user}{modules}
ServerLimit 1
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 8
MaxKeepAliveRequests 0
TypesConfig /etc/mime.types
DocumentRoot "{www}"
<Directory />
AllowOverride None
Require all denied
</Directory>
<Directory "{www}">
AllowOverride All
Require all granted
</Directory>
<FilesMatch "\\.php$">
SetHandler "proxy:unix:{php}|fcgi://localhost"
</FilesMatch>
"""
HTACCESS = "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ index.php [L]\n"


class Front:
    """Martinet before the process manager, in its directory."""

    def __init__(self, php, martinet):
        self.martinet = martinet
        self.port = oracle.free_port()
        run = php.path("front")
        os.mkdir(run)
        os.chmod(run, 0o777)
        text = APACHE.format(run=run, port=self.port, www=php.path("app/public"), php=php.socket(),
                             user=oracle.user_lines(), modules=oracle.load_module_lines())
        self.config = php.write("front/server.conf", text)
        self.run = run

    def __enter__(self):
        with open(self.run + "/output", "w") as output:
            self.process = subprocess.Popen([self.martinet, "-d", self.run, "-f", self.config, "-D", "FOREGROUND"],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        wait(lambda: oracle.accepts(self.port) or self.process.poll() is not None, "the server listens")
        assert self.process.poll() is None, open(self.run + "/output").read()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()



def write(php):
    """The application below the manager's directory."""
    php.write("app/public/index.php", FRONT)
    php.write("app/public/.htaccess", HTACCESS)
    php.write("app/public/style.css", "p { margin: 0 }\n")
    php.write("app/templates/page.php", TEMPLATE)
    for name, text in SOURCES.items():
        php.write(f"app/src/{name}.php", text)
    os.mkdir(php.path("app/data"))
    os.chmod(php.path("app/data"), 0o777)


class Visitor:
    """One client with a kept connection, a session of its own, and knowledge of what every answer must be."""

    def __init__(self, port, seed):
        self.port = port
        self.random = random.Random(seed)
        self.connection = None
        self.cookie = None
        self.visits = 0
        self.name = f"client {seed}"
        self.count = 0
        self.notes = {}

    def ask(self, method, target, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.count += 1
        self.id = f"{self.name}, request {self.count}"
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        self.connection.request(method, target, body, {**(headers or {}), **cookie, "X-Id": self.id})
        answer = self.connection.getresponse()
        data = answer.read()
        if target != "/style.css":
            self.require(answer.getheader("X-Id") == self.id, target, answer, data)
        if answer.will_close:
            self.connection.close()
            self.connection = None
        return answer, data

    def require(self, condition, target, answer, data):
        if not condition:
            raise AssertionError(f"{target}: {answer.status} {answer.getheaders()} {data[:300]!r}")

    def item(self, method="GET"):
        number = self.random.randrange(1000)
        target = f"/items/{number}?a={number}&b[]=x%20y"
        answer, data = self.ask(method, target)
        right = answer.status == 200 and answer.getheader("ETag") == f'"{hashlib.md5(str(number).encode()).hexdigest()}"'
        if method == "HEAD":
            return self.require(right and not data, target, answer, data)
        value = json.loads(data)
        expected = [{"n": n, "square": n * n, "name": f"Item ä {n}"} for n in range(1, number % 50 + 2)]
        self.require(right and value == {"number": number, "items": expected, "query": {"a": str(number), "b": ["x y"]}},
                     target, answer, data)

    def head(self):
        self.item("HEAD")

    def make(self):
        number, text = self.random.randrange(10000), "".join(self.random.choices("abcdef", k=self.random.randrange(1, 20000)))
        answer, data = self.ask("POST", "/items", json.dumps({"number": number, "text": text}), {"Content-Type": "application/json"})
        right = answer.status == 201 and answer.getheader("Location") == f"/items/{number}"
        self.require(right and json.loads(data) == {"made": number, "text": text[::-1]}, "/items", answer, data)

    def page(self):
        name = f"page-{self.random.randrange(100)}"
        answer, data = self.ask("GET", f"/page/{name}")
        expected = f"<!doctype html><title>P{name[1:].replace('-', ' ')}</title>\n" + "".join(f"<p>Row {n}</p>\n" for n in range(1, 41))
        self.require(answer.status == 200 and data.decode() == expected, name, answer, data)

    def big(self):
        size = self.random.choice((1, 8191, 65536, 300_000))
        answer, data = self.ask("GET", f"/big/{size}")
        self.require(answer.status == 200 and data == b"b" * size, f"/big/{size}", answer, data)

    def visit(self):
        answer, data = self.ask("GET", "/visits")
        self.visits += 1
        if answer.getheader("Set-Cookie"):
            self.cookie = answer.getheader("Set-Cookie").partition(";")[0]
        self.require(data == str(self.visits).encode(), "/visits", answer, data)

    def upload(self):
        content = self.random.randbytes(self.random.choice((0, 10, 50_000, 400_000)))
        body = (b'--xyz\r\nContent-Disposition: form-data; name="note"\r\n\r\na note\r\n'
                b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\nContent-Type: image/png\r\n\r\n'
                + content + b"\r\n--xyz--\r\n")
        answer, data = self.ask("POST", "/upload", body, {"Content-Type": "multipart/form-data; boundary=xyz"})
        self.require(data.decode() == f"a note f.bin {len(content)} {hashlib.md5(content).hexdigest()}", "/upload", answer, data)

    def fail(self):
        kind = self.random.choice(("exception", "error", "memory", "exit"))
        answer, data = self.ask("GET", f"/fail/{kind}")
        expected = {"exception": (422, rb"DomainException: thrown on purpose$"), "error": (500, rb"TypeError: "),
                    "memory": (500, rb""), "exit": (200, rb"before the end$")}[kind]
        self.require(answer.status == expected[0] and re.match(expected[1], data), f"/fail/{kind}", answer, data)

    def go(self):
        answer, data = self.ask("GET", "/go/home")
        self.require(answer.status == 303 and answer.getheader("Location") == "/page/home"
                     and answer.getheader("Set-Cookie") == "from=home" and not data, "/go/home", answer, data)

    def nothing(self):
        answer, data = self.ask("GET", "/no/such/page")
        self.require(answer.status == 404 and data == b"App\\NotFound: no route for GET /no/such/page", "/no", answer, data)

    def stream(self):
        count = self.random.randrange(1, 60)
        answer, data = self.ask("GET", f"/stream/{count}")
        expected = "".join(f"part {n} of {self.id}\n" for n in range(count))
        self.require(answer.status == 200 and data.decode() == expected, f"/stream/{count}", answer, data)

    def note(self):
        """Every other one is read again, now or much later."""
        if self.notes and self.random.random() < 0.5:
            id, text = self.random.choice(list(self.notes.items()))
            answer, data = self.ask("GET", f"/notes/{id}")
            return self.require(answer.status == 200 and data.decode() == text, f"/notes/{id}", answer, data)
        text = f"note 'ü\" {self.random.random()} of {self.name}"
        answer, data = self.ask("POST", "/notes", urllib.parse.urlencode({"text": text}),
                                {"Content-Type": "application/x-www-form-urlencoded"})
        self.require(answer.status == 200 and json.loads(data)["id"] not in self.notes, "/notes", answer, data)
        self.notes[json.loads(data)["id"]] = text

    def static(self):
        answer, data = self.ask("GET", "/style.css")
        self.require(answer.status == 200 and data == b"p { margin: 0 }\n", "/style.css", answer, data)

    def turn(self):
        kinds = [self.item] * 4 + [self.page] * 4 + [self.head, self.make, self.make, self.big, self.visit, self.visit, self.upload,
                                                      self.fail, self.go, self.nothing, self.static, self.stream]
        kinds += [self.note] * 2 if WITH_NOTES else []
        self.random.choice(kinds)()
