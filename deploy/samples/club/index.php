<?php
// A small club: counts visits in PHP's own session, and greets the member that the X-Session-* headers name.

session_start();
$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;

$headers = getallheaders();
$session = $_SERVER['HTTP_X_SESSION_ID'] ?? 'none';
$user = $_SERVER['HTTP_X_SESSION_USER'] ?? '';
$sites = explode(' ', getenv('SITES')
    ?: 'http://shop.localhost:8080 http://shop-deutschland.localhost:8080 http://club.localhost:8080');

if ($log = getenv('APP_LOG')) {
    $line = ['app' => 'club', 'method' => $_SERVER['REQUEST_METHOD'],
        'path' => parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH),
        'headers' => array_map(null, array_keys($headers), array_values($headers))];
    file_put_contents($log, json_encode($line) . "\n", FILE_APPEND | LOCK_EX);
}
?>
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>Club</title>
  <style>
    body { font: 17px/1.5 Georgia, serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; background: #f6f4ee; color: #222; }
    footer { border-top: 1px solid #ccc; margin-top: 2rem; padding-top: .7rem; font-size: .9rem; }
    footer a { margin-left: .5rem; }
    code { font-size: .9rem; }
  </style>
</head>
<body>
  <h1>The club</h1>
  <?php if ($user !== ''): ?>
    <p>Welcome back, <strong id="user"><?= htmlspecialchars($user) ?></strong>.</p>
  <?php else: ?>
    <p>Welcome, whoever you are: you are <span id="user">anonymous</span> here.</p>
  <?php endif ?>
  <p>The club has counted <strong id="visits"><?= $_SESSION['visits'] ?></strong> visits of yours.</p>
  <p>X-Session-Id: <code id="session"><?= htmlspecialchars($session) ?></code></p>
  <footer>
    Friends of ours:
    <?php foreach ($sites as $site): ?>
      <a class="site" href="<?= htmlspecialchars($site) ?>/"><?= htmlspecialchars(explode('.', explode('//', $site)[1])[0]) ?></a>
    <?php endforeach ?>
  </footer>
</body>
</html>
