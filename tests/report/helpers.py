"""Evidence of every shipped recipe, from synthetic rows, with hostile text."""

import dataclasses
import io
import zlib
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from components.report.collect.evidence import Embeddings, Evidence, Neighbourhood
from components.report.collect.findings import Findings, Gate, Metric, Slice
from components.report.collect.tuple_sample import Sample, sample
from components.report.request import ReportRequest
from pipeline.stages.reporting import report_request
from relation.load import LoadedRecipe, load_recipe
from relation.names import RELATION, prefixed
from relation.schema import Feature, FeatureKind
from relation.spec import LabelKind

HOSTILE = (
    "<script>window.harmed = 1</script>",
    '"><img src=x onerror="window.harmed = 1">',
    "</svg></style></title><script>window.harmed = 1</script>",
    "' onmouseover='window.harmed = 1",
    "{{ 7 * 7 }} {% raw %} ${7*7} $\\frac{1}{2}$ &lt;b&gt; &amp; ]]>",
    "javascript:window.harmed=1",
    "\u202egnp.exe\u0000\u0007\n\r\t\u2028end",
    "👩‍👩‍👧‍👦 日本語 עברית ñ",
    "w" * 400,
    "",
)
SPLIT = {"rows_read": 10, "rows_used": 9, "rows_skipped": 1, "skipped": {}, "tuples": 8}
STATS: dict[str, Any] = {
    "splits": {
        "train": {**SPLIT, "tuples_requested": 9, "shortfall": {HOSTILE[0]: 1}},
        "eval": {**SPLIT, "tuples_requested": 8, "shortfall": {}},
    },
    "inputs": {HOSTILE[1]: {"skipped": {HOSTILE[2]: 1}, "noted": {}}},
    "audit": {"ids_in_several_splits": {HOSTILE[3]: 2}, "equal_content_in_several_splits": {}},
    "entities": {"train": 9},
}


def png(side: int, seed: int) -> bytes:
    """Encode an image of noise."""
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def request_of(name: str) -> tuple[LoadedRecipe, ReportRequest]:
    """Load a shipped recipe, and make the Report's request."""
    loaded = load_recipe(name)
    return loaded, report_request(loaded)


def record_of(loaded: LoadedRecipe, request: ReportRequest, n: int) -> bytes:
    """Serialize a tuple: its members' features and its label."""
    example = tf.train.Example()
    relation = request.relation
    for index, role in enumerate(relation.roles):
        if relation.optional and index > 2 + n % 3 and role.name != "query":
            continue
        own = loaded.recipe.data.entities[role.entity].id
        # An anchor has several tuples, and shares members with others.
        member = n // 3 if index == 0 or role.name == "query" else (n * 7 + index) % 19
        for feature in request.features[role.entity]:
            if feature.name != own:
                _fill(example, prefixed(role.name, feature.name), feature, member, loaded)
        identity = {f.name: f.dtype for f in request.features[role.entity]}.get(own, "bytes")
        name = prefixed(role.name, "id")
        if identity == "int":
            example.features.feature[name].int64_list.value.append(member)
        else:
            text = f"{member} {HOSTILE[member % len(HOSTILE)]}".encode() + b"\xff" * (member == 1)
            example.features.feature[name].bytes_list.value.append(text)
    if relation.labelled:
        example.features.feature[RELATION].float_list.value.extend(_label(request, n))
    return example.SerializeToString()


def _fill(
    example: tf.train.Example, name: str, feature: Feature, seed: int, loaded: LoadedRecipe
) -> None:
    into = example.features.feature[name]
    source = loaded.recipe.relation.source
    group, grade = getattr(source, "group", None), getattr(source, "grade", None)
    if feature.kind is FeatureKind.IMAGE:
        into.bytes_list.value.append(png(40 if seed % 2 else 8, seed) if seed != 3 else b"no image")
    elif name.endswith(f"_{group}"):
        into.bytes_list.value.append(HOSTILE[0].encode())
    elif name.endswith(f"_{grade}"):
        _values(into, feature, [seed % 4])
    elif feature.dtype == "bytes":
        into.bytes_list.value.append(HOSTILE[(seed + zlib.crc32(name.encode())) % 10].encode())
    else:
        _values(into, feature, [seed % 5] * min(feature.width, 3))


def _values(into: tf.train.Feature, feature: Feature, values: list[int]) -> None:
    kind = {"int": into.int64_list, "float": into.float_list}[feature.dtype]
    kind.value.extend(values)


def _label(request: ReportRequest, n: int) -> list[float]:
    kind, width = request.relation.label, request.relation.width
    random = np.random.default_rng(n)
    if kind is LabelKind.BINARY:
        return [float(n % 2)]
    if kind is LabelKind.CLASS:
        return [float(n % len(request.compiled.label.domain))]
    if kind is LabelKind.GRADES:
        return [float(n % 3 if i == 0 else i % 3 if i <= 2 + n % 3 else -1) for i in range(width)]
    if kind is LabelKind.TAGS:
        return (random.random(width) < 0.3).astype(float).tolist()
    return random.normal(size=width).tolist()


def scores_of(request: ReportRequest, drawn: Sample) -> np.ndarray:
    """Return plausible scores: the labels with noise."""
    relation, random = request.relation, np.random.default_rng(1)
    n = len(drawn.tuples)
    if relation.label is LabelKind.IMAGE:
        return random.random((n, 2 * 8 * 8))
    if relation.label is LabelKind.CLASS:
        shares = random.random((n, len(request.compiled.label.domain)))
        return shares / shares.sum(axis=1, keepdims=True)
    if relation.labelled and drawn.labels.shape[1] > 1:
        return drawn.labels + random.normal(size=drawn.labels.shape) / 3
    columns = max(1, len(relation.comparisons))
    return random.normal(size=(n, columns))


def evidence_of(name: str, tuples: int = 60, **changes: Any) -> Evidence:
    """Make the evidence of a shipped recipe; a model of it was refused."""
    loaded, request = request_of(name)
    tags = tuple(f"{n} {HOSTILE[n % 10]}" for n in range(len(request.compiled.label.domain)))
    request = request.model_copy(
        update={
            "description": HOSTILE[0],
            "compiled": request.compiled.model_copy(
                update={"label": request.compiled.label.model_copy(update={"domain": tags})}
            ),
        }
    )
    drawn = sample([record_of(loaded, request, n) for n in range(tuples)], request)
    plain = Evidence(
        request=request, stats=STATS, sample=drawn, lineage=((HOSTILE[4], HOSTILE[8]),)
    )
    if loaded.recipe.model is None:
        return dataclasses.replace(plain, **changes)
    members, random = drawn.members, np.random.default_rng(2)
    embeddings = {
        entity: Embeddings(mine, random.normal(size=(len(mine), 4)))
        for entity in request.relation.entities
        if (mine := tuple(members[key] for key in sorted(members) if key[0] == entity))
    }
    entities = next(iter(embeddings.values())).members
    neighbours = tuple((member, 0.25 * i, i % 2 == 0) for i, member in enumerate(entities[:9]))
    with_model = {
        "findings": findings(),
        "history": {
            "loss": [2.0, 1.0, 0.5],
            "val_loss": [2.0, 1.5, 1.75],
            "effective_rank": {"item": [3.0, 4.0, 5.0]},
        },
        "scores": scores_of(request, drawn),
        "image_shape": (8, 8, 1) if request.relation.label is LabelKind.IMAGE else None,
        "embeddings": embeddings,
        "neighbourhoods": tuple(
            Neighbourhood(member, neighbours, 0.5, n < 4) for n, member in enumerate(entities[:8])
        ),
    }
    return dataclasses.replace(plain, **{**with_model, **changes})


def findings() -> Findings:
    """Return the findings of a refused model."""
    return Findings(
        blessed=False,
        gates=(
            Gate("auc", 0.875, "≥ 0.75", True),
            Gate("accuracy", float("nan"), "≥ 0.9", False),
            Gate("auc", 0.5, "≥ 0.6", False, kind="slice", subset=f"label={HOSTILE[0]}"),
        ),
        metrics=(
            Metric("auc", 0.875, 0.85, 0.9, baseline=0.5, last_blessed=0.88),
            Metric("threshold", 0.25),
            Metric("map_at_r", 0.5, part="corpus"),
        ),
        slices=tuple(
            Slice(HOSTILE[1], text, {"auc": 0.1 * n, "examples": 50.0})
            for n, text in enumerate(HOSTILE)
        ),
        baseline=HOSTILE[2],
        corpus={
            "question": {"query": "item", "reference": "item", "references": "eval"},
            "counts": {"references": 100, "measured": 50, "without_match": 3},
        },
    )
