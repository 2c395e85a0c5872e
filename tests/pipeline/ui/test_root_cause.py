"""The root cause of a failure, below the exceptions of runners."""

import pytest

from pipeline.ui.root_cause import root_cause
from relation.core.errors import DataError, RecipeError, UserError


def raised(*links, related="cause"):
    """An exception at the end of a chain: the first link is the root."""
    error = links[0]
    for link in links[1:]:
        if related == "cause":
            link.__cause__ = error
        else:
            link.__context__ = error
        error = link
    return error


@pytest.mark.parametrize("related", ["cause", "context"])
@pytest.mark.parametrize(
    ("links", "cause"),
    [
        ([UserError("mend this")], "mend this"),
        ([DataError("rows are bad"), RuntimeError("wrapped")], "rows are bad"),
        ([KeyError("x"), RecipeError("a.yaml: x: missing"), ValueError("v")], "a.yaml: x: missing"),
        ([OSError("disk full"), RuntimeError("wrapped")], "OSError: disk full"),
        ([ValueError(""), RuntimeError("wrapped")], "ValueError: no message"),
        ([ValueError("first\nsecond")], "ValueError: first"),
        ([ValueError("  \n  ")], "ValueError: no message"),
    ],
)
def test_the_users_error_comes_first_else_the_root(links, cause, related):
    assert root_cause(raised(*links, related=related)) == cause


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("bad [while running 'Read']", "bad"),
        ("bad [while running 'Read/Map'] [while running 'Read']", "bad"),
        ("bad [while running 'Read']\n", "bad"),
        ("[while running 'a'] is what it said", "[while running 'a'] is what it said"),
        ("two\n  lines [while running 'Read']", "two\n  lines"),
        ("x" + " " * 10**6 + "[while running 'Read'", "x" + " " * 10**6 + "[while running 'Read'"),
    ],
)
def test_beams_suffix_is_peeled_off(message, cause):
    assert root_cause(DataError(message)) == cause


@pytest.mark.parametrize("name", ["DataError", "relation.core.errors.RecipeError", "UserError"])
def test_a_users_error_is_found_in_a_workers_traceback(name):
    trace = f"Traceback (most recent call last):\n  File x\n{name}: bad rows [while running 'Read']"
    assert root_cause(RuntimeError(trace)) == "bad rows"


def test_of_a_traceback_as_text_the_last_line_is_the_cause():
    trace = "Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'label'"
    assert root_cause(RuntimeError(trace)) == "KeyError: 'label'"


def hide():
    try:
        raise KeyError("detail")
    except KeyError:
        raise ValueError("the point") from None


def test_what_was_hidden_on_purpose_is_not_dug_out():
    with pytest.raises(ValueError, match="the point") as caught:
        hide()
    assert root_cause(caught.value) == "ValueError: the point"


def test_a_chain_that_bites_its_tail_ends():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert root_cause(first) == "ValueError: second"
