"""The report: its node, and its page where a person looks for it."""

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
from relation.schema import read_features


def report(
    loaded: LoadedRecipe,
    examples: Mapping[str, BaseChannel],
    tuples: BaseChannel,
    of_model: Mapping[str, BaseChannel],
) -> Report:
    """The node that writes the page.

    Args:
      loaded: the recipe.
      examples: rows of each entity type and edge list that is read, in splits, by name.
      tuples: RelationGen's.
      of_model: inputs of the Report that there are only with a model.
    """
    rows = dict(zip(("examples", "other_examples"), loaded.recipe.data.entities, strict=False))
    return Report(
        tuples=tuples,
        request=report_request(loaded).model_dump_json(),
        code_fingerprint=code_fingerprint("components.report.executor") + template_fingerprint(),
        **of_model,
        **({key: examples[n] for key, n in rows.items() if n in examples} if of_model else {}),
    )


def report_request(loaded: LoadedRecipe) -> ReportRequest:
    """The recipe, as far as the page shows it."""
    recipe, split = loaded.recipe, loaded.recipe.data.split
    by = f" {split.feature}" if split.feature else ""
    shares = "" if split.unit == "files" else f", {split.train} : {split.eval}"
    seeds, code = {"relation": recipe.relation.seed}, {"tuples": "components.relation_gen.executor"}
    if recipe.model is not None:
        seeds["training"], code["training"] = recipe.training.seed, "trainer_module.run_fn"
    return ReportRequest(
        recipe=recipe.name,
        description=recipe.description,
        materialization=loaded.materialization,
        features={
            entity: tuple(read_features(loaded.schemas[entity]).values())
            for entity in loaded.tuples.entities
        },
        seeds=seeds,
        fingerprints={name: code_fingerprint(module) for name, module in code.items()},
        split=f"by {split.unit}{by}{shares}",
    )


def page_of(artifact: Artifact) -> Path:
    """The page in a Report's artifact."""
    return Path(artifact.uri) / FILE


def publish(artifact: Artifact, paths: RunPaths) -> Path:
    """Copies the page to where a person looks for it, whole or not at all; returns the place."""
    paths.report.parent.mkdir(parents=True, exist_ok=True)
    scratch = paths.report.with_name(f".{FILE}.{uuid.uuid4().hex[:8]}")
    shutil.copyfile(page_of(artifact), scratch)
    scratch.replace(paths.report)
    return paths.report
