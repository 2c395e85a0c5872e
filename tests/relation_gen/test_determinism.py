"""The same tuples in the same order, however the input comes and wherever the work is done."""

import hashlib
import random
from pathlib import Path

import apache_beam as beam
import pytest

from components.relation_gen import context, memory
from components.relation_gen.pipeline import Materialize
from components.relation_gen.transforms import write
from tests.relation_gen.helpers import row, shards
from tests.relation_gen.helpers_cases import make, put, recipe, schema

MULTI = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
MEMORY = 320 * 2**20
OUTPUTS = ("train", "eval", "entities")


def same_label(folder):
    draw = random.Random(1)
    rows = [
        row(id=b"%d" % n, label=[draw.randrange(5), 5 + n % 2], x=[n / 7.0, 1.0]) for n in range(90)
    ]
    loaded = recipe(
        folder,
        "{type: triplets, source: {type: same_label, feature: label}, "
        "sampling: {triplets_per_anchor: 2}}",
        {"item": schema(id=bytes, label=(int, 2), x=(float, 2))},
    )
    return loaded, {"item": {"": rows}}


def edges(folder):
    """With repeated and contradictory edges, of which one is chosen; popularity sums weights."""
    draw = random.Random(2)
    bought = [
        row(user=draw.randrange(30), item=b"%d" % int(draw.random() ** 2 * 40), stars=n % 5 / 2)
        for n in range(300)
    ]
    loaded = recipe(
        folder,
        "{type: ntuples, source: {type: edges, edges: bought, label: scalar, positive_from: 0.5}, "
        "sampling: {tuples_per_anchor: 2, negatives_per_tuple: 2, known_positives: 3, "
        "negatives: {draw: popularity}, caps: {positives_per_entity: 9}}}",
        {"user": schema(id=int), "item": schema(id=bytes, x=float)},
        {
            "bought": (
                schema(user=int, item=bytes, stars=float),
                "{left: {entity: user, id: user}, right: {entity: item, id: item}, value: stars}",
            )
        },
        "split: {shared: [item]}",
    )
    users = [row(id=n) for n in range(30)]
    items = [row(id=b"%d" % n, x=n / 3.0) for n in range(40)]
    return loaded, {"user": {"": users}, "item": {"": items}, "bought": {"": bought}}


def given(folder):
    """Negatives from a list, in which some rows are there twice and some are no negatives."""
    draw = random.Random(3)
    rows = [row(id=b"%d" % n, label=n % 7, x=n / 3.0) for n in range(60)]
    mined = [
        row(a=b"%d" % draw.randrange(60), b=b"%d" % draw.randrange(60), p=n % 9 / 16 + 0.25)
        for n in range(400)
    ]
    loaded = recipe(
        folder,
        "{type: triplets, source: {type: same_label, feature: label}, sampling: "
        "{triplets_per_anchor: 2, negatives: {draw: given, edges: mined, probability: p}}}",
        {"item": schema(id=bytes, label=int, x=float)},
        {
            "mined": (
                schema(a=bytes, b=bytes, p=float),
                "{left: {entity: item, id: a}, right: {entity: item, id: b}}",
            )
        },
        "bad_rows: skip",
    )
    return loaded, {"item": {"": rows}, "mined": {"": mined}}


def lists(folder):
    documents = [row(id=b"%d" % n, query=n * n % 23, grade=float(n % 3)) for n in range(120)]
    loaded = recipe(
        folder,
        "{type: lists, source: {type: graded_group, group: query, grade: grade}, "
        "sampling: {length: 4}}",
        {"document": schema(id=bytes, query=int, grade=float)},
        data="split: {unit: group, feature: query}",
    )
    return loaded, {"document": {"": documents}}


def rows(folder):
    """Rows that are there twice, or with several labels."""
    pairs = [row(left_x=n % 40 / 3.0, right_x=float(n % 8), y=n % 50 // 25) for n in range(80)]
    loaded = recipe(
        folder,
        "{type: rows, source: {type: row, rows: pair}, roles: {left: l, right: r}, label: y}",
        {"l": schema(id=bytes, x=float), "r": schema(id=int, x=float)},
        {"pair": (schema(left_x=float, right_x=float, y=int), "")},
        "split: {shared: [r]}",
        read=[],
    )
    return loaded, {"pair": {"": pairs}}


SOURCES = {"same_label": same_label, "edges": edges, "given": given, "lists": lists, "rows": rows}


def mixed(inputs, seed):
    found = {}
    for name, splits in inputs.items():
        shuffled = list(splits[""])
        random.Random(seed).shuffle(shuffled)
        found[name] = {"": shuffled}
    return found


def records(output):
    return {split: shards(output, split) for split in OUTPUTS}


def sha(found) -> str:
    """SHA-256 of the sorted records of all splits."""
    digest = hashlib.sha256()
    for split in OUTPUTS:
        for record in sorted(record for shard in found[split] for record in shard):
            digest.update(len(record).to_bytes(8, "big") + record)
    return digest.hexdigest()


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """What each source makes of one file, and its statistics."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "OUTPUT_SHARD", MEMORY // 700)  # So that there are several shards.
        for name, source in SOURCES.items():
            folder = tmp_path_factory.mktemp(name)
            made = make(*source(folder), folder)
            found[name] = records(made.output), made.stats
    return found


@pytest.mark.parametrize("files", [2, 8])
@pytest.mark.parametrize("name", SOURCES)
def test_files_order_and_parts_change_nothing(tmp_path, monkeypatch, once, name, files):
    monkeypatch.setattr(memory, "OUTPUT_SHARD", MEMORY // 700)
    monkeypatch.setattr(memory, "PARTITION", MEMORY // {2: 400, 8: 150}[files])
    monkeypatch.setattr(memory, "MEMBER", MEMORY // {2: 2**18, 8: 10}[files])
    loaded, inputs = SOURCES[name](tmp_path)
    made = make(loaded, mixed(inputs, files), tmp_path, files)
    found = records(made.output)
    expected, stats = once[name]
    assert len(expected["train"]) > 1
    assert sha(found) == sha(expected)
    assert found == expected
    assert made.stats == stats


def test_two_processes_change_nothing(tmp_path, once):
    """All sources in one Beam pipeline, since its workers take long to start."""
    options, jobs = beam.Pipeline(argv=MULTI), {}
    with pytest.MonkeyPatch.context() as patch, options as pipeline:
        patch.setattr(memory, "PARTITION", MEMORY // 300)
        for name, source in SOURCES.items():
            folder = tmp_path / name
            loaded, inputs = source(folder)
            files = put(folder / "in", mixed(inputs, 9), 3)
            output, split = str(folder / "out"), loaded.recipe.data.split
            by = split.feature if split.unit == "group" else None
            splits = ["train", "eval"], [split.train, split.eval]
            made = context.Context.of(loaded.compiled, loaded.schemas, files, *splits, output, by)
            write.prepare(output)
            parts = [
                tuple(file for file in files if (file.input in loaded.compiled.entities) is kind)
                for kind in (True, False)
            ]
            _ = pipeline | name >> Materialize(made, *parts)
            jobs[name] = context.building(output)
    for name, output in jobs.items():
        found, expected = records(Path(output)), once[name][0]
        assert sha(found) == sha(expected), name
        for split in OUTPUTS:  # The workers know nothing of the smaller shards.
            flat = [[one for shard in made[split] for one in shard] for made in (found, expected)]
            assert flat[0] == flat[1], (name, split)


def test_an_added_entity_changes_few_draws_of_the_others(tmp_path):
    """Negatives are places among all others: one more entity moves those beyond it."""
    loaded, inputs = same_label(tmp_path)
    before = make(loaded, inputs, tmp_path / "1")
    more = [*inputs["item"][""], row(id=b"new", label=[1, 5], x=[0.5, 1.0])]
    after = make(loaded, {"item": {"": more}}, tmp_path / "2")
    found = [
        {tuple(one[f"{role}_id"] for role in ("anchor", "positive", "negative")) for one in tuples}
        for tuples in (before.tuples(), after.tuples())
    ]
    kept = len(found[0] & found[1]) / len(found[0])
    assert 0.3 < kept < 1
