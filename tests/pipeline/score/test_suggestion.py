"""The command that a run prints fits its relation, for every shipped recipe."""

import pytest

from pipeline.score.suggestion import suggestion
from relation.load import RECIPES, load_recipe
from trainer_module.build_request import training_request
from trainer_module.model.interface import interface_of
from trainer_module.registry import HEADS, task_of

NEAREST = ["--neighbours", "5", "--first", "5"]
FIRST = ["--first", "5"]
EXPECTED = {
    "digits": ["item.gz", *NEAREST],
    "two_tower_retrieval": ["user=user.gz", "item=item.gz", *NEAREST],
    "entity_matching": ["pairs.gz", *FIRST],
    "search_ranking": ["document=document.gz", "query=query.gz", *FIRST],
    "similarity_regression": ["wine.gz", *FIRST],
    "relation": ["product.gz", "--pairs", "links.gz", *FIRST],
    "image_tags": ["scene.gz", *FIRST],
    "label_completion": ["scene.gz", *FIRST],
    "label_conditioned": ["scene=scene.gz", *FIRST],
    "image_labels": [
        "photograph=photograph.gz",
        "drawing=drawing.gz",
        "--pairs",
        "links.gz",
        *FIRST,
    ],
    "image_labels_dense": None,
}
"""By the beginning of a recipe's name, the longest that fits."""


def interface(name):
    loaded = load_recipe(name)
    request = training_request(loaded)
    head = HEADS.resolve(request.model.head)
    return loaded, interface_of(request, task_of(head, loaded.tuples, 2))


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_the_command_fits_the_relation(name):
    loaded, described = interface(name)
    files = {table: f"{table}.gz" for table in loaded.recipe.data.tables}
    begun = max((begin for begin in EXPECTED if name.startswith(begin)), key=len)
    assert suggestion(described, files) == EXPECTED[begun]
    assert suggestion(described.model_copy(update={"compiled": None}), files) is None
    assert suggestion(described, {}) is None


def test_without_the_rows_of_one_type_the_others_are_embedded():
    _, described = interface("two_tower_retrieval")
    assert suggestion(described, {"user": "u.gz"}) == ["user=u.gz", *FIRST]
    assert suggestion(described, {"item": "i.gz"}) is None
