"""Inputs of the command line that cannot be used: one sentence, exit status 2, nothing written."""

import gzip
import shutil

import pytest
import yaml

from components.relation_gen.cli import main
from tests.relation_gen.helpers import row, write
from tests.relation_gen.helpers_cases import put, recipe, schema

ITEM, LINK = schema(id=bytes, x=float), schema(a=bytes, b=bytes)
ENDS = "left: {entity: item, id: a}, right: {entity: item, id: b}"
EDGES = "{type: pairs, source: {type: edges, edges: link}, sampling: {positives_per_anchor: all}}"
ITEMS = {
    split: [row(id=f"{split}-{n}".encode(), x=float(n)) for n in range(8)]
    for split in ("train", "eval")
}


def link(left: int, right: int, split: str = "train") -> bytes:
    return row(a=f"{split}-{left}".encode(), b=f"{split}-{right}".encode())


@pytest.fixture
def command(tmp_path, capsys):
    """Runs the command line on an edge list, and returns the sentence that it refuses it with."""
    folder = tmp_path / "recipe"
    recipe(folder, EDGES, {"item": ITEM}, {"link": (LINK, f"{{{ENDS}}}")})
    links = [link(n, n + 1, s) for s in ("train", "eval") for n in range(7)]
    put(tmp_path / "in", {"item": ITEMS, "link": {"": links}})

    def call(*inputs: str) -> str:
        named = [text.replace("IN", str(tmp_path / "in")) for text in inputs]
        flags = [part for text in named for part in ("--input", text)]
        output = tmp_path / "out"
        status = main(["--recipe", str(folder / "mine.yaml"), *flags, "--output", str(output)])
        printed = capsys.readouterr()
        if status == 0:
            return str(printed.out)
        assert status == 2
        assert printed.err.startswith("error: ")
        assert "Traceback" not in printed.err
        assert len(printed.err.splitlines()) == 1
        assert not output.exists() or list(output.iterdir()) == []
        return str(printed.err.removeprefix("error: ").rstrip("\n"))

    return call


def test_the_command_line_reads_edges(tmp_path, command):
    printed = command("item=IN/item/*/*", "link=IN/link/all/*")
    assert "link: 14 rows read, 14 used" in printed
    assert (tmp_path / "out" / "schema.pbtxt").exists()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (["item=IN/item/*/*"], "--input: missing for 'link'; expected --input link=GLOB"),
        (["link=IN/link/all/*"], "--input: missing for 'item'; expected --input item=GLOB"),
        (["IN/item/*/*"], "expected NAME=IN/item/*/*, NAME one of item, link"),
        (["items=IN/item/*/*"], "got input 'items'; the recipe has 'item', 'link'"),
        (["item=IN/item/*/*", "link=IN/none"], "input IN/none: no file matches"),
        (["item=IN/item/*/*", "date=2024-01-01/*"], "expected NAME=date=2024-01-01/*, NAME one of"),
        (["item=IN/item", "link=IN/none"], "input IN/item: is a folder; expected files"),
    ],
)
def test_inputs_of_the_command_line(tmp_path, command, inputs, message):
    assert message.replace("IN", str(tmp_path / "in")) in command(*inputs)


def test_hidden_files_are_left_out_and_counted(tmp_path, command):
    folder = tmp_path / "in" / "link" / "all"
    (folder / ".0.gz").write_bytes(b"no records")
    printed = command("item=IN/item/*/*", "link=IN/link/all/*")
    assert printed.startswith("link: 1 hidden files or files of systems are left out\n")
    assert "link: 14 rows read, 14 used" in printed


def test_hidden_files_alone_are_no_input(tmp_path, command):
    folder = tmp_path / "in" / "link" / "all"
    (folder / "0.gz").rename(folder / ".0.gz")
    message = command("item=IN/item/*/*", "link=IN/link/all/*")
    assert message.endswith("link/all/*: all files are hidden, so none is read")


@pytest.fixture
def one_input(tmp_path, monkeypatch):
    """A recipe of one input, and the folder it is run in."""
    source = "{type: pairs, source: {type: same_label, feature: a}}"
    item = schema(id=bytes, a=bytes)
    rows = {
        split: [row(id=f"{split}-{n}".encode(), a=b"%d" % (n % 2)) for n in range(8)]
        for split in ("train", "eval")
    }
    folder = tmp_path / "a [x]"
    recipe(folder, source, {"item": item})
    put(tmp_path / "in", {"item": rows})
    for name in ("date=2024-01-01", "br [old]"):
        shutil.copytree(tmp_path / "in", folder / name)
    monkeypatch.chdir(folder)
    return folder / "mine.yaml"


def test_a_path_may_hold_an_equals_sign_and_escaped_wildcards(one_input, capsys):
    for name, pattern in (
        ("1", "date=2024-01-01/item/*/*"),
        ("2", "item=date=2024-01-01/item/*/*"),
        ("3", "br [[]old]/item/*/*"),
        ("out [x]", "./date=2024-01-01/item/*/*"),
    ):
        flags = ["--recipe", str(one_input), "--input", pattern, "--output", name]
        assert main(flags) == 0, capsys.readouterr().err
        assert (one_input.parent / name / "schema.pbtxt").exists()


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("items=item/*", "--input items=item/*: got input 'items', and no file matches; the recipe has 'item'"),
        ("br [old]/item/*/*", "no file matches; [ begins a set of characters, so write [[] for it: br [[]old]/item/*/*"),
    ],
)  # fmt: skip
def test_what_is_no_path_says_why(one_input, capsys, pattern, message):
    assert main(["--recipe", str(one_input), "--input", pattern, "--output", "out"]) == 2
    assert message in capsys.readouterr().err


def test_edge_files_that_cannot_be_read(tmp_path, command):
    path = tmp_path / "in" / "link" / "all" / "0.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    message = command("item=IN/item/*/*", "link=IN/link/all/*")
    assert message.startswith(f"{path}: ")
    path.write_bytes(gzip.compress(b"no records" * 9))
    message = command("item=IN/item/*/*", "link=IN/link/all/*")
    assert message.startswith(f"{path}: record 1: corrupted")
    write(path, [b"no example"])
    message = command("item=IN/item/*/*", "link=IN/link/all/*")
    assert message == f"{path}: holds a record that is not a tf.Example"
    path.write_bytes(b"")
    message = command("item=IN/item/*/*", "link=IN/link/all/*")
    assert "no edge between two entities of the split can be used" in message


def test_a_recipe_that_splits_by_component_needs_files_with_splits(tmp_path, command):
    path = tmp_path / "recipe" / "mine.yaml"
    changed = yaml.safe_load(path.read_text())
    changed["data"]["split"] = {"unit": "component"}
    path.write_text(yaml.safe_dump(changed))
    put(tmp_path / "in", {"loose": {"": ITEMS["train"]}})
    message = command("item=IN/loose/all/*", "link=IN/link/all/*")
    assert message == (
        "--input: the recipe splits by component, which this command cannot do: expected files in "
        "folders Split-<name>"
    )
