#ifndef TOMBOLO_CZSTD_H
#define TOMBOLO_CZSTD_H

#include <zstd.h>

#endif
