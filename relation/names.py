"""Names that several parts share: features of a tuple, splits, and inputs of components."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from relation.core.errors import RecipeError

RELATION = "relation"
"""The label of a tuple, if its relation has one."""
NEGATIVE_PROB = "negative_prob"
"""Marginal probability that each of the tuple's negatives was drawn."""
RELATION_WEIGHT = "relation_weight"
"""The weight of the tuple."""
POSITIVE_IDS = "positive_ids"
"""Ids of the anchor's known positives, if requested."""
FILTERED_IDS = "filtered_ids"
"""In tuples of evaluation, ids of the anchor's positives in other splits: no negatives either."""
TUPLE_FEATURES = (RELATION, NEGATIVE_PROB, RELATION_WEIGHT, POSITIVE_IDS, FILTERED_IDS)
"""Features of a tuple that belong to none of its members."""
DOCUMENTS_CUT = "documents_cut"
"""Counter in `relation_stats.json`: documents that did not fit into lists."""
TRAIN, EVAL, TEST = "train", "eval", "test"
"""The splits of rows, and of tuples. A model learns from `train`. `eval` chooses: the epoch, the
trial, decision thresholds, and by the gates whether a model is blessed. `test`, where a recipe asks
for one, is measured and chooses nothing. Their roles are said by the two constants below."""
TRAINED = (TRAIN, EVAL)
"""The splits that training sees: Transform transforms no other."""
MEASURED = (EVAL, TEST)
"""The splits that evaluators measure: the one that chooses first."""
ENTITIES = "entities"
"""A further split of the tuples' artifact: each training entity once, for Transform to analyze."""
ID = "id"
"""The name of a member's id in a tuple, `<role>_id`, whatever its id feature is called."""
EXAMPLES, OTHER_EXAMPLES = "examples", "other_examples"
"""Inputs of a component that reads the rows of one or two entity types."""


def prefixed(role: str, feature: str) -> str:
    """Returns the name of a member's feature in a tuple, `<role>_<feature>`."""
    return f"{role}_{feature}"


def tuple_feature_names(
    features_by_role: Mapping[str, Iterable[str]],
) -> dict[str, tuple[str, str]]:
    """Names every feature of a tuple.

    Args:
      features_by_role: the feature names of each role's entity type.

    Returns:
      {name in the tuple: (role, feature)}, without the features of the tuple itself.

    Raises:
      RecipeError: two features, or a feature and one of the tuple's own, get the same name
        (`left` + `x_y` and `left_x` + `y` both are `left_x_y`).
    """
    origins: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for role, features in features_by_role.items():
        for feature in sorted({*features, ID}):
            origins[prefixed(role, feature)].append((role, feature))
    for name, pairs in sorted(origins.items()):
        shown = " and ".join(f"role {r!r} + feature {f!r}" for r, f in pairs)
        if len(pairs) > 1:
            raise RecipeError(f"relation: {shown} both become {name!r}: rename a role or a feature")
        if name in TUPLE_FEATURES:
            raise RecipeError(
                f"relation: {shown} becomes {name!r}, a name that the tuple itself uses: "
                "rename the role or the feature"
            )
    return {name: pairs[0] for name, pairs in origins.items()}


def entity_inputs(entities: Iterable[str], what: str = EXAMPLES) -> dict[str, str]:
    """The entity type of each input, by the name of the input.

    Args:
      entities: in the recipe's order.
      what: the name of the first type's input; the second's begins with `other_`.

    >>> entity_inputs(["user", "item"])
    {'examples': 'user', 'other_examples': 'item'}
    """
    return dict(zip((what, f"other_{what}"), entities, strict=False))
