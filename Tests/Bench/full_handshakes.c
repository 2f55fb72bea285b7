// Preloaded into wrk: a connection that is opened anew has forgotten its TLS session. wrk would resume it wherever a proxy
// hands out tickets, and not all proxies can be told to hand out none. At the end it says how often it did so.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>

int SSL_set_session(void *ssl, void *session);

static atomic_long forgotten;

int SSL_clear(void *ssl) {
    int (*next)(void *) = (int (*)(void *))dlsym(RTLD_NEXT, "SSL_clear");
    atomic_fetch_add_explicit(&forgotten, 1, memory_order_relaxed);
    return SSL_set_session(ssl, NULL) && next(ssl);
}

__attribute__((destructor)) static void end(void) { dprintf(1, "%ld sessions forgotten\n", atomic_load(&forgotten)); }
