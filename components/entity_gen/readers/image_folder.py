"""Image files in folders named by their class: each file is a row.

`image` holds the file's bytes, `label` the name of its folder. `id` is its path relative to the
folder before the pattern's first wildcard ("cat/1.png"). Where folders are nested, the schema may
name `folder`, the path of the file's folder ("latin/b"), and `folder_1`, `folder_2`, …, the folders
of each level from the top.
"""

import posixpath
from collections.abc import Iterator

import tensorflow as tf

from components.entity_gen.readers.image_files import EXTENSIONS, read_image
from components.entity_gen.records import Fault, LeftOut, ReadOptions, Record

NOT_AN_IMAGE_FILE = "not_an_image_file"


def read(path: str, options: ReadOptions) -> Iterator[Record]:
    """Yield the one row of an image file, or `LeftOut` if the file name has another extension."""
    if not path.lower().endswith(EXTENSIONS):
        yield LeftOut(NOT_AN_IMAGE_FILE)
        return
    image = read_image(path)
    if isinstance(image, Fault):
        yield image
        return
    relative = posixpath.relpath(path, options.folder)
    texts = {"id": relative, "label": posixpath.basename(posixpath.dirname(path))}
    levels = folder_levels(relative)
    texts |= {name: level for name, level in levels.items() if name in options.features}
    example = tf.train.Example()
    example.features.feature["image"].bytes_list.value.append(image)
    for name, text in texts.items():
        example.features.feature[name].bytes_list.value.append(text.encode())
    yield example


def folder_levels(relative: str) -> dict[str, str]:
    """The features of the folders that a file is in.

    >>> folder_levels("latin/b/1.png")
    {'folder': 'latin/b', 'folder_1': 'latin', 'folder_2': 'b'}

    Args:
      relative: the file's path below the folder before the first wildcard.
    """
    folder = posixpath.dirname(relative)
    if not folder:
        return {}
    levels = enumerate(folder.split("/"), start=1)
    return {"folder": folder} | {f"folder_{number}": name for number, name in levels}
