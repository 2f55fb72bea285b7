#ifndef TOMBOLO_CBROTLI_H
#define TOMBOLO_CBROTLI_H

#include <brotli/decode.h>
#include <brotli/encode.h>

#endif
