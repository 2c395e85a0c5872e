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

    `group`: a feature whose values are the groups (`same_label` with draw: groups: its labels).
    `where`: only entities of the anchor's group, or only those outside it.
    """

    draw: Literal["uniform", "groups", "popularity", "given"] = "uniform"
    alpha: float = Field(DEFAULT_ALPHA, ge=0, le=2)
    feature: str | None = None
    group: str | None = None
    where: Literal["anywhere", "within", "outside"] = "anywhere"
    edges: Name | None = None
    probability: str | None = None

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
            raise ValueError("draw: given takes no `group`: which negatives an anchor has is given")
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
                "`group` is of use only with draw: groups, or where: within or outside"
            )
        if self.draw == "groups" and self.where == "within":
            raise ValueError("draw: groups within the anchor's group would draw from one alone")
        return self


class Caps(Frozen):
    """At most so many: anchors of a group, positives of a group, positives that an entity is.

    There is no cap on negatives: it would falsify the probability that each carries.
    """

    anchors_per_group: int | None = Field(None, ge=1)
    positives_per_group: int | None = Field(None, ge=1)
    positives_per_entity: int | None = Field(None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _no_cap_on_negatives(cls, data: object) -> object:
        if isinstance(data, dict):
            for name in data:
                if "negative" in str(name):
                    raise ValueError(
                        f"{name}: a cap on negatives would make their probabilities false; lower "
                        "the number that is drawn, or draw by `popularity` with a smaller alpha"
                    )
        return data


class Sampling(Frozen):
    """What all samplings share.

    `balance`: anchors that each group gives, its members in turn as often as it takes; so rare
    groups are seen as often as frequent ones. `weight`: the feature of the anchor (or column of the
    edge list) that becomes `relation_weight`. `known_positives`: up to so many of the anchor's
    known positives travel with the tuple, as ids (`positive_ids`).
    """

    negatives: Negatives = Negatives()
    caps: Caps = Caps()
    balance: int | None = Field(None, ge=1, le=10**6)
    weight: str | None = None
    known_positives: int = Field(0, ge=0, le=10**6)

    @model_validator(mode="after")
    def _balance_or_cap(self) -> "Sampling":
        if self.balance is not None and self.caps.anchors_per_group is not None:
            raise ValueError("balance: already says how many anchors a group has; drop the cap")
        return self


class PairSampling(Sampling):
    """Pairs of each anchor; its negatives are distinct.

    `positive_share`: instead of a number of negatives, the share of positives among all pairs; the
    number of an anchor is rounded up or down by its hash, so that the share holds on average.
    """

    positives_per_anchor: Count = 1
    negatives_per_anchor: int | None = Field(None, ge=0, le=1000)
    positive_share: float | None = Field(None, gt=0, le=1)

    @model_validator(mode="after")
    def _some_tuple(self) -> "PairSampling":
        if self.positive_share is not None and self.negatives_per_anchor is not None:
            raise ValueError("only one of `positive_share` and `negatives_per_anchor` may be given")
        if self.positive_share is not None and not self.positives_per_anchor:
            raise ValueError("`positive_share` is a share of no positives")
        if not self.positives_per_anchor and not self.some_negatives:
            raise ValueError("positives and negatives are both 0, so no pair is asked for")
        if self.negatives != Negatives() and not self.some_negatives:
            raise ValueError("`negatives` says how negatives are drawn, and none is asked for")
        capped = self.caps.positives_per_group or self.caps.positives_per_entity
        if capped and not self.positives_per_anchor:
            raise ValueError("`caps` limit positives, and none is asked for")
        return self

    @property
    def negative_count(self) -> int:
        """Negatives of each anchor, where no share of positives is asked for."""
        if self.positive_share is not None:
            return 0
        return 1 if self.negatives_per_anchor is None else self.negatives_per_anchor

    @property
    def some_negatives(self) -> bool:
        """Whether negatives are drawn at all."""
        return self.negative_count > 0 or (self.positive_share or 1) < 1


class TripletSampling(Sampling):
    """Triplets of each anchor; its negatives are distinct. `all`: one for each positive."""

    triplets_per_anchor: PositiveCount = 1


class NTupleSampling(Sampling):
    """Tuples of each anchor, each of some positives and some negatives, which are distinct."""

    tuples_per_anchor: PositiveCount = 1
    positives_per_tuple: int = Field(1, ge=1, le=100)
    negatives_per_tuple: int = Field(4, ge=1, le=1000)


class RankedPairSampling(Frozen):
    """Distinct ordered pairs of each group; all of them where there are fewer."""

    pairs_per_group: int = Field(100, ge=1, le=10**6)
    weight: str | None = None


class ListSampling(Frozen):
    """A list of each group, of at most `length` documents; if there are more, the seed chooses."""

    length: int = Field(32, ge=1, le=1000)


class ScoredPairSampling(Frozen):
    """Distinct others of each anchor, uniform over all, or over those of its group."""

    pairs_per_anchor: int = Field(4, ge=1, le=1000)
    group: str | None = None
