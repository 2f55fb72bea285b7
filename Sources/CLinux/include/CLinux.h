#ifndef TOMBOLO_CLINUX_H
#define TOMBOLO_CLINUX_H

/// How many cores this process may run on, which under taskset or in a container can be fewer than there are;
/// 0 if the system does not say.
int tombolo_usable_cores(void);

#endif
