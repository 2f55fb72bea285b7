// An open-loop load generator for HTTP/1.1: requests are due at fixed times, whether or not earlier ones were answered, and
// a latency counts from the time at which its request was due (so that a proxy that stalls is not spared the requests
// that would have come meanwhile: "coordinated omission").
//
//   openloop PORT RATE CONNECTIONS SECONDS [BYTES] < requests    prints one JSON line; latencies in microseconds
//
// Of several requests, all without a body, one is sent after the other, and then the first again.
// With BYTES, the request asks for an upgrade of the connection, once; then messages of so many bytes (up to 125) are due,
// as masked WebSocket frames, and each is answered when as many bytes have come back.
// Single-threaded; the first tenth of the time warms up and is not counted.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 18, HEAD = 1 << 14 };
enum phase { IDLE, READ_HEAD, READ_BODY, READ_ECHO, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, LAST_LINE };

struct connection {
    int fd;
    enum phase phase;
    int64_t due;        // when its request should have been sent
    int64_t left;       // bytes of the body or the chunk, or read so far of a line
    size_t held;        // bytes in head
    char head[HEAD];
};

static char *requests, buffer[BUFFER];
static const char *request;  // the next one to be sent
static size_t requests_length, message;

static void fail(const char *what) { fprintf(stderr, "openloop: %s: %s\n", what, strerror(errno)); exit(1); }

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void open_connection(struct connection *c, int port, int poll) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
}

static void read_requests(void) {
    size_t room = 0;
    do {
        if (requests_length == room && !(requests = realloc(requests, room = room ? room * 2 : HEAD))) fail("realloc");
        requests_length += fread(requests + requests_length, 1, room - requests_length, stdin);
    } while (!feof(stdin));
    request = requests;
}

// Sends the next request or message, and returns its length.
static size_t send_next(int fd) {
    size_t left = requests + requests_length - request, length = left;
    const char *end = message ? NULL : memmem(request, left, "\r\n\r\n", 4);
    if (end) length = end + 4 - request;
    // It is far smaller than an empty socket buffer.
    if (write(fd, request, length) != (ssize_t)length) fail("write");
    request = length < left ? request + length : requests;
    return length;
}

// Asks for the upgrade, and waits for it.
static void upgrade(struct connection *c) {
    ssize_t got = 1;
    send_next(c->fd);
    for (c->held = 0; got > 0 && !memmem(c->head, c->held, "\r\n\r\n", 4) && c->held + 1 < HEAD; c->held += got)
        got = read(c->fd, c->head + c->held, HEAD - 1 - c->held);
    if (strncmp(c->head, "HTTP/1.1 101", 12)) { errno = EPROTO; fail("the connection was not upgraded"); }
}

static void send_request(struct connection *c, int64_t due) {
    size_t length = send_next(c->fd);
    c->due = due;
    c->phase = message ? READ_ECHO : READ_HEAD;
    c->left = message ? (int64_t)length : 0;
    c->held = 0;
}

// Reads how the body is framed out of a complete head. Returns 0 if the answer is not 200.
static int begin_body(struct connection *c) {
    if (strncmp(c->head, "HTTP/1.1 200", 12)) return 0;
    c->phase = READ_BODY;
    c->left = 0;
    for (char *line = strstr(c->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (!strncasecmp(line + 2, "content-length:", 15)) c->left = atoll(line + 17);
        if (!strncasecmp(line + 2, "transfer-encoding: chunked", 26)) { c->phase = CHUNK_SIZE; c->left = 0; }
    }
    if (c->phase == READ_BODY && c->left == 0) c->phase = IDLE;
    return 1;
}

// Takes bytes of an answer. Returns 0 if they are not one.
static int take(struct connection *c, const char *at, const char *end) {
    while (at < end) {
        int64_t some = end - at;
        switch (c->phase) {
        case IDLE: return 0;  // nothing was asked for
        case READ_HEAD: {
            if (c->held + 1 == HEAD) return 0;
            c->head[c->held++] = *at++;
            if (c->held < 4 || memcmp(c->head + c->held - 4, "\r\n\r\n", 4)) break;
            c->head[c->held] = 0;
            if (!begin_body(c)) return 0;
            break;
        }
        case READ_BODY:
        case READ_ECHO:
        case CHUNK_DATA:
            if (some > c->left) some = c->left;
            at += some;
            if ((c->left -= some) == 0) c->phase = c->phase == CHUNK_DATA ? CHUNK_END : IDLE;
            break;
        case CHUNK_SIZE: {
            char byte = *at++;
            if (byte == '\n') c->phase = c->left ? CHUNK_DATA : LAST_LINE;
            else if (byte >= '0' && byte <= '9') c->left = c->left * 16 + byte - '0';
            else if ((byte | 32) >= 'a' && (byte | 32) <= 'f') c->left = c->left * 16 + (byte | 32) - 'a' + 10;
            break;
        }
        case CHUNK_END:
            if (*at++ == '\n') c->phase = CHUNK_SIZE;
            break;
        case LAST_LINE:
            if (*at++ == '\n') c->phase = IDLE;
            break;
        }
    }
    return 1;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(int count, char **arguments) {
    if (count != 5 && count != 6) { fprintf(stderr, "usage: openloop PORT RATE CONNECTIONS SECONDS [BYTES] < requests\n"); return 2; }
    int port = atoi(arguments[1]), connections = atoi(arguments[3]), poll = epoll_create1(0);
    double rate = atof(arguments[2]), seconds = atof(arguments[4]);
    read_requests();
    prctl(PR_SET_TIMERSLACK, 1000);

    struct connection *all = calloc(connections, sizeof *all), **idle = calloc(connections, sizeof *idle);
    int64_t total = rate * seconds, warm = total / 10, sent = 0, done = 0, kept = 0;
    uint32_t *latencies = calloc(total + 1, sizeof *latencies);
    if (!all || !idle || !latencies) fail("calloc");
    for (int i = 0; i < connections; i++) { open_connection(&all[i], port, poll); idle[i] = &all[i]; }
    if (count == 6) {
        for (int i = 0; i < connections; i++) upgrade(&all[i]);
        message = atoi(arguments[5]) & 127;
        requests_length = message + 6;
        memset(requests, 0, requests_length);  // a mask of zeros changes nothing
        requests[0] = (char)0x82;
        requests[1] = (char)(0x80 | message);
    }

    int free_ones = connections;
    int64_t begun = now(), deadline = begun + (seconds + 10) * 1e9;
    struct epoll_event events[256];
    while (done < total) {
        int64_t time = now();
        if (time > deadline) { errno = ETIMEDOUT; fail("the proxy did not answer in time"); }
        int64_t due = begun + (int64_t)(sent * 1e9 / rate);
        while (sent < total && free_ones && due <= time) {
            send_request(idle[--free_ones], due);
            due = begun + (int64_t)(++sent * 1e9 / rate);
        }
        int64_t pause = sent < total && free_ones ? due - now() : 100000000;
        struct timespec wait = {.tv_nsec = pause < 0 ? 0 : pause < 100000000 ? pause : 100000000};
        int ready = epoll_pwait2(poll, events, 256, &wait, NULL);
        if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            ssize_t got = read(c->fd, buffer, sizeof buffer);
            if (got <= 0) fail("the proxy closed a connection");
            if (!take(c, buffer, buffer + got)) { errno = EPROTO; fail("an answer was not 200, or not understood"); }
            if (c->phase != IDLE) continue;
            int64_t took = (now() - c->due) / 1000;
            if (done++ >= warm) latencies[kept++] = took < UINT32_MAX ? took : UINT32_MAX;
            idle[free_ones++] = c;
        }
    }
    double elapsed = (now() - begun) / 1e9;
    qsort(latencies, kept, sizeof *latencies, ascending);
    printf("{\"requests\":%lld,\"rate\":%.0f,", (long long)done, done / elapsed);
    printf("\"p50\":%u,\"p99\":%u,\"p99.9\":%u,\"max\":%u}\n", latencies[kept / 2], latencies[kept * 99 / 100],
           latencies[kept * 999 / 1000], latencies[kept ? kept - 1 : 0]);
    return 0;
}
