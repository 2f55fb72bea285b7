/* Answers getaddrinfo for *.internal from a file: a line "NAME ADDRESS…" each. Everything else goes to the C library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints, struct addrinfo **out) {
    lookup *real = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
    const char *path = getenv("NAMES_FILE");
    size_t length = name ? strlen(name) : 0;
    if (!path || length < 9 || strcmp(name + length - 9, ".internal")) return real(name, port, hints, out);
    FILE *file = fopen(path, "r");
    if (!file) return EAI_AGAIN;
    char line[512];
    struct addrinfo **end = out;
    *out = NULL;
    while (fgets(line, sizeof line, file)) {
        char *word = strtok(line, " \n");
        if (!word || strcmp(word, name)) continue;
        while ((word = strtok(NULL, " \n"))) {
            if (real(word, port, hints, end)) continue;
            while (*end) end = &(*end)->ai_next;
        }
    }
    fclose(file);
    return *out ? 0 : EAI_NONAME;
}
