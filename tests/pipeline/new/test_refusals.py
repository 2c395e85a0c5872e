"""What `make new` can propose nothing for, by the kind of relation: one sentence each."""

import re

import pytest

from pipeline.new.proposals import Question, propose
from relation.core.errors import DataError
from tests.pipeline.new.tables import spread, table

N = 120
NUMBERS = [float(7 * n % 121) for n in range(N)]  # All different.


def pairs(**columns):
    return table(left_x=NUMBERS, right_x=NUMBERS[::-1], **columns)


def lists(grade):
    return table(query_id=[b"q%d" % (n // 6) for n in range(N)], x=NUMBERS, grade=grade)


def users(ids):
    return table("users.csv", id=ids, age=NUMBERS)


def links(**columns):
    return table("links.csv", **columns)


NAMES = [b"u%d" % n for n in range(N)]


@pytest.mark.parametrize(
    ("data", "edges", "label", "message"),
    [
        ([users(NAMES)] * 2, None, None, "EDGES: missing; DATA has 2 tables, and something must connect them"),
        ([users(NAMES)] * 3, links(who=NAMES), None, "DATA: got 3 tables; expected one or two"),
        ([users(NAMES)], links(who=NAMES, what=spread(N, b"x", b"y")), None, "EDGES: links.csv: expected two columns with ids of type_0; those that hold such ids: 'who'. Ids are 'id' of type_0"),
        ([users(NAMES)], links(what=spread(N, b"x", b"y")), None, "EDGES: links.csv: expected two columns with ids of type_0; those that hold such ids: none. Ids are 'id' of type_0"),
        ([users([*range(N)])], links(one=[b"%d" % n for n in range(N)], two=[*range(N)]), None, "EDGES: links.csv: column 'one' is of type bytes; expected int, as the id 'id' of type_0 is"),
        ([pairs(label=spread(N, 1))], None, None, "LABEL: 'label' has 1 value; expected two or more to learn from"),
        ([pairs(label=NAMES)], None, None, "LABEL: 'label' has 120 different texts; expected a number, or at most 20 classes"),
        ([table(left_note=spread(N, b"a"), right_note=spread(N, b"a"), label=spread(N, 0, 1))], None, None, "DATA: rows.csv: no column says anything about 'left'"),
        ([lists(spread(N, 0, 32))], None, None, "LABEL: 'grade' has the value 32; expected grades from 0 to 31"),
        ([lists(spread(N, 0, -1))], None, None, "LABEL: 'grade' has the value -1; expected grades from 0 to 31"),
        ([lists([n // 6 % 4 for n in range(N)])], None, None, "LABEL: no 'query_id' has rows of different 'grade', so there is no order to learn"),
        ([table(query_id=[b"q%d" % (n // 6) for n in range(N)], grade=spread(N, 0, 1))], None, None, "DATA: rows.csv: no column beside 'query_id' and 'grade' says anything of a row"),
        ([table(x=NUMBERS, tags=spread(N, (0.5,), (1.5, 2.5)))], None, "tags", "LABEL: 'tags' holds numbers with fractions; expected tags"),
        ([table(x=NUMBERS, tags=spread(N, (b"a", b"a")))], None, "tags", "LABEL: 'tags' has 1 different tags; expected 2 to 1,000"),
        ([table(x=NUMBERS, tags=spread(N, (b"a", b"b"), (b"\xff",)))], None, "tags", "LABEL: 'tags' has a tag that is not UTF-8; expected text"),
        ([table(tags=spread(N, (b"a", b"b"), (b"a",)))], None, "tags", "DATA: rows.csv: no column beside 'tags' says anything about a row"),
        ([table(x=NUMBERS, n=spread(N, *range(40)))], None, None, "LABEL: missing, and no column is plainly a label; expected LABEL=<column>, one of n"),
    ],
)  # fmt: skip
def test_what_nothing_is_proposed_for(data, edges, label, message):
    named = {f"type_{n}": one for n, one in enumerate(data)}
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        propose(Question("trial", named, edges, label))
