"""Image files in folders named by their class: each file is a row.

`image` holds the file's bytes, `label` the name of its folder. `id` is its path relative to the
folder before the pattern's first wildcard ("cat/1.png").
"""

import posixpath
from collections.abc import Iterator

import tensorflow as tf

from components.entity_gen.records import Fault, LeftOut, ReadOptions, Record
from relation.files.binary_files import open_binary

EXTENSIONS = (".png", ".jpg", ".jpeg")
MAX_BYTES = 2**27
"""Bytes of an image file: all of them are held in memory, and a row has at most 256 MiB."""
NOT_AN_IMAGE_FILE = "not_an_image_file"


def read(path: str, options: ReadOptions) -> Iterator[Record]:
    """Yield the one row of an image file, or `LeftOut` if the file name has another extension."""
    if not path.lower().endswith(EXTENSIONS):
        yield LeftOut(NOT_AN_IMAGE_FILE)
        return
    if (size := tf.io.gfile.stat(path).length) > MAX_BYTES:
        yield Fault(
            f"holds more than {MAX_BYTES} bytes",
            f"got a file of {size} bytes; expected at most {MAX_BYTES}",
        )
        return
    with open_binary(path) as file:
        image = file.read()
    texts = {
        "id": posixpath.relpath(path, options.folder),
        "label": posixpath.basename(posixpath.dirname(path)),
    }
    example = tf.train.Example()
    example.features.feature["image"].bytes_list.value.append(image)
    for name, text in texts.items():
        example.features.feature[name].bytes_list.value.append(text.encode())
    yield example
