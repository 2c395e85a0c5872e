"""A source in one file outside the project: recipes name it, and RelationGen makes its tuples."""

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import permutations

import pytest

from pipeline.dag import RELATION_GEN_CODE
from relation.core import plugins
from relation.core.errors import RecipeError
from relation.core.fingerprint import code_fingerprint
from relation.load import PROJECT, load_recipe
from relation.sources.base import SOURCES
from tests.relation_gen.helpers import row, tuples, write

SOURCE = '''
"""The source `same_prefix`: rows whose values of a feature start alike are related."""

from typing import ClassVar, Literal

from relation.compiled import NO_LABEL, SEVERAL_LABELS, KeyColumn, Relationships, RowRequirements
from relation.sources.base import RELATED, SOURCES, Context, Source


@SOURCES.register("same_prefix")
class SamePrefix(Source):
    """Rows are related when the values of a feature start alike."""

    relation_types: ClassVar[tuple[str, ...]] = RELATED

    type: Literal["same_prefix"]
    feature: str

    def check(self, context: Context) -> None:
        context.expect_one_key("relation.source.feature", self.primary(context.data), self.feature)

    def compile(self, context: Context) -> Relationships:
        entity = self.primary(context.data)
        key = KeyColumn(name=self.feature, absent=NO_LABEL, several=SEVERAL_LABELS)
        rows = RowRequirements(keys=(key,), group_by=self.feature, group_key=f"{__name__}.prefix")
        return Relationships(
            structure="groups",
            anchor=entity,
            candidate=entity,
            group_by=self.feature,
            rows={entity: rows},
            withheld={entity: (self.feature,)},
        )


def prefix(value: bytes) -> bytes:
    return value.partition(b"-")[0]
'''
RECIPE = {
    "name": "prefixes",
    "data": {"entities": {"item": {"schema": "item.pbtxt", "path": "unused"}}},
    "relation": {
        "type": "triplets",
        "source": {"type": "same_prefix", "feature": "code"},
        "sampling": {"triplets_per_anchor": 2},
        "seed": 3,
    },
}
SCHEMA = "\n".join(f'feature {{ name: "{name}" type: BYTES }}' for name in ("id", "code"))
CODES = {
    "train": ("red-1", "red-2", "red-7", "blue-1", "blue-9", "green-1"),
    "eval": ("red-3", "red-4", "blue-5", "blue-5"),
}


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    path = tmp_path / "same_prefix.py"
    path.write_text(SOURCE)
    monkeypatch.setenv(plugins.VARIABLE, str(path))
    yield path
    plugins._load.cache_clear()
    SOURCES._registered.clear()
    sys.modules.pop("same_prefix", None)


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "item.pbtxt").write_text(SCHEMA)
    path = tmp_path / "prefixes.yaml"
    path.write_text(json.dumps(RECIPE))
    return path


def test_a_recipe_names_it(plugin, recipe):
    assert "same_prefix" in SOURCES.names
    loaded = load_recipe(str(recipe))
    assert loaded.recipe.relation.source.type == "same_prefix"
    assert loaded.compiled.structure == "groups"
    assert [feature.name for feature in loaded.features] == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"type": "same_prefix"}, r"relation\.source\.feature: missing; it is required$"),
        ({"type": "same_prefix", "feature": "code", "depth": 1}, r"relation\.source\.depth: unknown key \(value 1\); expected one of"),
        ({"type": "same_prefix", "feature": "colour"}, r"relation\.source\.feature: got 'colour'; expected a feature of .*item\.pbtxt: id, code$"),
        ({"type": "prefix"}, r"relation\.source\.type: got 'prefix'; input should be one of 'same_label', 'edges', 'labels', 'same_prefix'$"),
    ],
)  # fmt: skip
def test_its_faults_are_told_like_ours(plugin, recipe, source, message):
    recipe.write_text(json.dumps({**RECIPE, "relation": {"type": "triplets", "source": source}}))
    with pytest.raises(RecipeError, match=message):
        load_recipe(str(recipe))


def test_another_relation_type_does_not_take_it(plugin, recipe):
    relation = {"type": "tags", "source": {"type": "same_prefix", "feature": "code"}}
    recipe.write_text(json.dumps({**RECIPE, "relation": relation}))
    with pytest.raises(RecipeError, match=r"got 'same_prefix'; input should be 'labels'$"):
        load_recipe(str(recipe))


def test_an_edit_makes_its_tuples_stale(plugin):
    before = code_fingerprint(*RELATION_GEN_CODE)
    plugin.write_text(SOURCE.replace('b"-"', 'b"_"'))
    assert code_fingerprint(*RELATION_GEN_CODE) != before


@pytest.mark.parametrize(
    "flags",
    [[], ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]],
    ids=["one process", "two workers"],
)
def test_relation_gen_makes_its_tuples(plugin, recipe, tmp_path, flags):
    for split, codes in CODES.items():
        rows = [row(id=f"{split}{n}".encode(), code=code.encode()) for n, code in enumerate(codes)]
        write(tmp_path / "in" / f"Split-{split}" / "0.gz", rows)
    output = tmp_path / "out"
    command = [sys.executable, "-m", "components.relation_gen", "--recipe", str(recipe)]
    command += ["--input", str(tmp_path / "in" / "*" / "*"), "--output", str(output), *flags]
    done = subprocess.run(
        command, cwd=PROJECT, env=dict(os.environ), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for split, codes in CODES.items():
        colour = {f"{split}{n}".encode(): code.partition("-")[0] for n, code in enumerate(codes)}
        actual = [
            tuple(one[f"{role}_id"] for role in ("anchor", "positive", "negative"))
            for one in tuples(output, split)
        ]
        possible = {
            (a, p, n) for a, p, n in permutations(colour, 3) if colour[a] == colour[p] != colour[n]
        }
        assert set(actual) <= possible
        # Two triplets of each row that is not alone of its colour.
        assert Counter(anchor for anchor, _, _ in actual) == dict.fromkeys(
            (key for key in colour if list(colour.values()).count(colour[key]) > 1), 2
        )
    stats = json.loads((output / "relation_stats.json").read_text())
    assert stats["splits"]["train"]["shortfall"] == {"no_positive": 2}  # Of the one that is green.
    assert stats["splits"]["train"]["labels"] == 3
