"""TFX's Transform on batches that are cut by their size.

By default Beam adapts the size of batches to the time that they take. Means and deviations are sums
over batches, so their last bits, and all weights trained on them, would change with the load of the
machine.
"""

from typing import Any

from absl import flags
from tfx.components.transform import executor
from tfx.types import Artifact
from tfx_bsl.coders import batch_util

FLAG = "tfxio_use_byte_size_batching"
"""A flag that `batch_util` defines, and reads when it adds batching to a pipeline."""


class Executor(executor.Executor):
    """TFX's executor, with batches of up to 8,192 rows or 20 MiB."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Analyze and transform as the base class does."""
        assert FLAG in flags.FLAGS, f"{batch_util.__name__} does not define {FLAG}"
        if not flags.FLAGS.is_parsed():
            flags.FLAGS.mark_as_parsed()
        before = flags.FLAGS[FLAG].value
        flags.FLAGS[FLAG].value = True
        try:
            super().Do(input_dict, output_dict, exec_properties)
        finally:
            flags.FLAGS[FLAG].value = before
