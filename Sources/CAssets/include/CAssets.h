#ifndef TOMBOLO_CASSETS_H
#define TOMBOLO_CASSETS_H

#include <stddef.h>

/// A file that is compiled into the program.
struct tombolo_asset {
    const unsigned char *bytes;
    size_t count;
};

/// The loader script without its configuration: a function expression that is called with one object.
struct tombolo_asset tombolo_asset_loader(void);

#endif
