"""The report stage: make the Report node, and publish its page."""

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from tfx.types import Artifact, BaseChannel

from components.report.component import Report
from components.report.executor import FILE
from components.report.render.html import template_fingerprint
from components.report.request import ReportRequest
from pipeline.paths import RunPaths
from relation.core.fingerprint import code_fingerprint
from relation.load import LoadedRecipe
from relation.names import entity_inputs
from relation.schema import read_features


def report(
    loaded: LoadedRecipe,
    examples: Mapping[str, BaseChannel],
    tuples: BaseChannel,
    model_outputs: Mapping[str, BaseChannel],
) -> Report:
    """Make the node that writes the page.

    Args:
      loaded: the recipe.
      examples: rows of each entity type and edge list, in splits, by name.
      tuples: RelationGen's tuples.
      model_outputs: the Report's inputs about the model; empty where the recipe has none.
    """
    rows = entity_inputs(loaded.recipe.data.entities)
    return Report(
        tuples=tuples,
        request=report_request(loaded).model_dump_json(),
        code_fingerprint=code_fingerprint("components.report.executor") + template_fingerprint(),
        **model_outputs,
        **({key: examples[n] for key, n in rows.items() if n in examples} if model_outputs else {}),
    )


def report_request(loaded: LoadedRecipe) -> ReportRequest:
    """Make the Report's request from the recipe."""
    recipe, split = loaded.recipe, loaded.recipe.data.split
    by = f" {split.feature}" if split.feature else ""
    shares = " : ".join(map(str, recipe.data.shares.values()))
    shares = "" if split.unit == "files" else f", {shares}"
    seeds, code = {"relation": recipe.relation.seed}, {"tuples": "components.relation_gen.executor"}
    if recipe.model is not None:
        seeds["training"], code["training"] = recipe.training.seed, "trainer_module.run_fn"
    return ReportRequest(
        recipe=recipe.name,
        description=recipe.description,
        compiled=loaded.compiled,
        features={
            entity: tuple(read_features(loaded.schemas[entity]).values())
            for entity in loaded.tuples.entities
        },
        seeds=seeds,
        fingerprints={name: code_fingerprint(module) for name, module in code.items()},
        split=f"by {split.unit}{by}{shares}",
    )


def page_of(artifact: Artifact) -> Path:
    """Return the path of the page in a Report's artifact."""
    return Path(artifact.uri) / FILE


def publish(artifact: Artifact, paths: RunPaths) -> Path:
    """Copy the page atomically to `paths.report`, and return that path."""
    paths.report.parent.mkdir(parents=True, exist_ok=True)
    scratch = paths.report.with_name(f".{FILE}.{uuid.uuid4().hex[:8]}")
    shutil.copyfile(page_of(artifact), scratch)
    scratch.replace(paths.report)
    return paths.report
