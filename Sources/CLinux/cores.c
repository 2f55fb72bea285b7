// Swift cannot import what glibc shows only with _GNU_SOURCE.
#define _GNU_SOURCE
#include "CLinux.h"

#include <sched.h>

int tombolo_usable_cores(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}
