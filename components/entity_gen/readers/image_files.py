"""Bytes of an image file, which one feature of a row holds."""

import tensorflow as tf

from components.entity_gen.records import Fault
from relation.files.binary_files import open_binary

EXTENSIONS = (".png", ".jpg", ".jpeg")
MAX_BYTES = 2**27
"""Bytes of an image file: all of them are held in memory, and a row has at most 256 MiB."""


def read_image(path: str, where: str = "") -> bytes | Fault:
    """Read an image file, undecoded.

    Args:
      path: the file.
      where: the place that names it, for the message: "line 3, column 'photo': "; "" for a file
        that is a row by itself.

    Returns:
      Its bytes, or the fault of a row with a file that is missing or too large.
    """
    try:
        size = tf.io.gfile.stat(path).length
    except tf.errors.OpError:
        return Fault("names an image that is not there", f"{where}there is no file {path}")
    if size > MAX_BYTES:
        return Fault(
            f"holds more than {MAX_BYTES} bytes",
            f"{where}got a file of {size} bytes; expected at most {MAX_BYTES}",
        )
    with open_binary(path) as file:
        return file.read()
