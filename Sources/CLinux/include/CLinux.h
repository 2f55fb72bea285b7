#ifndef TOMBOLO_CLINUX_H
#define TOMBOLO_CLINUX_H

/// How many cores this process may run on, which under taskset or in a container can be fewer than there are;
/// 0 if the system does not say.
int tombolo_usable_cores(void);

/// Of the sockets that share a TCP port by SO_REUSEPORT, has the second to have come get every new connection, or the only
/// one if there is no second: a process that is started beside another takes over at once, and one that is left alone
/// goes on. Holds for all sockets of the port until somebody says otherwise. Returns 0, or the number of the error.
int tombolo_prefer_newest(int descriptor);

/// Sends a datagram to a Unix socket; a path that begins with @ is an abstract one. Returns 0, or the number of the error.
int tombolo_send_datagram(const char *path, const char *message);

#endif
