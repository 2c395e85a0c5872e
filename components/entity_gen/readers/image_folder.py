"""Folders of classes with encoded images in them: each file is a row.

`image` holds the bytes as they are, `label` the name of the folder that the file lies in, `id` its
path below the folder before the pattern's first wildcard ("cat/1.png").
"""

import posixpath
from collections.abc import Iterator

import tensorflow as tf

from components.entity_gen.readers.files import open_binary
from components.entity_gen.records import Layout, LeftOut, Record

EXTENSIONS = (".png", ".jpg", ".jpeg")
NOT_AN_IMAGE_FILE = "not_an_image_file"


def read(path: str, layout: Layout) -> Iterator[Record]:
    """Yields the one row of a file; leaves it out if its name does not end as an image's does."""
    if not path.lower().endswith(EXTENSIONS):
        yield LeftOut(NOT_AN_IMAGE_FILE)
        return
    with open_binary(path) as file:
        image = file.read()
    texts = {
        "id": posixpath.relpath(path, layout.folder),
        "label": posixpath.basename(posixpath.dirname(path)),
    }
    example = tf.train.Example()
    example.features.feature["image"].bytes_list.value.append(image)
    for name, text in texts.items():
        example.features.feature[name].bytes_list.value.append(text.encode())
    yield example
