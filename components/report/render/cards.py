"""Make the card of an entity: its image, or its features."""

from collections.abc import Mapping

from components.report.collect.tuple_sample import Member
from components.report.render import thumbnails
from components.report.render.page import Card, Mark
from components.report.request import ReportRequest
from components.report.text import Name, of_values, words
from relation.schema import FeatureKind

_FACTS = 7


class Cards:
    """Makes cards, and caches thumbnails."""

    def __init__(self, request: ReportRequest):
        self._features = request.features
        self._ids = request.compiled.entities
        columns = request.compiled.label_by, request.compiled.grade_by
        self._relation_features = tuple(name for name in columns if name is not None)
        self._thumbnails: dict[tuple[str, bytes], str | None] = {}

    def card(
        self, member: Member, *, role: str = "", note: str = "", mark: Mark | None = None
    ) -> Card:
        """Make the card of an entity; `role`, `note` and `mark` as in `Card`."""
        kinds = {f.name: f.kind for f in self._features[member.entity]}
        has_image = any(kind is FeatureKind.IMAGE for kind in kinds.values())
        order = sorted(kinds, key=lambda name: _order(name, kinds[name], self._relation_features))
        names = [
            name
            for name in order
            if kinds[name] is not FeatureKind.IMAGE
            and name != self._ids[member.entity]
            and name in member.features
            and (name in self._relation_features or not has_image)
        ]
        return Card(
            name=Name.of(member.id),
            image=self._thumbnail(member, kinds) if has_image else None,
            facts=tuple((words(n), of_values(member.features[n])) for n in names[:_FACTS]),
            role=role,
            note=note,
            mark=mark,
        )

    def name(self, member: Member) -> str:
        """Return a short name of an entity: its text, or else its id."""
        kinds = {f.name: f.kind for f in self._features[member.entity]}
        texts = [
            n for n, kind in kinds.items() if kind is FeatureKind.TEXT and n in member.features
        ]
        return of_values(member.features[texts[0]]) if texts else Name.of(member.id)

    def _thumbnail(self, member: Member, kinds: Mapping[str, FeatureKind]) -> str | None:
        if member.key not in self._thumbnails:
            encoded = next(
                (
                    values[0]
                    for name, values in member.features.items()
                    if kinds.get(name) is FeatureKind.IMAGE
                ),
                b"",
            )
            self._thumbnails[member.key] = (
                thumbnails.thumbnail(encoded) if isinstance(encoded, bytes) else None
            )
        return self._thumbnails[member.key]


def _order(
    name: str, kind: FeatureKind, relation_features: tuple[str, ...]
) -> tuple[bool, bool, str]:
    """Sort features: those of the relation first, then text, then the others."""
    return name not in relation_features, kind is not FeatureKind.TEXT, name
