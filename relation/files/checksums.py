"""Checksums of TFRecord files, as readers and writers need them."""

from typing import Any


def masked(crc: Any) -> Any:
    """Mask checksums as TFRecord holds them.

    Args:
      crc: in [0, 2^32), an int, or int64 of any shape.

    Returns:
      In [0, 2^32), of the same type and shape.
    """
    turned = ((crc >> 15) | (crc << 17)) & 0xFFFFFFFF
    return (turned + 0xA282EAD8) & 0xFFFFFFFF
