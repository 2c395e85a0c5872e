"""Keys of tuples: hashes of ids and groups, which define who is related within a batch."""

from relation.names import FILTERED_IDS, ID, POSITIVE_IDS, prefixed
from relation.spec import Frozen, Relation


class Keys(Frozen):
    """The keys to hash: the id of every role, and what else defines who is related.

    group: the feature whose values say who is related; None: there is none.
    known_positives: whether tuples carry the ids of the anchor's known positives.
    filtered: whether tuples of evaluation carry those of its positives in other splits.
    """

    group: str | None = None
    known_positives: bool = False
    filtered: bool = False

    def names(self, relation: Relation) -> tuple[str, ...]:
        """The features of tuples that are hashed."""
        names = (ID,) if self.group is None else (ID, self.group)
        of_members = (prefixed(role.name, name) for role in relation.roles for name in names)
        lists = {POSITIVE_IDS: self.known_positives, FILTERED_IDS: self.filtered}
        return (*of_members, *(name for name, carried in lists.items() if carried))


def hashed(name: str) -> str:
    """Name of the transformed feature with the hashes of a feature, int64, variable-length.

    Names of roles begin with a small letter, so no feature of a role has such a name.
    """
    return f"KEY_{name}"


def as_text(name: str) -> str:
    """Name of the transformed feature with the values of a feature as text, string [batch, 1]."""
    return f"TEXT_{name}"
