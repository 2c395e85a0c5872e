"""SavedModels in folders of any name."""

import tempfile
from pathlib import Path
from typing import Any

import tensorflow as tf

from relation.files.wildcards import wildcard


def load_model(folder: str) -> Any:
    """Load a SavedModel; a folder whose path holds a wildcard by a link.

    TensorFlow takes the path of the weights for a pattern, and then finds none.
    """
    if wildcard(folder) is None:
        return tf.saved_model.load(folder)
    with tempfile.TemporaryDirectory() as scratch:
        link = Path(scratch) / "model"
        link.symlink_to(Path(folder).absolute())
        return tf.saved_model.load(str(link))
