"""What sampling names, and which of its options the source can serve."""

from relation import kinds
from relation.checks.lookup import Lookup, wrong
from relation.core.errors import RecipeError
from relation.materialization import EdgeColumns, Materialization
from relation.sampling import (
    Negatives,
    PairSampling,
    RankedPairSampling,
    Sampling,
    ScoredPairSampling,
)
from relation.spec import LabelKind

SAMPLING, NEGATIVES = "relation.sampling", "relation.sampling.negatives"


def check(lookup: Lookup, asked: Materialization) -> None:
    """Checks `relation.sampling`."""
    sampling, (anchors, _) = getattr(asked.relation, "sampling", None), asked.ends
    if isinstance(sampling, Sampling):
        _check_source(lookup, asked, sampling)
        _check_negatives(lookup, asked, sampling.negatives)
    if isinstance(sampling, Sampling | RankedPairSampling) and sampling.weight is not None:
        lookup.expect_number(f"{SAMPLING}.weight", anchors, sampling.weight)
    if isinstance(sampling, ScoredPairSampling) and sampling.group is not None:
        lookup.expect_one_key(f"{SAMPLING}.group", anchors, sampling.group)


def _check_source(lookup: Lookup, asked: Materialization, sampling: Sampling) -> None:
    source, negatives = asked.relation.source, sampling.negatives
    if isinstance(source, kinds.SameLabel):
        _check_counts(sampling)
        one = lookup.features(asked.primary)[source.feature].width == 1
        _check_turns(sampling, one_label=one)
        _check_label_groups(source, negatives)
        return
    _check_ungrouped(sampling)
    if isinstance(source, kinds.Labels):
        _check_candidate_labels(negatives)
        return
    if sampling.weight is not None:
        raise RecipeError(
            f"{SAMPLING}.weight: got {sampling.weight!r}; the weight of an edge is a "
            "column of the edge list: name it in data.edges"
        )
    if isinstance(sampling, PairSampling) and asked.label is not LabelKind.BINARY:
        _check_valued(asked.label, sampling)


def _check_counts(sampling: Sampling) -> None:
    """All that share a label are related: too many to be listed."""
    for field in ("positives_per_anchor", "triplets_per_anchor", "tuples_per_anchor"):
        if getattr(sampling, field, None) == "all":
            raise RecipeError(
                f"{SAMPLING}.{field}: got 'all'; a label has as many pairs as the square of its "
                "rows: expected a number"
            )
    if sampling.known_positives:
        raise RecipeError(
            f"{SAMPLING}.known_positives: got {sampling.known_positives}; the positives of "
            "a label are those that have it: expected 0"
        )


def _check_turns(sampling: Sampling, *, one_label: bool) -> None:
    """Anchors and positives are counted among those of one label."""
    if one_label and sampling.negatives.where == "anywhere":
        return
    caps = sampling.caps.model_dump()
    for field, value in (
        ("balance", sampling.balance),
        *((f"caps.{name}", value) for name, value in caps.items()),
    ):
        if value is not None:
            raise RecipeError(
                f"{SAMPLING}.{field}: got {value}; it needs rows of one label each, and negatives "
                "from anywhere"
            )


def _check_label_groups(source: kinds.SameLabel, negatives: Negatives) -> None:
    """Labels are groups, of which the anchor's own holds no negative."""
    if negatives.draw == "popularity" and negatives.feature is None:
        raise RecipeError(
            f"{NEGATIVES}.feature: missing; draw: popularity needs a feature that counts, since "
            "there are no edges to be counted"
        )
    if negatives.where == "within" and negatives.group == source.feature:
        raise RecipeError(
            f"{NEGATIVES}.where: got 'within'; all that share the anchor's {source.feature!r} are "
            "its positives: expected another group"
        )
    if negatives.draw == "groups" and negatives.group not in (None, source.feature):
        raise wrong(f"{NEGATIVES}.group", negatives.group, "none: the groups are the labels")


def _check_ungrouped(sampling: Sampling) -> None:
    """Only labels that are shared group anchors; else each anchor is a group of its own."""
    counts = ("positives_per_anchor", "triplets_per_anchor", "tuples_per_anchor")
    count = next(name for name in counts if hasattr(sampling, name))
    for field, value in (
        ("balance", sampling.balance),
        ("caps.anchors_per_group", sampling.caps.anchors_per_group),
        ("caps.positives_per_group", sampling.caps.positives_per_group),
    ):
        if value is not None:
            raise RecipeError(
                f"{SAMPLING}.{field}: got {value}; only the source `same_label` has groups of "
                f"anchors: expected none, and a number for {count}, which balances and bounds what "
                "each anchor gives; caps.positives_per_entity bounds how often an entity is a "
                "positive"
            )


def _check_candidate_labels(negatives: Negatives) -> None:
    """Labels are known by their ids alone."""
    if negatives.draw == "groups":
        raise wrong(f"{NEGATIVES}.draw", "groups", "another: labels have no groups")
    for field in ("group", "feature"):
        if (value := getattr(negatives, field)) is not None:
            raise wrong(f"{NEGATIVES}.{field}", value, "none: labels have no features but their id")


def _check_valued(label: LabelKind, sampling: PairSampling) -> None:
    """Pairs with the values of edges: where there is no edge, a number may be 0, nothing else."""
    unasked = sampling.negatives_per_anchor is None and sampling.positive_share is None
    if unasked and sampling.negatives != Negatives():
        raise RecipeError(
            f"{NEGATIVES}: of edges with a {label.value} value no negatives are drawn unless "
            "negatives_per_anchor or positive_share asks for them"
        )
    if not unasked and sampling.some_negatives and label is not LabelKind.SCALAR:
        field = "negatives_per_anchor" if sampling.positive_share is None else "positive_share"
        raise RecipeError(
            f"{SAMPLING}.{field}: got {getattr(sampling, field)}; a drawn negative has no "
            f"{label.value} for a value: leave it out"
        )


def _check_negatives(lookup: Lookup, asked: Materialization, negatives: Negatives) -> None:
    anchors, candidates = asked.ends
    labelled = isinstance(asked.relation.source, kinds.SameLabel)
    if asked.given is not None:
        assert asked.given_input is not None
        _check_given(lookup, asked, asked.given_input, asked.given)
    if negatives.draw == "groups" and negatives.group is None and not labelled:
        raise RecipeError(f"{NEGATIVES}.group: missing; draw: groups needs a feature of groups")
    if negatives.where != "anywhere" and anchors != candidates:
        raise RecipeError(
            f"{NEGATIVES}.where: got {negatives.where!r}; anchors are of type {anchors}, negatives "
            f"of type {candidates}, and a group holds entities of one type: expected 'anywhere'"
        )
    if negatives.group is not None:
        lookup.expect_one_key(f"{NEGATIVES}.group", candidates, negatives.group)
    if negatives.feature is not None:
        lookup.expect_number(f"{NEGATIVES}.feature", candidates, negatives.feature)


def _check_given(lookup: Lookup, asked: Materialization, name: str, given: EdgeColumns) -> None:
    """A list of negatives leads from anchors to what may be in the place of a positive."""
    for side, end, entity in zip(
        ("left", "right"), (given.left, given.right), asked.ends, strict=True
    ):
        if end.entity != entity:
            what = "anchors" if side == "left" else "negatives"
            raise wrong(
                f"data.edges.{name}.{side}.entity", end.entity, f"{entity!r}, of which {what} are"
            )
    assert given.probability is not None
    lookup.expect_number(f"{NEGATIVES}.probability", name, given.probability)
