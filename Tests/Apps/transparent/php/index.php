<?php
// An ordinary small PHP site behind nginx: a front controller, as most have one.
declare(strict_types=1);

require __DIR__ . '/../log.php';

$path = explode('?', $_SERVER['REQUEST_URI'], 2)[0];
switch ($path) {
    case '/':
        header('Cache-Control: public, max-age=60');
        echo "<!doctype html>\n<html><head><title>Site</title></head><body><h1>Site</h1></body></html>\n";
        break;
    case '/dated':
        header('Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT');
        echo '<!doctype html><html><head><title>Old</title></head><body>old</body></html>';
        break;
    case '/form':
        header('Content-Type: application/json');
        echo json_encode(['post' => $_POST, 'get' => $_GET, 'cookie' => $_COOKIE, 'input' => file_get_contents('php://input')]);
        break;
    case '/upload':
        header('Content-Type: application/json');
        $about = static fn (array $file): array => [$file['name'], $file['type'], $file['size'], hash_file('sha256', $file['tmp_name'])];
        echo json_encode(['post' => $_POST, 'files' => array_map($about, $_FILES)]);
        break;
    case '/headers':
        header('x-lower: a');
        header('X-Twice: 1', false);
        header('X-Twice: 2', false);
        header('X-Replaced: 1');
        header('X-Replaced: 2');
        header('Content-Type: text/plain;charset=iso-8859-1');
        header("X-Latin: caf\xe9");
        setcookie('plain', 'a b', ['path' => '/']);
        setcookie('later', '1', ['expires' => 2147483647, 'httponly' => true, 'samesite' => 'Lax']);
        header_remove('X-Powered-By');
        echo "caf\xe9\n";
        break;
    case '/session':
        session_start();
        $_SESSION['count'] = ($_SESSION['count'] ?? 0) + 1;
        echo '<p>', $_SESSION['count'], '</p>';
        break;
    case '/exit':
        header('Content-Type: text/plain');
        echo "before\n";
        exit(1);
    case '/fatal':
        ini_set('display_errors', '0');
        echo 'half of a page';
        (static fn (int $x) => $x)('no number');
        // no break: never reached
    case '/flush':
        header('Content-Type: text/plain');
        header('X-Accel-Buffering: no');
        while (ob_get_level() > 0) {
            ob_end_flush();
        }
        foreach (['one', 'two', 'three'] as $word) {
            echo "$word\n";
            flush();
        }
        break;
    case '/steps':
        // A step at a time, each when a file appears beside the log.
        header('Content-Type: text/plain');
        header('X-Accel-Buffering: no');
        ob_end_clean();
        foreach (['one', 'two', 'three'] as $word) {
            echo "$word\n";
            flush();
            while (!file_exists(dirname($_SERVER['APP_LOG']) . "/after-$word")) {
                usleep(1000);
                clearstatcache();
            }
        }
        break;
    case '/gzip':
        ini_set('zlib.output_compression', '1');
        echo '<!doctype html><html><head><title>Zip</title></head><body>', str_repeat('<p>compressed by PHP</p>', 200), '</body></html>';
        break;
    case '/moved':
        header('Location: /?moved=1', true, (int) ($_GET['status'] ?? 302));
        break;
    case '/status':
        http_response_code((int) $_GET['code']);
        break;
    default:
        http_response_code(404);
        header('Content-Type: text/plain');
        echo 'nothing at ', $_SERVER['REQUEST_URI'], "\n";
}
