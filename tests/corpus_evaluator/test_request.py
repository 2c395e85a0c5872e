"""Which features a baseline may compare entities of two types by."""

from components.corpus_evaluator.request import CorpusRequest
from relation.schema import Feature, FeatureKind
from tests.relations import compiled


def feature(name, kind, width=1, dtype="bytes"):
    return Feature(name=name, kind=kind, dtype=dtype, width=width)


def test_features_are_shared_by_name_kind_and_for_numbers_by_width():
    """Texts are cut into words, whatever their number of values; numbers fill columns."""
    number, text, category = FeatureKind.NUMERIC, FeatureKind.TEXT, FeatureKind.CATEGORICAL
    features = {
        "user": (
            feature("size", number, 2, "float"),
            feature("place", number, 2, "float"),
            feature("words", text, 1),
            feature("kind", text),
            feature("age", number, 1, "int"),
        ),
        "item": (
            feature("words", text, 3),
            feature("kind", category),
            feature("place", number, 3, "float"),
            feature("size", number, 2, "int"),
        ),
    }
    request = CorpusRequest(
        compiled=compiled(
            {"user": "id", "item": "id"},
            {"type": "pairs", "source": {"type": "edges", "edges": "clicks"}},
            edges={
                "clicks": {
                    "left": {"entity": "user", "id": "who"},
                    "right": {"entity": "item", "id": "what"},
                }
            },
        ),
        features=features,
        schemas={},
        similarity="cosine",
        references="eval",
        slices=(),
    )
    names = {
        entity: [one.name for one in chosen] for entity, chosen in request.baseline_features.items()
    }
    assert names == {"user": ["size", "words"], "item": ["size", "words"]}
    # Whole in one type alone: floats in both, or their columns would differ.
    assert [chosen[0].dtype for chosen in request.baseline_features.values()] == ["float"] * 2
    own = {entity: [one.name for one in chosen] for entity, chosen in request.own_features.items()}
    assert own == {
        "user": ["age", "kind", "place", "size", "words"],
        "item": ["kind", "place", "size", "words"],
    }
