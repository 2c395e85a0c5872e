"""Encoded images of every format, with the pixels that they stand for, worked out by hand.

PNGs are written here byte by byte, by the standard, so they owe nothing to a library.
"""

import io
import struct
import zlib

import numpy as np
from PIL import Image

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
"""Colour types of PNG."""
_SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""First column, first row, and steps of the passes of an interlaced PNG."""


def chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def png(
    samples: np.ndarray,
    colour_type: int = GREY,
    depth: int = 8,
    palette: np.ndarray | None = None,
    transparent: bytes = b"",
    exif: bytes = b"",
    interlaced: bool = False,
    size: tuple[int, int] | None = None,
) -> bytes:
    """A PNG of samples [height, width, samples of a pixel]; `size`: claimed height and width."""
    height, width = size or samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    data = b"".join(_rows(samples[y::dy, x::dx], depth) for x, y, dx, dy in passes)
    parts = [chunk(b"IHDR", header)]
    if palette is not None:
        parts.append(chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
    if transparent:
        parts.append(chunk(b"tRNS", transparent))
    if exif:
        parts.append(chunk(b"eXIf", exif))
    parts += [chunk(b"IDAT", zlib.compress(data)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _rows(samples: np.ndarray, depth: int) -> bytes:
    """Rows of samples, each behind the byte of filter 0."""
    if not samples.size:
        return b""
    flat = samples.reshape(len(samples), -1).astype(">u2")
    bits = np.unpackbits(flat.view(np.uint8).reshape(*flat.shape, 2), axis=2)[:, :, 16 - depth :]
    packed = np.packbits(bits.reshape(len(samples), -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)


def saved(pixels: np.ndarray, kind: str, mode: str | None = None, **options) -> bytes:
    """What Pillow writes of uint8 [height, width] or [height, width, channels]."""
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(orientation: int, order: str = "big", before: int = 1) -> bytes:
    """EXIF as TIFF with the tag 0x0112, behind `before` other entries of the first directory."""
    mark = {"big": (b"MM", ">"), "little": (b"II", "<")}[order]
    other = struct.pack(mark[1] + "HHIHH", 0x0106, 3, 1, 2, 0) * before
    entry = struct.pack(mark[1] + "HHIHH", 0x0112, 3, 1, orientation, 0)
    directory = struct.pack(mark[1] + "H", before + 1) + other + entry + bytes(4)
    return mark[0] + struct.pack(mark[1] + "HI", 42, 8) + directory


def with_exif(jpeg: bytes, exif: bytes, behind: bytes = b"") -> bytes:
    """A JPEG with a segment APP1 of EXIF, behind other segments."""
    body = b"Exif\0\0" + exif
    return jpeg[:2] + behind + segment(0xE1, body) + jpeg[2:]


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels [h, w, ...] as they are to be shown, by the definition of each orientation."""
    return {
        1: lambda p: p,
        2: np.fliplr,
        3: lambda p: np.rot90(p, 2),
        4: np.flipud,
        5: lambda p: np.swapaxes(p, 0, 1),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: np.rot90(np.swapaxes(p, 0, 1), 2),
        8: np.rot90,
    }[orientation](pixels)
