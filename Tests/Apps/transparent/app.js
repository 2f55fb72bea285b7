// A small web service as people write them with Node's http module: `node app.js PORT LOG`. What each request looked like
// here is a line of JSON in LOG, written before it is answered.
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const http = require("http");
const { Readable } = require("stream");
const zlib = require("zlib");

const [port, log] = process.argv.slice(2);
const PAGE = "<!doctype html><html lang=en><head><title>Notes</title></head><body><h1>Notes</h1></body></html>\n";
const LINES = "one line of a longer text\n".repeat(400);

// So many bytes of one pattern, made as fast as they are taken.
const BLOCK = Buffer.alloc(3855 * 17, "0123456789abcdef-");
function* parts(left) {
  for (; left > 0; left -= BLOCK.length) yield left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
}

const pairs = (raw) => raw.flatMap((name, i) => (i % 2 ? [] : [[name, raw[i + 1]]]));
const note = (seen) => fs.appendFileSync(log, JSON.stringify(seen) + "\n");

function write(response, status, type, body, fields = {}) {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body), ...fields });
  response.end(body);
}

const notes = new Map([["1", "first"]]);
const streams = new Map();

function page(request, response) {
  const tag = '"notes-1"';
  if (request.headers["if-none-match"] === tag) return response.writeHead(304, { ETag: tag }).end();
  write(response, 200, "text/html; charset=utf-8", PAGE, { ETag: tag, "Cache-Control": "max-age=60" });
}

function onNote(request, response, id, body) {
  if (request.method === "PUT") notes.set(id, body.toString());
  if (request.method === "DELETE") return response.writeHead(204).end();
  if (request.method === "PATCH") return write(response, 200, "application/json", JSON.stringify({ id, patched: body.length }));
  if (request.method === "POST") return write(response, 201, "application/json", "{}", { Location: "/notes/2" });
  if (request.method === "GET" || request.method === "PUT") return write(response, 200, "application/json", JSON.stringify([...notes]));
  write(response, 405, "text/plain", "no\n", { Allow: "GET, PUT, PATCH, POST, DELETE" });
}

const CODINGS = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync };

function compressed(response, coding, type, text) {
  response.writeHead(200, { "Content-Type": type, "Content-Encoding": coding, Vary: "Accept-Encoding" });
  response.end(CODINGS[coding](text));
}

// A page whose policy lets only scripts with its nonce run, and whose digests are those of its bytes.
function strict(response) {
  const sum = (name) => crypto.createHash(name).update(PAGE).digest("base64");
  response.writeHead(200, {
    "Content-Type": "text/html",
    "Content-Security-Policy": "default-src 'none'; script-src 'nonce-abc123'; style-src 'self'",
    "Content-Security-Policy-Report-Only": "default-src 'self'",
    "Content-Digest": `sha-256=:${sum("sha256")}:`,
    "Content-MD5": sum("md5"),
    Trailer: "Content-Digest",
  });
  response.write(PAGE);
  response.addTrailers({ "Content-Digest": `sha-256=:${sum("sha256")}:` });
  response.end();
}

// Names in odd spellings, one of them several times, empty and beyond ASCII: in an array they are written as they stand.
const ODD = [
  "content-type", "text/plain", "X-One", "1", "x-TWO", "a, b", "X-One", "2", "X-Empty", "", "X-Latin", "caf\xe9 \xfc",
  "Server", "notes/1.0", "x_under", "score", "Link", "</a.css>; rel=preload", "Link", "</b.css>; rel=preload", "Content-Length", "3",
];

function answer(request, response, body) {
  const path = request.url.split("?")[0];
  const [, first, second] = path.split("/");
  switch (first) {
    case "": return page(request, response);
    case "chunks":
      response.writeHead(200, { "Content-Type": "text/html" });
      for (const part of ["<!doctype html><he", "ad><title>a</title>", "</head><p>b"]) response.write(part);
      return response.end();
    case "page-in": return compressed(response, second, "text/html", PAGE + LINES);
    case "text-in": return compressed(response, second, "text/plain", LINES);
    case "strict": return strict(response);
    case "embedded": return write(response, 200, "text/html", PAGE, { "X-Session-Inject": "off" });
    case "notes": return onNote(request, response, second, body);
    case "odd": return response.writeHead(200, ODD).end("odd");
    case "cookies":
      return write(response, 200, "text/plain", "set\n", {
        "Set-Cookie": ["a=1; Path=/; HttpOnly", "b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT", "c=\"3 3\"; SameSite=Lax; Secure"],
      });
    case "redirect": return response.writeHead(Number(second), { Location: "/notes/1?from=redirect#top" }).end();
    case "status": return response.writeHead(Number(second), { "Content-Type": "text/plain", "Retry-After": "120" }).end(`${second}\n`);
    case "reason": return response.writeHead(299, "Quite All Right", { "Content-Length": 0 }).end();
    case "down": {
      response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": second });
      return Readable.from(parts(Number(second))).pipe(response);
    }
    case "up": return write(response, 200, "text/plain", crypto.createHash("sha256").update(body).digest("hex"));
    case "trailers":
      response.writeHead(200, { "Content-Type": "text/plain", Trailer: "X-Sum, Server-Timing" });
      response.write("part ");
      response.addTrailers({ "X-Sum": "abc", "Server-Timing": "total;dur=3" });
      return response.end("end");
    case "early":
      return response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style", "x-trace": "7" }, () => {
        response.writeProcessing();
        write(response, 200, "text/html", PAGE);
      });
    // Hints now, and the answer when somebody tells.
    case "hint":
      response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
      return streams.set(second, { response, count: 0 });
    case "break":
      if (second === "length") response.writeHead(200, { "Content-Length": 1000 });
      return response.write("some of it", () => response.socket.destroy());
    case "leave": response.shouldKeepAlive = false; return write(response, 200, "text/plain", "bye\n");
    // A stream that is written to from outside: POST /tell/NAME. An empty one ends it, with a trailer.
    case "stream":
      response.writeHead(200, { "Content-Type": "application/x-ndjson", Trailer: "X-Count" });
      response.flushHeaders();
      streams.set(second, { response, count: 0 });
      return response.on("close", () => streams.delete(second));
    case "tell": {
      const stream = streams.get(second);
      if (!stream) return write(response, 404, "text/plain", "nobody listens\n");
      if (stream.go) stream.go();
      else if (body.length) stream.response.write(body), stream.count++;
      else stream.response.addTrailers({ "X-Count": String(stream.count) }), stream.response.end();
      return write(response, 200, "text/plain", "told\n");
    }
    case "streams": return write(response, 200, "application/json", JSON.stringify([...streams.keys()]));
    default: return write(response, 404, "text/plain; charset=latin1", `not found: ${request.url}\n`);
  }
}

function receive(request, response) {
  if (request.url === "/refuse") {
    note({ line: `${request.method} ${request.url} HTTP/${request.httpVersion}`, headers: pairs(request.rawHeaders) });
    response.writeHead(413, { "Content-Type": "text/plain", Connection: "close" });
    return response.end("too large for me\n");
  }
  // Sends back what it gets while it gets it.
  if (request.url === "/mirror") return request.pipe(response);
  // Takes nothing of a request before somebody tells it to.
  if (request.url.startsWith("/later/")) {
    streams.set(request.url.slice(7), { go: () => receive(Object.assign(request, { url: "/up" }), response) });
    return;
  }
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    note({
      line: `${request.method} ${request.url} HTTP/${request.httpVersion}`, headers: pairs(request.rawHeaders),
      trailers: pairs(request.rawTrailers), length: body.length, sha256: crypto.createHash("sha256").update(body).digest("hex"),
    });
    answer(request, response, body);
  });
}

const server = http.createServer(receive);
server.on("checkContinue", (request, response) => {
  if (request.url === "/refuse") return receive(request, response);
  response.writeContinue();
  receive(request, response);
});
server.on("checkExpectation", (request, response) => response.writeHead(417, { "Content-Length": 0 }).end());
server.on("upgrade", (request, socket, head) => {
  note({ line: `${request.method} ${request.url} HTTP/${request.httpVersion}`, headers: pairs(request.rawHeaders) });
  if (request.headers.upgrade !== "echo") {
    return socket.end("HTTP/1.1 426 Upgrade Required\r\nUpgrade: echo\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwhat");
  }
  socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\nX-Greeting: hello\r\n\r\n");
  socket.write(head);
  socket.on("data", (part) => socket.write(part));
  // Whoever stops sending still gets what was under way.
  socket.on("end", () => socket.end("bye"));
  socket.on("error", () => socket.destroy());
});
server.listen(Number(port), "127.0.0.1");
