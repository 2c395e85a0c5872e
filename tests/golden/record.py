"""Records digests of what shipped recipes make, to show that a change of the code changes nothing.

    python -m tests.golden.record OUT.json [RECIPE …]

Each recipe (all of them, unless some are named) runs up to the Trainer, for two epochs. OUT gets,
by recipe: records and SHA-256 of each split of tuples and of transformed examples, the SHA-256 of
`relation_stats.json`, that of the weights, and the names by which a warm start finds the weights.
Recipes that are in OUT already are left out.

`7ef2245.json` holds what three runs of commit 7ef2245 agreed on (tfx 1.16, one machine). Weights of
`entity_matching`, `search_ranking` and `search_ranking_lists` are not in it: there Transform sums
floats in batches whose size Beam chose by the clock. What Transform computes was recorded in one
run, and left out where later code differs by that. Tuples of `entity_matching`, `relation_class`,
`relation_vector` and `similarity_regression` were recorded anew when their data changed. Weights, and floats that Transform computes,
are the same on one kind of processor and number of threads only; so tests/e2e compares tuples and
names of weights.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import yaml

from relation.load import RECIPES, load_recipe

GOLDEN = Path(__file__).with_name("7ef2245.json")


def main(out: Path, names: Sequence[str]) -> None:
    """Runs the recipes and writes their digests after each."""
    digests = json.loads(out.read_text()) if out.exists() else {}
    for name in names or sorted(path.stem for path in RECIPES.glob("*.yaml")):
        if name not in digests:
            with tempfile.TemporaryDirectory() as folder:
                root = _run(name, Path(folder))
                digests[name] = tuple_digests(root) | _training_digests(root)
            out.write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n")
            print(f"recorded {name}", file=sys.stderr, flush=True)


def tuple_digests(pipeline_root: Path) -> dict[str, Any]:
    """Digests of the tuples' splits and statistics in a folder of artifacts with one RelationGen."""
    (tuples,) = pipeline_root.glob("RelationGen/tuples/*")
    stats = (tuples / "relation_stats.json").read_bytes()
    return {"splits": _split_digests(tuples, bytes), "stats": hashlib.sha256(stats).hexdigest()}


def weight_names(model: Path) -> list[str]:
    """The sorted names of a SavedModel's weights."""
    return sorted(tf.saved_model.load(str(model)).named_weights)


def _training_digests(pipeline_root: Path) -> dict[str, Any]:
    (examples,) = pipeline_root.glob("Transform/transformed_examples/*")
    (model,) = pipeline_root.glob("Trainer/model/*/Format-Serving")
    reader = tf.train.load_checkpoint(str(model / "variables" / "variables"))
    tensors = [np.asarray(reader.get_tensor(key)) for key in reader.get_variable_to_shape_map()]
    # By shape and bytes: names of variables are free to change.
    weights = sorted((repr(t.shape), t.tobytes()) for t in tensors if t.dtype.kind not in "OS")
    return {
        "transform": _split_digests(examples, _canonical),
        "weight_names": weight_names(model),
        "weights": _sha256(part for shape, data in weights for part in (shape.encode(), data)),
    }


def _split_digests(artifact: Path, encode: Callable[[bytes], bytes]) -> dict[str, dict[str, Any]]:
    """Number of records, and the digest of the sorted records as `encode` gives them, by split."""
    digests = {}
    for split in artifact.glob("Split-*"):
        files = sorted(map(str, split.iterdir()))
        records = sorted(map(encode, tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()))
        framed = (part for r in records for part in (len(r).to_bytes(8, "little"), r))
        name = split.name.removeprefix("Split-")
        digests[name] = {"records": len(records), "sha256": _sha256(framed)}
    return digests


def _canonical(record: bytes) -> bytes:
    """A tf.Example whose features are sorted: Transform writes them in an order of its process."""
    return tf.train.Example.FromString(record).SerializeToString(deterministic=True)


def _sha256(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _run(name: str, folder: Path) -> Path:
    """Runs a recipe up to the Trainer; returns the folder of its artifacts."""
    import keras
    from tfx.orchestration import metadata
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner

    from pipeline import dag
    from pipeline.paths import RunPaths
    from pipeline.settings import BEAM_ARGS
    from pipeline.stages.file_patterns import data_patterns

    keras.utils.clear_session()  # Else the names of layers depend on the recipes before.
    os.environ["RELATA_RUNS"] = str(folder)
    recipe = yaml.safe_load((RECIPES / f"{name}.yaml").read_text(encoding="utf-8"))
    recipe["training"]["epochs"] = 2
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    loaded, paths = load_recipe(str(path)), RunPaths.of(name)
    paths.make()
    pipeline = dag.build(
        loaded,
        paths,
        data_patterns(loaded, paths),
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(paths.metadata)),
        beam_pipeline_args=BEAM_ARGS,
    )
    ids = [node.id for node in pipeline.components]
    kept = pipeline.components[: ids.index("Trainer") + 1]
    for node in kept:
        node._downstream_nodes = {n for n in node.downstream_nodes if n in kept}
    pipeline.components = kept
    LocalDagRunner().run(pipeline)
    return paths.pipeline


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
