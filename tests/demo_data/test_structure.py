"""The generated data hold the structure that is to be learnt, and do not give it away.

Each test puts a simple rule that uses the planted structure beside one that does not, and bounds it
from above as well: a rule that is right each time would leave nothing to learn.
"""

import io
import itertools
from collections import Counter, defaultdict

import numpy as np
from PIL import Image

from demo_data import wine
from demo_data.drawing import SHAPES, shape


def by(rows, feature):
    groups = defaultdict(list)
    for row in rows:
        groups[row[feature][0]].append(row)
    return groups


def index(rows, feature="id"):
    by_value = {row[feature][0]: row for row in rows}
    assert len(by_value) == len(rows)
    return by_value


def pixels(encoded):
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("L"), np.float64)


def one(row, feature):
    return row[feature][0] if feature in row else None


def test_wines_of_one_cultivar_are_more_alike(rows):
    wines = rows("demo_data.wine")
    left, right = zip(*itertools.combinations(wines, 2), strict=True)
    columns = [
        {
            name: np.array([row[name] for row in side], np.float32)
            for name in wine._standard_deviations()
        }
        for side in (left, right)
    ]
    alike = wine.similarity(*columns)
    assert alike.shape == (178 * 177 / 2,)
    assert alike.dtype == np.float32
    assert alike.min() > 0
    assert alike.max() < 1
    same = np.array([a["cultivar"] == b["cultivar"] for a, b in zip(left, right, strict=True)])
    assert alike[same].mean() > alike[~same].mean() + 0.5 * alike.std()


def test_similarity_by_hand():
    deviations = wine._standard_deviations()
    zero = {name: np.zeros((2, 1), np.float32) for name in deviations}
    apart = {name: np.array([[0.0], [3 * width]], np.float32) for name, width in deviations.items()}
    np.testing.assert_allclose(wine.similarity(zero, apart), [1.0, 0.25], rtol=1e-6)


def test_links_stay_in_families_and_follow_the_products(rows):
    products = index(rows("demo_data.catalogue.products"))
    links = rows("demo_data.catalogue.links")
    pairs = {(one(link, "left"), one(link, "right")) for link in links}
    assert len(pairs) == len(links)
    assert all(left[:-2] == right[:-2] and left != right for left, right in pairs)
    assert {end for pair in pairs for end in pair} <= set(products)

    def guess(link):
        left, right = products[one(link, "left")], products[one(link, "right")]
        if left["category"] != right["category"]:
            accessory = one(right, "category").rsplit("_")[1] in (
                *("bag", "case", "stand", "cover", "table"),
            )
            return "accessory" if accessory else "spare_part"
        return "successor" if one(right, "year") - one(left, "year") >= 2 else "variant"

    right = np.mean([guess(link) == one(link, "kind") for link in links])
    commonest = max(Counter(one(link, "kind") for link in links).values()) / len(links)
    assert commonest < 0.35
    assert 0.85 < right < 0.97


def test_ratings_follow_the_kind_but_not_only(rows):
    links = rows("demo_data.catalogue.links")
    ratings = np.array([link["ratings"] for link in links])
    means = {
        kind: np.mean([row["ratings"] for row in group], axis=0)
        for kind, group in by(links, "kind").items()
    }
    left = ratings - np.array([means[one(link, "kind")] for link in links])
    explained = 1 - left.var(axis=0) / ratings.var(axis=0)
    assert (explained > 0.3).all()
    assert (explained < 0.97).all()


def test_users_buy_what_interests_them_and_a_few_items_sell_often(rows):
    users, items = index(rows("demo_data.retail.users")), index(rows("demo_data.retail.items"))
    bought = [
        (users[one(row, "user")], items[one(row, "item")])
        for row in rows("demo_data.retail.purchases")
    ]
    assert len({(one(user, "id"), one(item, "id")) for user, item in bought}) == len(bought)
    assert {one(user, "id") for user, _ in bought} == set(users)
    interesting = np.mean([one(item, "category") in user["interests"] for user, item in bought])
    by_chance = np.mean([len(user["interests"]) / 10 for user in users.values()])
    assert interesting > 3 * by_chance
    assert interesting < 0.8
    sold = np.sort([*Counter(one(item, "id") for _, item in bought).values()])[::-1]
    assert sold[:40].sum() > 0.25 * sold.sum()  # A tenth of the items.


def test_no_order_of_documents_fits_all_queries(rows):
    queries = index(rows("demo_data.search.queries"), "query_id")
    documents = by(rows("demo_data.search.documents"), "query_id")
    assert set(documents) == set(queries)
    assert all(8 <= len(group) <= 20 for group in documents.values())
    assert max(len(group) for group in documents.values()) > 16  # A list of 16 is cut.
    assert all(len({one(row, "grade") for row in group}) > 1 for group in documents.values())

    def ordered(score, intents=None):
        """Return the share of pairs with different grades that a score orders correctly."""
        return np.mean(
            [
                score(a, queries[query]) > score(b, queries[query])
                for query, group in documents.items()
                if intents is None or one(queries[query], "intent") in intents
                for a, b in itertools.permutations(group, 2)
                if one(a, "grade") > one(b, "grade")
            ]
        )

    def general(row, query):
        return one(row, "match") + 1.5 * (row["topic"] == query["topic"])

    wanted = {"howto": "depth", "news": "freshness", "reference": "authority"}

    def by_intent(row, query):
        trait = wanted.get(one(query, "intent"))
        return general(row, query) + (1.5 * one(row, trait) if trait else 0)

    assert 0.65 < ordered(lambda row, _: one(row, "match")) < 0.75
    assert ordered(general) + 0.05 < ordered(by_intent) < 0.95
    assert ordered(lambda row, _: one(row, "freshness"), {"news"}) > 0.6
    assert ordered(lambda row, _: one(row, "freshness"), {"reference"}) < 0.5


def test_tags_are_in_the_pictures(rows):
    scenes = rows("demo_data.scenes")
    index(scenes)
    light = [pixels(one(row, "image")).mean() for row in scenes]
    assert (
        np.mean(
            [
                (mean > 120) == ("light" in row["tags"])
                for mean, row in zip(light, scenes, strict=True)
            ]
        )
        > 0.95
    )
    assert all(
        len(set(row["tags"])) == len(row["tags"]) == len(row["confidences"]) for row in scenes
    )
    assert all(bool({"dark", "light"} & set(row["tags"])) for row in scenes)
    assert [
        one(row, "id")
        for row in sorted(scenes, key=lambda row: (one(row, "taken"), one(row, "id")))
    ] == sorted(one(row, "id") for row in scenes)

    red = [np.asarray(Image.open(io.BytesIO(one(row, "image"))), np.float64) for row in scenes]
    redness = [np.sort((image[..., 0] - image[..., 1]).ravel())[-10:].mean() for image in red]
    has = np.array(["red" in row["tags"] for row in scenes])
    assert np.mean((np.array(redness) > 120) == has) > 0.95  # Colours are plain; shapes are not.
    assert 0.3 < has.mean() < 0.5


def test_confidence_falls_with_the_number_of_shapes(rows):
    confidences = defaultdict(list)
    for row in rows("demo_data.scenes"):
        for tag, confidence in zip(row["tags"], row["confidences"], strict=True):
            if tag in SHAPES:
                confidences[len(row["tags"])].append(confidence)
    assert np.mean(confidences[3]) > 0.95  # Background, one colour, one shape.
    assert np.mean(confidences[7]) < 0.9
    assert np.std(confidences[7]) > 0.1


def test_a_drawing_is_of_its_photograph(rows):
    pairs = rows("demo_data.sketches.pairs")
    assert len({one(row, "target_image") for row in pairs}) == len(pairs)
    photographs = [pixels(one(row, "image_image")) for row in pairs[:200]]
    drawings = [pixels(one(row, "target_image")).ravel() for row in pairs[:200]]
    edges = []
    for photograph in photographs:
        edge = np.zeros(photograph.shape)
        edge[:-1] += abs(np.diff(photograph, axis=0))
        edge[:, :-1] += abs(np.diff(photograph, axis=1))
        edges.append(edge.ravel())
    likeness = np.corrcoef(edges, drawings)[:200, 200:]
    accuracy = np.mean(likeness.argmax(axis=1) == np.arange(200))
    assert 0.3 < accuracy < 0.95


def test_offers_of_one_product_share_words_but_not_only_they(rows):
    pairs = rows("demo_data.offers")
    ends = {(one(row, "left_id"), one(row, "right_id")) for row in pairs}
    assert len(ends) == len(pairs)
    blocks = defaultdict(set)
    for row in pairs:
        for side in ("left", "right"):
            blocks[one(row, f"{side}_id")].add(one(row, "block"))
    assert {len(block) for block in blocks.values()} == {1}  # So no offer is in two splits.
    for side in ("left", "right"):
        offers = defaultdict(set)
        for row in pairs:
            record = {name: tuple(row[name]) for name in row if name.startswith(side)}
            offers[one(row, f"{side}_id")].add(tuple(sorted(record.items())))
        assert {len(records) for records in offers.values()} == {1}  # An id has one record.

    match = np.array([one(row, "match") for row in pairs])
    assert match.mean() == 5 / 13

    def shared(row):
        left, right = (set(one(row, f"{side}_title").split()) for side in ("left", "right"))
        return len(left & right) / len(left | right)

    words = np.array([shared(row) for row in pairs])
    above = (words[match == 1][:, None] > words[match == 0]).mean()
    equal = (words[match == 1][:, None] == words[match == 0]).mean()
    assert 0.6 < above + equal / 2 < 0.9  # The area under the ROC curve.
    assert 0.15 < np.mean(["left_price" not in row for row in pairs]) < 0.25
    assert 0.4 < np.mean(["right_maker" not in row for row in pairs]) < 0.6


def test_shapes_by_hand():
    def drawn(name):
        return ["".join("#" if seen else "." for seen in row) for row in shape(name, 5, 2, 2, 2)]

    assert drawn("disc") == ["..#..", ".###.", "#####", ".###.", "..#.."]
    assert drawn("ring") == ["..#..", ".#.#.", "#...#", ".#.#.", "..#.."]
    assert drawn("cross") == ["..#..", "..#..", "#####", "..#..", "..#.."]
    assert drawn("square") == [".....", ".###.", ".###.", ".###.", "....."]
