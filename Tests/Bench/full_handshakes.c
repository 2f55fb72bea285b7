// Preloaded into wrk: a connection that is opened anew has forgotten its TLS session. wrk would resume it wherever a proxy
// hands out tickets, and not all proxies can be told to hand out none.
#define _GNU_SOURCE
#include <dlfcn.h>

int SSL_set_session(void *ssl, void *session);

int SSL_clear(void *ssl) {
    int (*next)(void *) = (int (*)(void *))dlsym(RTLD_NEXT, "SSL_clear");
    return SSL_set_session(ssl, 0) && next(ssl);
}
