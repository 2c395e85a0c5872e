"""`labels`: entities with their own tags, and pairs of an entity and a label."""

import random

from tests.relation_gen.helpers import as_dict, row
from tests.relation_gen.helpers_cases import (
    check_entities,
    close,
    grouped,
    listed,
    make,
    recipe,
    schema,
)

DOMAIN = ["red", "blue", "round", "flat", "big", "unused"]
SCENE = schema(id=bytes, tags=(DOMAIN, 4), sure=(float, 4), x=float)
TAG = schema(tag=bytes)


def scenes(split: str, count: int, least: int = 0) -> list[bytes]:
    draw = random.Random(split)
    found = []
    for n in range(count):
        tags = draw.sample([tag.encode() for tag in DOMAIN[:5]], max(n % 4, least))
        sure = [round(draw.random(), 3) for _ in tags]
        values = {"tags": tags, "sure": sure} if tags else {}
        found.append(row(id=f"{split}-{n}".encode(), x=n / 3.0, **values))
    return found


def test_tags_are_one_number_each_in_the_order_of_the_domain(tmp_path):
    source = "type: tags, source: {type: labels, feature: tags%s}"
    inputs = {"scene": {"train": scenes("train", 20), "eval": scenes("eval", 7)}}
    for name, confidence in (("plain", ""), ("sure", ", confidence: sure")):
        loaded = recipe(tmp_path / name, "{" + source % confidence + "}", {"scene": SCENE})
        made = make(loaded, inputs, tmp_path / name)
        for split in ("train", "eval"):
            rows = {one["id"]: one for one in map(as_dict, inputs["scene"][split])}
            actual = made.tuples(split)
            assert sorted(one["example_id"] for one in actual) == sorted(rows)
            for one in actual:
                mine = rows[one["example_id"]]
                tags = [tag.decode() for tag in listed(mine.get("tags", []))]
                known = dict(zip(tags, listed(mine.get("sure", [])), strict=True))
                if not confidence:
                    known = dict.fromkeys(tags, 1.0)
                assert close(one["relation"], [known.get(tag, 0.0) for tag in DOMAIN])
        check_entities(made)


def test_grades_become_shares_of_the_highest(tmp_path):
    graded = schema(id=bytes, tags=(DOMAIN, 4), grade=(int, 4))
    source = "{type: labels, feature: tags, confidence: grade, levels: 4}"
    loaded = recipe(
        tmp_path, f"{{type: tags, source: {source}}}", {"scene": graded}, data="bad_rows: skip"
    )

    def scene(key, *grades):
        tags = [tag.encode() for tag in DOMAIN[: len(grades)]]
        return row(id=key, tags=tags, grade=list(grades))

    inputs = {
        "scene": {"train": [scene(b"a", 4, 1), scene(b"b", 0, 5)], "eval": [scene(b"c", 2, 3)]}
    }
    made = make(loaded, inputs, tmp_path)
    (one,), (other,) = made.tuples("train"), made.tuples("eval")
    assert close(one["relation"], [1.0, 0.25, 0.0, 0.0, 0.0, 0.0])
    assert close(other["relation"], [0.5, 0.75, 0.0, 0.0, 0.0, 0.0])
    assert made.of("train")["rows_skipped"] == 1  # The grade 5 is none.


def test_pairs_of_true_and_false_labels(tmp_path):
    loaded = recipe(
        tmp_path,
        "{type: pairs, source: {type: labels, feature: tags}, sampling: "
        "{positives_per_anchor: all, negatives_per_anchor: 4}}",
        {"scene": SCENE, "tag": (TAG, "id: tag")},
        data="split: {shared: [tag]}",
        read=["scene"],
    )
    inputs = {"scene": {"train": scenes("train", 20, 1), "eval": scenes("eval", 7, 1)}}
    made = make(loaded, inputs, tmp_path)
    everything = {tag.encode() for tag in DOMAIN}
    for split in ("train", "eval"):
        rows = {one["id"]: one for one in map(as_dict, inputs["scene"][split])}
        actual = grouped(made.tuples(split), "left_id")
        assert set(actual) == set(rows)
        lacking = 0
        for anchor, mine in actual.items():
            true = set(listed(rows[anchor]["tags"]))
            stated = [one["right_tag"] for one in mine if one["relation"] == 1]
            assert sorted(stated) == sorted(true)
            drawn = [one for one in mine if one["relation"] == 0]
            assert {one["right_id"] for one in drawn} <= everything - true
            assert len({one["right_id"] for one in drawn}) == len(drawn) == min(4, 6 - len(true))
            assert all(close(one["negative_prob"], 1 / (6 - len(true))) for one in drawn)
            lacking += 4 - len(drawn)
        assert made.of(split)["shortfall"] == ({"too_few_negatives": lacking} if lacking else {})
    entities = made.stats["entities"]
    assert entities == {"train": 20 + 6}
    check_entities(made)


def test_a_share_of_positives_holds_on_average(tmp_path):
    loaded = recipe(
        tmp_path,
        "{type: pairs, source: {type: labels, feature: tags}, sampling: "
        "{positives_per_anchor: 1, positive_share: 0.4}}",
        {"scene": SCENE, "tag": (TAG, "id: tag")},
        data="split: {shared: [tag]}",
        read=["scene"],
    )
    made = make(
        loaded,
        {"scene": {"train": scenes("train", 400, 1), "eval": scenes("eval", 5, 1)}},
        tmp_path,
    )
    drawn = [len(mine) - 1 for mine in grouped(made.tuples(), "left_id").values()]
    assert len(drawn) == 400
    assert set(drawn) == {1, 2}  # 1.5 on average: 600 ± 10 (one standard deviation).
    assert abs(sum(drawn) - 600) < 40
