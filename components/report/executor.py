"""The executor of the Report: collect the evidence, build the page and write it."""

import os
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import Artifact, artifact_utils
from tfx.utils import io_utils

FILE = "index.html"


class Executor(base_executor.BaseExecutor):
    """Write `index.html`."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write the page; see `component.Report` for inputs, outputs and properties."""
        # Imported late: drawing libraries take seconds, and every pipeline imports this module.
        from components.report.build import page
        from components.report.collect.artifacts import collect_evidence
        from components.report.render.html import html
        from components.report.request import ReportRequest

        request = ReportRequest.model_validate_json(exec_properties["request"])
        folder = artifact_utils.get_single_uri(output_dict["report"])
        text = html(page(collect_evidence(request, input_dict)))
        io_utils.write_string_file(os.path.join(folder, FILE), text)
