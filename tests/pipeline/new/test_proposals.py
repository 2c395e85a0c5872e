"""Which recipe is proposed for which rows; each is a recipe that loads, with a model that fits."""

import pytest
import yaml

from pipeline.new.proposals import Question, propose
from pipeline.new.text.recipe import recipe_text
from pipeline.new.text.schema import schema_text
from relation.core.errors import DataError
from relation.load import load_recipe
from relation.recipe import BeatsBaseline
from relation.spec import LabelKind
from tests.pipeline.new.tables import spread, table
from trainer_module.metrics.gates import check_gates
from trainer_module.validate import check_model

N = 120
NUMBERS = [float(7 * n % 121) for n in range(N)]  # All different.


def loaded(folder, proposal):
    """The recipe as it is written and read again, checked as a run would."""
    for name, plan in proposal.schemas.items():
        (folder / name).write_text(schema_text(plan, "Rows."))
    path = folder / f"{proposal.recipe['name']}.yaml"
    path.write_text(recipe_text(proposal, "Rows."))
    result = load_recipe(str(path))
    label = result.compiled.label
    classes = len(label.domain) if label.kind is LabelKind.CLASS else 0
    features = {name: result.features_of(name) for name in result.tuples.entities}
    check_model(result.recipe.model, result.tuples, features, classes)
    check_gates(result.tuples, result.recipe.evaluation)
    assert result.recipe.evaluation.baseline == BeatsBaseline(interval=True)
    return result


def proposed(folder, label=None, links=None, **data):
    proposal = propose(Question("trial", data, links, label))
    return loaded(folder, proposal), proposal.doubts


def plain(proposal_recipe):
    return yaml.safe_load(recipe_text(proposal_recipe, ""))


def test_rows_of_a_label_are_triplets(tmp_path):
    item = table(x=NUMBERS, colour=spread(N, b"red", b"blue", b"grey"), kind=spread(N, b"a", b"b"))
    loaded, doubts = proposed(tmp_path, label="kind", item=item)
    recipe = yaml.safe_load((tmp_path / "trial.yaml").read_text())
    assert recipe["data"]["entities"]["item"] == {
        "schema": "trial.pbtxt", "path": "rows.csv", "format": "csv", "id": "id", "derive_id": True,
    }  # fmt: skip
    assert recipe["data"]["split"] == {"unit": "entity", "train": 3, "eval": 1}
    assert recipe["relation"] == {
        "type": "triplets",
        "source": {"type": "same_label", "feature": "kind"},
        "sampling": {"triplets_per_anchor": 16},  # 4,000 triplets / 90 rows, at most 16.
        "seed": 1,
    }
    # .5 + 3 √(61 / (12 · 30 · 30)): 30 rows are held out.
    assert recipe["evaluation"]["gates"] == {"auc": {"min": 0.73, "max_drop": 0.05}}
    assert [(one.name, one.kind.value) for one in loaded.features] == [
        ("x", "numeric"), ("colour", "categorical"),
    ]  # fmt: skip
    assert doubts == ()


@pytest.mark.parametrize(
    ("file_format", "dtype"), [("parquet", "int"), ("jsonl", "int"), ("csv", "bytes")]
)
def test_whole_floats_are_labels(tmp_path, file_format, dtype):
    values = [1.0, 2.0, float("nan"), 3.0] if file_format == "parquet" else [1.0, 2.0, None, 3.0]
    item = table("rows", file_format, x=NUMBERS, kind=spread(N, *values))
    loaded, doubts = proposed(tmp_path, label="kind", item=item)
    features = {feature.name: feature.type for feature in loaded.schema.feature}
    assert features["kind"] == {"int": 2, "bytes": 1}[dtype]
    assert doubts == ("30 of 120 rows have no 'kind': they are skipped",)


def test_a_label_is_guessed_and_said(tmp_path):
    item = table(x=NUMBERS, kind=spread(N, b"a", b"b"), size=spread(N, b"S", b"M", b"L"))
    loaded, doubts = proposed(tmp_path, item=item)
    assert loaded.recipe.relation.source.feature == "kind"
    assert doubts[0] == (
        "'kind' is taken for the label, because its name says so; else name one by LABEL=…: 'size'"
    )


def test_a_copy_of_the_label_is_left_out_and_said(tmp_path):
    item = table(x=NUMBERS, kind=spread(N, b"a", b"b"), code=spread(N, b"A", b"B"))
    loaded, doubts = proposed(tmp_path, label="kind", item=item)
    assert [one.name for one in loaded.features] == ["x"]
    assert doubts == (
        "each value of 'code' goes with one 'kind'; it is left out, since it would give the answer "
        "away",
    )
    assert (
        "# Left out: 'code', because each value of 'code' goes with one 'kind'"
        in (tmp_path / "trial.pbtxt").read_text()
    )


def test_an_image_takes_a_network_of_its_size(tmp_path):
    import io

    from PIL import Image

    def png(n):
        file = io.BytesIO()
        Image.new("RGB", (20, 10), (n, 0, 0)).save(file, "PNG")
        return file.getvalue()

    item = table(
        "pets/*/*", "image_folder",
        id=[b"%d.png" % n for n in range(N)], image=[png(n) for n in range(N)], label=spread(N, b"cat", b"dog"),
    )  # fmt: skip
    loaded, _ = proposed(tmp_path, item=item)
    tower = dict(loaded.recipe.model.tower.params)
    assert loaded.recipe.model.tower.type == "cnn"
    assert (tower["height"], tower["width"], tower["channels"]) == (10, 20, 3)
    assert loaded.recipe.data.entities["item"].id == "id"


def images(n):
    return [b"\x89PNG\r\n\x1a\n%d" % number for number in range(n)]


def test_folders_of_one_name_in_several_folders(tmp_path):
    alphabet, letter = spread(N, b"latin", b"greek"), spread(N, b"a", b"a", b"b", b"b")
    item = table(
        "letters/*/*/*", "image_folder",
        id=[b"%d.png" % n for n in range(N)], image=images(N), label=letter,
        folder=[b"/".join(pair) for pair in zip(alphabet, letter, strict=True)],
        folder_1=alphabet, folder_2=letter,
    )  # fmt: skip
    loaded, doubts = proposed(tmp_path, item=item)
    assert loaded.recipe.relation.source.feature == "folder"
    assert [one.name for one in loaded.features] == ["image"]
    assert doubts[0] == (
        "'folder' is taken for the label, because folders of one name lie in several folders; else "
        "name a level by LABEL=…: folder_1, folder_2. To keep all images of 'folder_1' in one "
        "split, use split: {unit: group, feature: folder_1}"
    )
    by_level, _ = proposed(tmp_path, label="folder_1", item=item)
    assert by_level.recipe.relation.source.feature == "folder_1"
    assert [one.name for one in by_level.features] == ["image"]


def test_a_manifest_has_one_image_and_columns(tmp_path):
    item = table(
        "m.csv",
        "image_manifest",
        photo=images(N),
        mask=images(N)[::-1],
        age=NUMBERS,
        breed=spread(N, b"a", b"b"),
    )
    loaded, _ = proposed(tmp_path, item=item)
    assert loaded.recipe.data.entities["item"].format == "image_manifest"
    assert [one.name for one in loaded.features] == ["photo", "age"]


def test_lists_of_labels_are_tags(tmp_path):
    tags = spread(N, (b"a",), (b"b", b"a"), (b"c",), None)
    loaded, doubts = proposed(
        tmp_path, label="tags", item=table("r.parquet", "parquet", x=NUMBERS, tags=tags)
    )
    assert loaded.recipe.relation.type == "tags"
    assert loaded.compiled.label.domain == ("a", "b", "c")
    # By frequency a (60), b (30), c (30): LRAP 1, 1, 1/3 in turn; mean 7/9, deviation √(8/81);
    # 7/9 + 3 · .314 / √30.
    assert loaded.recipe.evaluation.gates["lrap"].min == 0.95
    assert doubts == ()


def test_graded_rows_of_a_query_are_lists(tmp_path):
    item = table(
        query_id=[b"q%d" % (n // 6) for n in range(N)], x=NUMBERS, grade=spread(N, 0, 1, 2, 0, 1, 0)
    )
    loaded, doubts = proposed(tmp_path, item=item)
    assert loaded.recipe.relation.type == "lists"
    assert loaded.recipe.data.split.unit == "group"
    assert loaded.recipe.relation.sampling.length == 6
    assert doubts == (
        "'query_id' is taken for the query whose rows are graded, and 'grade' for their label; "
        "else name it by LABEL=…",
    )


@pytest.mark.parametrize(
    ("label", "kind", "gate"),
    [
        (
            spread(N, 0, 1, 1, 0),
            "binary",
            {"auc": 0.82},
        ),  # 15 and 15 rows held out: 31 / (12 · 225).
        ([n / 7 for n in range(N)], "scalar", {"spearman": 0.56}),  # 3 / √29.
        (
            spread(N, b"yes", b"no", b"yes", b"no"),
            "class",
            {"accuracy": 0.77},
        ),  # .5 + 3 √(.25 / 30).
    ],
)
def test_rows_of_two_members(tmp_path, label, kind, gate):
    titles = [b"a good shoe %d" % n for n in range(N)]
    item = table(
        left_title=titles, left_n=NUMBERS, right_title=titles[::-1], right_n=NUMBERS, label=label
    )
    loaded, doubts = proposed(tmp_path, item=item)
    assert loaded.recipe.relation.label_kind == kind
    assert {name: one.min for name, one in loaded.recipe.evaluation.gates.items()} == gate
    assert loaded.recipe.data.split.shared == ("item",)
    assert doubts[1] == (
        "members have no ids of one list, so that one which is equal in two rows may be in both "
        "splits"
    )


def test_pairs_that_share_members_are_split_by_component(tmp_path):
    ids = [b"p%d" % (n // 2) for n in range(N)]
    others = [b"o%d" % n for n in range(N)]
    item = table(
        left_id=ids,
        left_x=[float(n // 2) for n in range(N)],
        right_id=others,
        right_x=NUMBERS,
        match=spread(N, 0, 1),
    )
    loaded, doubts = proposed(tmp_path, item=item)
    assert loaded.recipe.data.split.unit == "component"
    assert len(doubts) == 1


def test_ids_of_two_lists_in_one_type_are_told_and_left_out(tmp_path):
    ids = [b"%d" % n for n in range(N)]
    item = table(
        left_id=ids, left_x=NUMBERS, right_id=ids, right_x=NUMBERS[::-1], match=spread(N, 0, 1)
    )
    loaded, doubts = proposed(tmp_path, item=item)
    assert any(
        "names different members on the two sides, so ids are of two lists" in one for one in doubts
    )
    assert loaded.recipe.data.entities["item"].id == "row_id"
    assert "left_id" not in (tmp_path / "trial_rows.pbtxt").read_text().replace("'left_id'", "")


def users_items_links():
    user = table(
        "users.csv", id=[b"u%d" % n for n in range(40)], age=[20 + n % 9 for n in range(40)]
    )
    item = table("items.csv", sku=[b"i%d" % n for n in range(30)], price=[n / 3 for n in range(30)])
    links = table(
        "links.csv",
        who=[b"u%d" % (n % 40) for n in range(N)],
        what=[b"i%d" % (n * 7 % 30) for n in range(N)],
        stars=[float(n % 5) for n in range(N)],
    )
    return user, item, links


def test_edges_of_two_types_are_two_towers(tmp_path):
    user, item, links = users_items_links()
    loaded, doubts = proposed(tmp_path, links=links, user=user, item=item)
    assert loaded.recipe.relation.type == "triplets"
    edges = loaded.recipe.data.edges["links"]
    assert (edges.left.id, edges.left.entity, edges.right.id, edges.right.entity) == (
        "who",
        "user",
        "what",
        "item",
    )
    assert loaded.recipe.data.split.shared == ("item",)
    assert set(loaded.recipe.model.towers) == {"user", "item"}
    assert doubts[0].startswith("every edge is taken for a positive, whatever its 'stars'")


def test_a_value_of_edges_is_learnt(tmp_path):
    user, item, links = users_items_links()
    loaded, _ = proposed(tmp_path, label="stars", links=links, user=user, item=item)
    assert loaded.recipe.relation.source.label == "scalar"
    assert loaded.recipe.data.edges["links"].value == "stars"


def test_edges_within_one_type(tmp_path):
    item = table(
        "items.csv", sku=[b"i%d" % n for n in range(200)], price=[n / 3 for n in range(200)]
    )
    links = table(
        "links.csv",
        one=[b"i%d" % (n * 2) for n in range(90)],
        other=[b"i%d" % (n * 2 + 1) for n in range(90)],
    )
    loaded, doubts = proposed(tmp_path, links=links, item=item)
    assert loaded.recipe.data.split.unit == "component"
    assert doubts == (
        "'one' and 'other' share no id: are they of two lists? Then give both files, "
        "DATA=first,second",
    )


@pytest.mark.parametrize(
    ("columns", "label", "message"),
    [
        ({"x": NUMBERS, "kind": spread(N, b"a", b"b")}, "kid", r"LABEL: got 'kid'; expected one of the columns of rows.csv: x, kind$"),
        ({"x": NUMBERS, "kind": spread(N, b"a")}, "kind", r"LABEL: 'kind' has 1 value in 120 rows; expected two or more$"),
        ({"x": NUMBERS, "y": [n / 7 for n in range(N)]}, "y", r"LABEL: 'y' holds numbers with fractions \(120 different\); .* put the numbers into bins$"),
        ({"x": NUMBERS, "name": [b"n%d" % n for n in range(N)]}, "name", r"LABEL: no value of 'name' occurs twice in 120 rows"),
        ({"kind": spread(N, b"a", b"b")}, "kind", r"DATA: rows.csv: no column beside 'kind' says anything about a row"),
        ({"x": NUMBERS}, None, r"LABEL: no column of rows.csv has values that rows share; expected LABEL=<column>, one of x$"),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_is_told(columns, label, message):
    with pytest.raises(DataError, match=message):
        propose(Question("trial", {"item": table(**columns)}, None, label))


HOSTILE = [
    "a: b",
    "# no",
    "größe",
    "x\ny",
    'it\'s "so"',
    "{a}",
    "- x",
    "no",
    "1",
    "\x85",
    "\\",
    "a\u2028b",
    " lead",
    "null",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_values_of_any_characters_are_written_and_read_again(tmp_path, name):
    values = [text.encode() for text in HOSTILE]
    tags = [(values[n % len(values)], values[(n + 1) % len(values)]) for n in range(N)]
    columns = {name: tags, "x" + name: NUMBERS, "left out " + name: spread(N, b"y")}
    loaded, _ = proposed(tmp_path, label=name, item=table("r.parquet", "parquet", **columns))
    assert loaded.recipe.relation.source.feature == name
    assert [one.name for one in loaded.features] == ["x" + name]
    assert sorted(loaded.compiled.label.domain) == sorted(HOSTILE)
