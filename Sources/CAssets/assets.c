#include "CAssets.h"

static const unsigned char loader[] = {
#embed "files/loader.js"
};

struct tombolo_asset tombolo_asset_loader(void) {
    return (struct tombolo_asset){loader, sizeof loader};
}
