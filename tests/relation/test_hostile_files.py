"""Hostile recipes and schemas: one sentence, in bounded time and memory."""

import time

import pytest
import yaml

from relation.core.errors import RecipeError
from relation.core.yaml_document import MAX_CHARACTERS, MAX_DEPTH, MAX_VALUES, read_mapping
from relation.load import load_recipe, parse_recipe
from relation.schema import MAX_WIDTH, read_schema
from tests.relation.systems import system

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)
"""10^30 values, where each alias counts as all that it stands for."""
KEYS = "a0: &a0 {k: v}\n" + "".join(
    f"a{n}: &a{n} {{b: *a{n - 1}, c: *a{n - 1}}}\n" for n in range(1, 60)
)


def refusal(text: str) -> str:
    start = time.process_time()
    with pytest.raises(RecipeError) as raised:
        read_mapping(text)
    assert time.process_time() - start < 20
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 300
    return message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, f"holds more than {MAX_VALUES} values"),
        (KEYS, f"holds more than {MAX_VALUES} values"),
        (LAUGHS + "? *a29\n: x\n", "line 30: got a list as a key; expected a string"),
        ("- &a [x]\n- [" + "*a, " * 9 + "]", "expected a mapping of keys, got (('x',), "),
        ("a: &a [*a]", f"is nested too deeply; expected at most {MAX_DEPTH} levels"),
        ("a: &a {b: *a}", "is nested too deeply"),
        ("a: " + "[" * 60 + "]" * 60, "is nested too deeply"),
        ("a: " + "[" * 100_000, "is nested too deeply"),
        ("".join(" " * n + "a:\n" for n in range(500)), "is nested too deeply"),
        ("a: " + "9" * 5000, "line 1: got a number of 5000 characters; expected at most 100"),
        ("b: 1\na: 0x" + "F" * 90, "line 2: got 2348542582"),
        ("a: 1" + ":59" * 20_000, "line 1: got a number of 60001 characters"),
        ("a: 9223372036854775808", "line 1: got 9223372036854775808; expected an integer of 64 bits"),
        ("a: 2024-13-45", "line 1: got '2024-13-45', which is not a valid timestamp: month must be in 1..12"),
        ("a: !!int x", "line 1: got 'x', which is not a valid int"),
        ("a: !!bool 7", "line 1: got '7', which is not a valid bool"),
        ("a: !!timestamp x", "line 1: got 'x', which is not a valid timestamp"),
        ("a: !!binary é", "not YAML: failed to convert base64 data"),
        ("a: !!python/object/apply:os.system [x]", "not YAML: could not determine a constructor"),
        ("a: \x01", "not YAML: "),
        ("a: b: c\n", "not YAML: mapping values are not allowed here"),
        ("#" * (MAX_CHARACTERS + 1), f"got {MAX_CHARACTERS + 1} characters; expected at most"),
        ("[" * MAX_CHARACTERS, "is nested too deeply"),
    ],
)  # fmt: skip
def test_a_hostile_recipe(text, message):
    assert message in refusal(text)


def test_what_is_within_the_bounds_is_read():
    assert read_mapping("\ufeffa: &a [1, -9223372036854775808]\nb: [*a, *a]\n") == {
        "a": (1, -(2**63)),
        "b": ((1, -(2**63)), (1, -(2**63))),
    }
    deep = MAX_DEPTH - 2
    value = read_mapping("a: " + "[" * deep + "1" + "]" * deep)["a"]
    for _ in range(deep):
        (value,) = value
    assert value == 1


def test_a_recipe_of_any_size_is_not_read(tmp_path):
    path = tmp_path / "r.yaml"
    with path.open("wb") as file:
        file.truncate(2**40)  # Without blocks on the disk.
    with pytest.raises(RecipeError, match=r"r\.yaml: got 1099511627776 bytes; expected a recipe"):
        load_recipe(str(path))
    with path.open("wb") as file:
        file.truncate(0)
    with pytest.raises(RecipeError, match=r"r\.yaml: expected a mapping of keys, got None"):
        load_recipe(str(path))


def schema_refusal(tmp_path, text: str | bytes) -> str:
    path = tmp_path / "s.pbtxt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    start = time.process_time()
    with pytest.raises(RecipeError) as raised:
        read_schema(path)
    assert time.process_time() - start < 20
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    return message.removeprefix(f"{path}: ")


def feature(text: str) -> str:
    return 'feature { name: "a" type: INT ' + text + " }"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the schema has no features"),
        ('feature { name: "a" type: STRUCT struct_domain { ' * 5000, "is nested too deeply for a schema"),
        (feature("shape { dim { size: " + "9" * 5000 + " } }"), "not a TFDV schema in text form: "),
        (feature("shape { dim { size: 2000000 } }"), f"feature 'a': got 2000000 values a row; expected at most {MAX_WIDTH}"),
        (feature("shape { dim { size: 4000000000 } dim { size: 4000000000 } }"), "feature 'a': got 16000000000000000000 values"),
        (feature("value_count { max: 9000000000 }"), "feature 'a': got 9000000000 values a row"),
        (feature("value_count { min: 3 max: 2 }"), "feature 'a': got value_count from 3 to 2; expected 0 or more, in order"),
        (feature("value_count { min: 1 max: -1 }"), "feature 'a': got value_count from 1 to -1"),
        ('feature { name: "a" type: INT }'.encode("utf-16"), "not a TFDV schema in text form: "),
        (b"\x00\x01\x02", "not a TFDV schema in text form: "),
    ],
)  # fmt: skip
def test_a_hostile_schema(tmp_path, text, message):
    assert schema_refusal(tmp_path, text).startswith(message)


def test_a_schema_of_many_features_is_read_in_linear_time(tmp_path):
    path = tmp_path / "s.pbtxt"
    lines = [f'feature {{ name: "f{n}" type: INT }}' for n in range(20_000)]
    path.write_bytes(b"\xef\xbb\xbf" + "\n".join(lines).encode())
    start = time.process_time()
    assert len(read_schema(path).feature) == 20_000
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    ("field", "value", "bound"),
    [
        ("training.epochs", 10**9, "1000000"),
        ("training.batch_size", 2**40, "1048576"),
        ("training.accumulate", 10**9, "1000000"),
        ("training.patience", 10**9, "1000000"),
        ("tuning", {"trials": 10**9, "space": {"training.epochs": [1]}}, "100000"),
        ("relation.sampling.caps.positives_per_entity", 10**12, "1000000000"),
    ],
)
def test_sizes_have_a_bound_that_is_named(field, value, bound):
    with pytest.raises(RecipeError, match=rf"{field}.*less than or equal to {bound}"):
        parse_recipe(yaml.safe_dump(system("label_pairs", {field: value})), "r.yaml")
