<?php
// Writes what PHP shows of a request to the file that the environment names, as a line of JSON.
declare(strict_types=1);

(static function (): void {
    $text = static fn ($value): string => latin_to_utf8((string) $value);
    $own = ['REQUEST_TIME', 'REQUEST_TIME_FLOAT', 'REMOTE_PORT'];
    $pairs = [];
    foreach ($_SERVER as $name => $value) {
        if (is_string($value) && !in_array($name, $own, true) && getenv($name, true) === false) {
            $pairs[] = [$name, $text($value)];
        }
    }
    $input = (string) file_get_contents('php://input');
    $line = "{$_SERVER['REQUEST_METHOD']} {$_SERVER['REQUEST_URI']} {$_SERVER['SERVER_PROTOCOL']}";
    $seen = ['line' => $text($line), 'headers' => $pairs, 'length' => strlen($input), 'sha256' => hash('sha256', $input)];
    file_put_contents($_SERVER['APP_LOG'], json_encode($seen) . "\n", FILE_APPEND);
})();

// Bytes beyond ASCII as the characters of Latin-1, which JSON can hold; the mbstring extension need not be there.
function latin_to_utf8(string $bytes): string
{
    return preg_replace_callback('/[\x80-\xff]/', static fn ($m) => chr(0xc0 | ord($m[0]) >> 6) . chr(0x80 | ord($m[0]) & 0x3f), $bytes);
}
