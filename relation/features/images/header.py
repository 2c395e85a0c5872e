"""The container of an encoded image: PNG or JPEG, complete, and of a size that memory can hold.

Reads bytes alone, so a file of a few bytes that claims a huge image costs nothing.
"""

from typing import Literal

MOST_PIXELS = 2**26
"""Pixels of the largest image that is decoded: 8192 × 8192, or 256 MiB as RGBA."""

PNG = b"\x89PNG\r\n\x1a\n"
"""The first bytes of a PNG."""
PNG_END = b"IEND\xaeB`\x82"
"""Type and checksum of the chunk that ends a PNG."""
JPEG = b"\xff\xd8\xff"
"""The first bytes of a JPEG."""
JPEG_END = b"\xff\xd9"
"""The marker that ends a JPEG."""

Fault = Literal["image_undecodable", "image_too_large"]
UNDECODABLE: Fault = "image_undecodable"
TOO_LARGE: Fault = "image_too_large"

_START_OF_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of segments that hold the size of a JPEG."""
_ALONE = frozenset(range(0xD0, 0xDA)) | {0x01}
"""Markers without a segment."""


def header_fault(encoded: bytes) -> Fault | None:
    """Says why bytes cannot be decoded, as far as their container tells.

    Args:
      encoded: the bytes of an image.

    Returns:
      `UNDECODABLE`: no PNG or JPEG, not whole, or without pixels; `TOO_LARGE`: more than
      `MOST_PIXELS`; None: nothing is wrong so far.
    """
    size = image_size(encoded)
    if size is None or 0 in size or not _is_whole(encoded):
        return UNDECODABLE
    height, width = size
    return TOO_LARGE if height * width > MOST_PIXELS else None


def image_size(encoded: bytes) -> tuple[int, int] | None:
    """Height and width as stored, before any turn; None if they are not there.

    >>> image_size(PNG + b"\\0\\0\\0\\rIHDR" + b"\\0\\0\\0\\x02" + b"\\0\\0\\0\\x03")
    (3, 2)
    """
    if encoded.startswith(PNG):
        if encoded[12:16] != b"IHDR" or len(encoded) < 24:
            return None
        return int.from_bytes(encoded[20:24], "big"), int.from_bytes(encoded[16:20], "big")
    return _jpeg_size(encoded) if encoded.startswith(JPEG) else None


def _jpeg_size(encoded: bytes) -> tuple[int, int] | None:
    at = encoded.find(b"\xff", 2)
    while 0 <= at < len(encoded) - 1:
        marker = encoded[at + 1]
        if marker == 0xFF:  # A fill byte.
            at += 1
        elif marker == 0 or marker in _ALONE:
            at = encoded.find(b"\xff", at + 2)
        elif marker in _FRAMES:
            size = encoded[at + 5 : at + 9]
            ends = int.from_bytes(size[:2], "big"), int.from_bytes(size[2:], "big")
            return ends if len(size) == 4 else None
        elif marker == _START_OF_SCAN:
            return None
        else:
            at = encoded.find(b"\xff", at + 2 + int.from_bytes(encoded[at + 2 : at + 4], "big"))
    return None


def _is_whole(encoded: bytes) -> bool:
    return (PNG_END if encoded.startswith(PNG) else JPEG_END) in encoded
