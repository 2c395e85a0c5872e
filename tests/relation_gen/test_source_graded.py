"""`graded_group`: ranked pairs and lists against a brute-force oracle over the rows."""

import itertools

import pytest

from tests.relation_gen.helpers import as_dict, row
from tests.relation_gen.helpers_cases import check_entities, close, grouped, make, recipe, schema

DOCUMENT = schema(id=bytes, query_id=int, grade=float, weight=float, match=(float, 2))
QUERY = schema(query_id=int, words=(bytes, 3))
GRADED = "type: graded_group, group: query_id, grade: grade"


def documents(split: str, queries: int) -> list[bytes]:
    """Of query n there are n + 1 documents; the last one's all have one grade."""
    base = {"train": 0, "eval": 100}[split]
    return [
        row(
            id=f"{split}-{query}-{n}".encode(),
            query_id=base + query,
            grade=float((n * n + query) % 4) if query < queries - 1 else 2.0,
            weight=n + 0.5,
            match=[float(query), n / 3.0],
        )
        for query in range(queries)
        for n in range(query + 1)
    ]


def queries(split: str, numbers) -> list[bytes]:
    base = {"train": 0, "eval": 100}[split]
    return [row(query_id=base + n, words=[b"w"] * (n % 3 + 1)) for n in numbers]


@pytest.fixture(scope="module")
def made_pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    loaded = recipe(
        folder,
        f"{{type: ranked_pairs, source: {{{GRADED}}}, seed: 2, "
        "sampling: {pairs_per_group: 6, weight: weight}}",
        {"document": DOCUMENT},
    )
    inputs = {"document": {"train": documents("train", 9), "eval": documents("eval", 5)}}
    return make(loaded, inputs, folder)


@pytest.fixture(scope="module")
def made_lists(tmp_path_factory):
    """The first query has no document, the second and third are no queries that are known."""
    folder = tmp_path_factory.mktemp("lists")
    loaded = recipe(
        folder,
        f"{{type: lists, source: {{{GRADED}, query: query}}, seed: 2, sampling: {{length: 4}}}}",
        {"document": DOCUMENT, "query": (QUERY, "id: query_id")},
    )
    inputs = {
        "document": {"train": documents("train", 9), "eval": documents("eval", 5)},
        "query": {
            "train": queries("train", [20, 0, *range(3, 9)]),
            "eval": queries("eval", range(5)),
        },
    }
    return make(loaded, inputs, folder)


@pytest.mark.parametrize("split", ["train", "eval"])
def test_ranked_pairs_are_distinct_pairs_of_different_grades(made_pairs, split):
    rows = [as_dict(one) for one in made_pairs.inputs["document"][split]]
    actual = made_pairs.tuples(split)
    by_query, short = grouped(actual, "preferred_query_id"), {}
    for query, docs in grouped(rows, "query_id").items():
        possible = {
            (a["id"], b["id"]): (a["grade"] - b["grade"], a["weight"])
            for a, b in itertools.permutations(docs, 2)
            if a["grade"] > b["grade"]
        }
        mine = by_query.pop(query, [])
        assert len({(one["preferred_id"], one["other_id"]) for one in mine}) == len(mine)
        assert len(mine) == min(6, len(possible))
        for one in mine:
            wanted = possible[one["preferred_id"], one["other_id"]]
            assert close((one["relation"], one["relation_weight"]), wanted)
        lacking = "too_few_pairs" if possible else "one_grade"
        short[lacking] = short.get(lacking, 0) + 6 - len(mine)
    assert not by_query
    assert made_pairs.of(split)["shortfall"] == short
    assert made_pairs.of(split)["tuples_requested"] == len(actual) + sum(short.values())


def test_pairs_have_no_query_where_none_is_named(made_pairs):
    assert not any(name.startswith("query") for name in made_pairs.tuples()[0])
    check_entities(made_pairs)


@pytest.mark.parametrize("split", ["train", "eval"])
def test_a_list_holds_the_documents_of_a_query_and_absent_ones_have_grade_minus_1(
    made_lists, split
):
    rows = [as_dict(one) for one in made_lists.inputs["document"][split]]
    known = {as_dict(one)["query_id"] for one in made_lists.inputs["query"][split]}
    actual = grouped(made_lists.tuples(split), "query_query_id")
    docs = grouped((one for one in rows if one["query_id"] in known), "query_id")
    assert set(actual) == set(docs)
    for query, mine in docs.items():
        (one,) = actual[query]
        grades = {doc["id"]: doc["grade"] for doc in mine}
        present = [one.get(f"document_{i}_id") for i in range(4)]
        count = min(4, len(mine))
        assert None not in present[:count]
        assert len(set(present[:count])) == count
        assert present[count:] == [None] * (4 - count)
        assert one["relation"] == [grades[key] for key in present[:count]] + [-1.0] * (4 - count)
        assert one["query_id"] == query
        assert not any(name.startswith(f"document_{count}_") for name in one)
    counts = made_lists.of(split)
    assert counts["tuples"] == counts["tuples_requested"] == len(docs)
    assert counts["documents_cut"] == sum(max(len(mine) - 4, 0) for mine in docs.values())


def test_documents_without_a_query_are_noted_and_stay_in_the_analysis(made_lists):
    assert made_lists.stats["inputs"]["document"]["noted"] == {"no_query": 5}
    assert made_lists.stats["inputs"]["document"]["skipped"] == {}
    check_entities(made_lists)
