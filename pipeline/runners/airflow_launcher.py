"""A launcher for TFX's Airflow runner: two nodes of one component, and one run at a time.

TFX names an output `<key>:<run>`, but ML Metadata wants names that are unique for a type. So the
second StatisticsGen of a run fails with "Given node already exists".
"""

from pathlib import Path
from typing import Any

from tfx.dsl.components.base import base_node
from tfx.orchestration import data_types
from tfx.orchestration.launcher import in_process_component_launcher
from tfx.types import Artifact

from pipeline.paths import RunPaths
from pipeline.runners.run_lock import locked


class Launcher(in_process_component_launcher.InProcessComponentLauncher):
    """Run a node in this process, and put its id into the names of its outputs."""

    def __init__(self, component: base_node.BaseNode, *args: Any, **kwargs: Any):
        super().__init__(component, *args, **kwargs)
        driver = component.driver_class
        self._driver_class = type(driver.__name__, (_OutputsByNode, driver), {})

    def launch(self) -> Any:
        """Run the node while the recipe's run lock is held.

        Raises:
          UserError: a run of the local engine is in progress in the same folder.
        """
        root = Path(self._pipeline_info.pipeline_root).parent
        with locked(RunPaths(root).lock):
            return super().launch()


class _OutputsByNode:
    """Mix-in for a node's driver: name outputs after the node."""

    def _prepare_output_artifacts(
        self, *args: Any, component_info: data_types.ComponentInfo, **kwargs: Any
    ) -> dict[str, list[Artifact]]:
        outputs: dict[str, list[Artifact]] = super()._prepare_output_artifacts(  # type: ignore[misc]
            *args, component_info=component_info, **kwargs
        )
        for artifacts in outputs.values():
            for index, artifact in enumerate(artifacts):
                artifact.name = f"{component_info.component_id}:{artifact.name}:{index}"
        return outputs
