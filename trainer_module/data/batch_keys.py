"""Keys of tuples: ids and groups as hashes, which tell who is related within a batch."""

from relation.core.errors import RecipeError
from relation.load import LoadedRecipe
from relation.names import ID, POSITIVE_IDS, prefixed
from relation.spec import Frozen, Relation

BATCH_LOSSES = frozenset(
    {"circle", "in_batch_softmax", "multi_similarity", "nt_xent", "supervised_contrastive"}
)
PROXY_LOSSES = frozenset({"proxy_anchor"})
"""The losses that need keys; named here, so that Transform depends on no loss."""


class Keys(Frozen):
    """Which keys travel: the id of every role, and what more is known.

    `group`: the feature whose values say who is related. `known`: whether tuples carry ids of the
    anchor's known positives.
    """

    group: str | None = None
    known: bool = False

    def names(self, relation: Relation) -> tuple[str, ...]:
        """The features of tuples that are hashed."""
        more = (ID,) if self.group is None else (ID, self.group)
        own = (POSITIVE_IDS,) if self.known else ()
        return (*(prefixed(role.name, name) for role in relation.roles for name in more), *own)

    @classmethod
    def of(cls, loaded: LoadedRecipe) -> "Keys | None":
        """The keys that the recipe's model needs.

        Raises:
          RecipeError: it mines or has proxies, and no group says who is related.
        """
        model, compiled = loaded.recipe.model, loaded.compiled
        if model is None:
            return None
        grouped = model.mining is not None or model.loss.type in PROXY_LOSSES
        if not grouped and model.loss.type not in BATCH_LOSSES:
            return None
        if grouped and compiled.batch_group is None:
            field, part = ("mining", model.mining) if model.mining else ("loss", model.loss)
            raise RecipeError(
                f"{loaded.path}: model.{field}: got {part.type!r}; it needs groups, that is the "
                f"source same_label, and the source is {loaded.recipe.relation.source.type}"
            )
        return cls(
            group=compiled.batch_group,
            known=compiled.sampling.known_positives > 0,
        )


def hashed(name: str) -> str:
    """Name of the transformed feature with the hashes of a feature, int64, variable-length."""
    return f"{name}_key"


def as_text(name: str) -> str:
    """Name of the transformed feature with the values of a feature as text, string [batch, 1]."""
    return f"{name}_text"
