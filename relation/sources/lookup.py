"""Looks up a recipe's names in the schemas, and raises errors about what does not fit."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2

from relation import schema as schemas
from relation.core.errors import RecipeError, did_you_mean
from relation.data import Data
from relation.schema import Feature


@dataclass(frozen=True)
class Lookup:
    """A recipe's data, and the schemas that it names: of each entity type and edge list, by name.

    Either is called a table. Every `expect…` raises a RecipeError that names the recipe's field.
    """

    data: Data
    schemas: Mapping[str, schema_pb2.Schema]
    paths: Mapping[str, Path]

    def features(self, table: str) -> dict[str, Feature]:
        """The features of a table by name."""
        return schemas.read_features(self.schemas[table])

    def id_of(self, entity: str) -> Feature:
        """The feature that identifies the rows of an entity type."""
        return self.expect(f"data.entities.{entity}.id", entity, self.data.entities[entity].id)

    def expect(self, field: str, table: str, name: str) -> Feature:
        """A feature that exists."""
        features = self.features(table)
        if name not in features:
            listed = ", ".join(features) + did_you_mean(name, features)
            raise wrong(field, name, f"a feature of {self.paths[table]}: {listed}")
        return features[name]

    def expect_key(self, field: str, table: str, name: str) -> Feature:
        """A feature that can group rows, by one value or several."""
        feature = self.expect(field, table, name)
        fit = schemas.key_features(self.schemas[table])
        if name not in fit:
            raise RecipeError(
                f"{field}: got {name!r}, an image or a float; expected a feature of bytes or "
                f"integers: {', '.join(fit)}"
            )
        return feature

    def expect_one_key(self, field: str, table: str, name: str) -> Feature:
        """A feature with one value, which identifies a row or its group."""
        return _single(field, self.expect_key(field, table, name))

    def expect_numbers(self, field: str, table: str, name: str) -> Feature:
        """A feature of numbers, one or several."""
        feature = self.expect(field, table, name)
        if feature.dtype == "bytes":
            raise RecipeError(f"{field}: got {name!r}, a feature of bytes; expected numbers")
        return feature

    def expect_number(self, field: str, table: str, name: str) -> Feature:
        """A feature of one number."""
        return _single(field, self.expect_numbers(field, table, name))

    def expect_domain(self, field: str, table: str, name: str) -> tuple[str, ...]:
        """The possible values of a feature, which its schema must list or bound."""
        self.expect_key(field, table, name)
        domain = schemas.domain_of(self.schemas[table], name)
        if not domain:
            raise RecipeError(
                f"{field}: got {name!r}; expected a feature whose values {self.paths[table]} lists "
                f"in a string_domain, or bounds in an int_domain (at most {schemas.MAX_DOMAIN})"
            )
        return domain

    def expect_label(self, field: str, table: str, name: str, kind: str) -> None:
        """A feature that can be a label of a kind: a class, a number or several."""
        if kind == "class":
            self.expect_domain(field, table, name)
            self.expect_one_key(field, table, name)
        elif kind == "vector":
            self.expect_numbers(field, table, name)
        else:
            self.expect_number(field, table, name)

    def expect_type(self, field: str, table: str, name: str, like: Feature, what: str) -> None:
        """A feature with the type of another one, whose values it refers to."""
        feature = self.expect(field, table, name)
        if feature.dtype != like.dtype:
            raise RecipeError(
                f"{field}: got {name!r}, of type {feature.dtype} in {self.paths[table]}; expected "
                f"{like.dtype}, the type of {what}"
            )

    def expect_entity(self, field: str, name: str) -> None:
        """An entity type that the recipe has."""
        expect_one_of(field, name, "an entity type", self.data.entities)


def wrong(field: str, got: Any, expected: str) -> RecipeError:
    """The error for a field with an unexpected value."""
    return RecipeError(f"{field}: got {got!r}; expected {expected}")


def expect_one_of(field: str, name: str, what: str, names: Collection[str]) -> None:
    """Raises RecipeError, which lists the names, if a name is not among them."""
    if name not in names:
        raise wrong(field, name, f"{what}: {_listed(names)}{did_you_mean(name, names)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "(there is none)"


def _single(field: str, feature: Feature) -> Feature:
    if feature.width != 1:
        raise RecipeError(
            f"{field}: got {feature.name!r}, a feature of {feature.width} values; expected one"
        )
    return feature
