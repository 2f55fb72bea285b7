#ifndef TOMBOLO_CZLIB_H
#define TOMBOLO_CZLIB_H

#include <zlib.h>

// zlib's initialisers are macros, which Swift does not import; these are the same calls as functions.

static inline int tombolo_inflateInit2(z_stream *stream, int windowBits) {
    return inflateInit2(stream, windowBits);
}

static inline int tombolo_deflateInit2(z_stream *stream, int level, int windowBits, int memLevel, int strategy) {
    return deflateInit2(stream, level, Z_DEFLATED, windowBits, memLevel, strategy);
}

#endif
