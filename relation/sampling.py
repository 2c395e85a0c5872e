"""How tuples are sampled from the relationships that a source states."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from relation.core.config import Name
from relation.spec import Frozen

Count: TypeAlias = Annotated[int, Field(ge=0, le=1000)] | Literal["all"]
PositiveCount: TypeAlias = Annotated[int, Field(ge=1, le=1000)] | Literal["all"]
DEFAULT_ALPHA = 0.75


class Negatives(Frozen):
    """Which entities negatives are drawn from, and how; known positives are never among them.

    | draw | probability of an entity |
    |---|---|
    | `uniform` | the same for each |
    | `groups` | the same for each group, then for each entity in it |
    | `popularity` | in proportion to f^alpha; f: its number of edges, or its value of `feature` |
    | `given` | what the list `edges` says in its column `probability`, of those that it names |

    """

    draw: Literal["uniform", "groups", "popularity", "given"] = "uniform"
    """How candidates are weighed: all alike; each group alike, then each entity in it; by
    popularity f^`alpha`; or taken from the list `edges` with the probabilities it states."""
    alpha: float = Field(DEFAULT_ALPHA, ge=0, le=2)
    """Exponent of the popularity f. Candidates of f = 0 are never drawn. Only with `draw:
    popularity`."""
    feature: str | None = None
    """A numeric feature of the candidates that is their popularity; by default the number of their
    edges. Only with `draw: popularity`."""
    group: str | None = None
    """A feature of the candidates whose values are their groups. Needed by `where`, and by
    `draw: groups` of other sources than `same_label`, whose groups are its labels."""
    where: Literal["anywhere", "within", "outside"] = "anywhere"
    """Which candidates: all, only those of the anchor's `group`, or only those outside it."""
    edges: Name | None = None
    """The list of negatives, a name in `data.edges`. Only with `draw: given`, and required."""
    probability: str | None = None
    """The column of that list with the probability, in (0, 1], that a row came to be listed. Only
    with `draw: given`, and required."""

    @property
    def weighted(self) -> bool:
        """Whether some entities are drawn more often than others, as their weights say."""
        return self.draw in ("groups", "popularity")

    @model_validator(mode="after")
    def _given(self) -> "Negatives":
        for name in ("edges", "probability"):
            if self.draw == "given" and getattr(self, name) is None:
                raise ValueError(f"draw: given needs `{name}`")
            if self.draw != "given" and getattr(self, name) is not None:
                raise ValueError(f"draw: {self.draw} takes no `{name}`, only given does")
        if self.draw == "given" and self.group is not None:
            raise ValueError(
                "draw: given takes no `group`: the list says which negatives an anchor has"
            )
        return self

    @model_validator(mode="after")
    def _fields_fit(self) -> "Negatives":
        if self.where != "anywhere" and self.group is None:
            raise ValueError(f"where: {self.where} needs a `group`")
        if self.feature is not None and self.draw != "popularity":
            raise ValueError(f"draw: {self.draw} takes no `feature`")
        if self.alpha != DEFAULT_ALPHA and self.draw != "popularity":
            raise ValueError(f"draw: {self.draw} takes no `alpha`")
        if self.group is not None and self.draw != "groups" and self.where == "anywhere":
            raise ValueError(
                "`group` has an effect only with draw: groups, or where: within or outside"
            )
        if self.draw == "groups" and self.where == "within":
            raise ValueError("draw: groups with where: within leaves only one group to draw from")
        return self


class Caps(Frozen):
    """Upper bounds of what is drawn.

    There is no cap on negatives: it would falsify the probability that each carries.
    """

    anchors_per_group: int | None = Field(None, ge=1, le=10**9)
    """Entities of a group that are anchors. Only with `same_label`."""
    positives_per_group: int | None = Field(None, ge=1, le=10**9)
    """Positives drawn within a group. Only with `same_label`."""
    positives_per_entity: int | None = Field(None, ge=1, le=10**9)
    """Times that an entity is drawn as a positive. Any edge with a value counts, but with
    `positive_from`, or of `binary` values, only those that are positives."""

    @model_validator(mode="before")
    @classmethod
    def _no_cap_on_negatives(cls, data: object) -> object:
        if isinstance(data, dict):
            for name in data:
                if "negative" in str(name):
                    raise ValueError(
                        f"{name}: a cap on negatives would falsify their probabilities; draw fewer "
                        "negatives, or draw by `popularity` with a smaller alpha"
                    )
        return data


class Sampling(Frozen):
    """What pairs, triplets and n-tuples have in common."""

    negatives: Negatives = Negatives()
    """Where negatives are drawn from, and how."""
    caps: Caps = Caps()
    """Upper bounds of what is drawn."""
    balance: int | None = Field(None, ge=1, le=10**6)
    """Anchors that each group gives; its members take turns, and repeat in a small group. So rare
    groups are seen as often as frequent ones. Only with `same_label`; not with
    `caps.anchors_per_group`."""
    weight: str | None = None
    """The anchor's feature that becomes the weight of its tuples, `relation_weight`; ≥ 0. Edges
    have theirs in `data.edges.<name>.weight`."""
    known_positives: int = Field(0, ge=0, le=10**6)
    """Ids of the anchor's positives that travel with a tuple as `positive_ids`, at most. With
    `edges` and `labels`, for losses that mask them within a batch."""

    @model_validator(mode="after")
    def _balance_or_cap(self) -> "Sampling":
        if self.balance is not None and self.caps.anchors_per_group is not None:
            raise ValueError(
                "balance: it already sets the number of anchors per group; remove "
                "caps.anchors_per_group"
            )
        return self


class PairSampling(Sampling):
    """Pairs of each anchor; its negatives are distinct."""

    positives_per_anchor: Count = 1
    """Related pairs of each anchor; `all` of `edges` and `labels`: one for each positive."""
    negatives_per_anchor: int | None = Field(None, ge=0, le=1000)
    """Unrelated pairs of each anchor. By default 1; 0 for edges with a value."""
    positive_share: float | None = Field(None, gt=0, le=1)
    """Share of related pairs among all, in place of `negatives_per_anchor`. The number of an
    anchor's negatives is rounded up or down by its hash, so that the share holds on average."""

    @model_validator(mode="after")
    def _some_tuple(self) -> "PairSampling":
        if self.positive_share is not None and self.negatives_per_anchor is not None:
            raise ValueError("only one of `positive_share` and `negatives_per_anchor` may be given")
        if self.positive_share is not None and not self.positives_per_anchor:
            raise ValueError("`positive_share` needs positives, but positives_per_anchor is 0")
        if not self.positives_per_anchor and not self.some_negatives:
            raise ValueError("positives and negatives are both 0, so no pair would be made")
        if self.negatives != Negatives() and not self.some_negatives:
            raise ValueError("`negatives` says how to draw negatives, but the recipe asks for none")
        capped = self.caps.positives_per_group or self.caps.positives_per_entity
        if capped and not self.positives_per_anchor:
            raise ValueError("`caps` limits positives, but the recipe asks for none")
        return self

    @property
    def some_negatives(self) -> bool:
        """Whether negatives are drawn at all."""
        share = self.positive_share
        return self.negatives_per_anchor != 0 if share is None else share < 1


class TripletSampling(Sampling):
    """Triplets of each anchor; its negatives are distinct."""

    triplets_per_anchor: PositiveCount = 1
    """Triplets of each anchor; `all` of `edges` and `labels`: one for each positive."""


class NTupleSampling(Sampling):
    """Tuples of each anchor, each with distinct positives and distinct negatives."""

    tuples_per_anchor: PositiveCount = 1
    """Tuples of each anchor; `all` of `edges` and `labels`: one for each positive."""
    positives_per_tuple: int = Field(1, ge=1, le=100)
    """Positives in a tuple: `positive`, or `positive_0`, `positive_1`, …"""
    negatives_per_tuple: int = Field(4, ge=1, le=1000)
    """Negatives in a tuple: `negative_0`, `negative_1`, …"""


class RankedPairSampling(Frozen):
    """Distinct ordered pairs of each group; all of them where there are fewer."""

    pairs_per_group: int = Field(100, ge=1, le=10**6)
    """Pairs of each query, every ordered pair equally likely; all if there are fewer."""
    weight: str | None = None
    """The feature of the preferred document that becomes `relation_weight`; ≥ 0."""


class ListSampling(Frozen):
    """One list of each group."""

    length: int = Field(32, ge=1, le=1000)
    """Documents in a list, at most. Of a longer query the seed chooses, and the cut is counted."""


class ScoredPairSampling(Frozen):
    """Distinct partners of each anchor, drawn uniformly."""

    pairs_per_anchor: int = Field(4, ge=1, le=1000)
    """Pairs of each anchor."""
    group: str | None = None
    """A feature that both members of a pair share; by default any entity is a partner."""
