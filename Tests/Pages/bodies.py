"""Bodies in every content coding, and in the deflate settings that some server somewhere uses."""

import gzip
import random
import struct
import zlib

import brotli
import zstandard


def _raw_deflate(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def _inflate(body):
    """`deflate` means the zlib format (RFC 9110 §8.4.1.2); many servers send it without zlib's header."""
    try:
        return zlib.decompress(body)
    except zlib.error:
        return zlib.decompress(body, wbits=-15)


# name in URLs → (Content-Encoding, encode)
CODINGS = {
    "identity": (None, lambda body: body),
    "gzip": ("gzip", lambda body: gzip.compress(body, mtime=0)),
    "deflate": ("deflate", zlib.compress),
    "raw-deflate": ("deflate", _raw_deflate),
    "br": ("br", lambda body: brotli.compress(body, quality=5)),
    "zstd": ("zstd", zstandard.compress),
}

_DECODERS = {
    None: lambda body: body,
    "gzip": gzip.decompress,  # checks CRC and length, as WebKit does
    "deflate": _inflate,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


def decoded(body, content_encoding):
    return _DECODERS[content_encoding](body)


def random_gzip(body, seed):
    """The body as a gzip member with settings and header fields (RFC 1952) drawn from the seed."""
    dice = random.Random(seed)
    flags, fields = 0, b""
    if dice.random() < 0.4:  # FEXTRA
        extra = dice.randbytes(dice.randrange(1, 40))
        flags, fields = flags | 4, fields + struct.pack("<H", len(extra)) + extra
    if dice.random() < 0.4:  # FNAME
        flags, fields = flags | 8, fields + b"page \xe4.html\0"
    if dice.random() < 0.4:  # FCOMMENT
        flags, fields = flags | 16, fields + b"<head>\0"
    text = dice.choice((0, 1))  # FTEXT
    head = b"\x1f\x8b\x08" + bytes([flags | text]) + dice.randbytes(4) + dice.choice((b"\0\3", b"\2\3", b"\4\xff")) + fields
    if dice.random() < 0.4:  # FHCRC covers the header with its own flag set
        head = head[:3] + bytes([head[3] | 2]) + head[4:]
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    packer = zlib.compressobj(
        level=dice.randrange(0, 10),
        wbits=-dice.randrange(9, 16),
        memLevel=dice.randrange(1, 10),
        strategy=dice.choice((zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED)),
    )
    out, at = [head], 0
    while at < len(body):
        size = dice.choice((1, 3, 40, 500, 20000))
        out.append(packer.compress(body[at : at + size]))
        if dice.random() < 0.5:
            out.append(packer.flush(dice.choice((zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_PARTIAL_FLUSH, zlib.Z_BLOCK))))
        at += size
    out.append(packer.flush())
    out.append(struct.pack("<II", zlib.crc32(body), len(body) & 0xFFFFFFFF))
    return b"".join(out)
