"""The executor of the Report: artifacts in, a page out; `build.py` says what is on it."""

import os
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import Artifact, artifact_utils
from tfx.utils import io_utils

FILE = "index.html"


class Executor(base_executor.BaseExecutor):
    """Writes `index.html`."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See `component.Report` for inputs, outputs and properties."""
        # Here: what draws takes seconds to import, and whoever describes a pipeline imports this.
        from components.report.build import page
        from components.report.collect.artifacts import gather
        from components.report.render.html import html
        from components.report.request import ReportRequest

        request = ReportRequest.model_validate_json(exec_properties["request"])
        folder = artifact_utils.get_single_uri(output_dict["report"])
        text = html(page(gather(request, input_dict)))
        io_utils.write_string_file(os.path.join(folder, FILE), text)
