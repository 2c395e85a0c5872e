"""Registries of the parts of one kind, ours and those of plug-ins, by the names that recipes
use."""

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from relation.core.plugins import imported, load_plugins

T = TypeVar("T")


class Registry(Generic[T]):
    """Classes by name. Ours are dotted paths, imported when they are first asked for."""

    def __init__(self, kind: str, paths: Mapping[str, str]) -> None:
        """Takes the kind of the parts ("loss"), and the dotted path of each of our own by name."""
        self.kind = kind
        self._paths = paths
        self._registered: dict[str, type[T]] = {}

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Decorates the class of a plug-in, which recipes then name.

        Raises:
          ValueError: the name is taken.
        """

        def decorate(cls: type[T]) -> type[T]:
            if name in self._paths or name in self._registered:
                raise ValueError(f"{self.kind} {name!r} is already registered: choose another name")
            self._registered[name] = cls
            return cls

        return decorate

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        load_plugins()
        return tuple(sorted({*self._paths, *self._registered}))

    def __iter__(self) -> Iterator[str]:
        """Our names in the order of their lines, then those of plug-ins, sorted."""
        load_plugins()
        return iter([*self._paths, *sorted(self._registered)])

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> type[T]:
        """The class of a name; KeyError if there is none."""
        load_plugins()
        if name in self._registered:
            return self._registered[name]
        cls: type[T] = imported(self._paths[name])
        return cls
