"""One text analysis: what Unicode takes for the same text has the same words."""

import sys
import unicodedata

import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relation.features.character_folding import fold
from relation.features.words import split_words

HIDDEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200c\u200d\u2060\u3164\ufe0f\ufeff\uffa0"
"""Some of what Unicode's property Default_Ignorable_Code_Point holds."""
ASSIGNED = [
    chr(code)
    for code in range(sys.maxunicode + 1)
    if unicodedata.category(chr(code)) not in ("Cn", "Co", "Cs")
]


def words(*texts: str | bytes) -> list[list[str]]:
    cut = split_words(tf.constant(texts, tf.string, [len(texts)])).to_list()
    return [[word.decode() for word in text] for text in cut]


def nfkd(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


def letter_like(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def oracle(text: str) -> list[str]:
    """The same by Python on whole texts, without a table."""
    text = "".join(
        " " if c == "\u200b" else "" if unicodedata.category(c) == "Cf" or c in HIDDEN else c
        for c in text
        if not "\ufe00" <= c <= "\ufe0e" and c not in "\u180b\u180c\u180d\u180f"
        if not "\U000e0100" <= c <= "\U000e01ef"
    )
    text = "".join(c if letter_like(c) else " " for c in text)
    for _ in range(2):
        # The iota below stays a mark: casefold() makes it a letter.
        text = "\u0345".join(part.casefold() for part in nfkd(text).split("\u0345"))
    text = "".join(c if letter_like(c) else " " for c in nfkd(text))
    result = []
    for word in text.split():
        while word and unicodedata.category(word[0])[0] == "M":
            word = word[1:]
        result += [word] if word else []
    return result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("आधुनिक मानक हिन्दी", ["आधुनिक", "मानक", "हिन्दी"]),
        ("M\u00fcller", ["mu\u0308ller"]),
        ("Mu\u0308ller", ["mu\u0308ller"]),
        ("İstanbul", ["i\u0307stanbul"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("ΣΊΣΥΦΟΣ", [nfkd("σίσυφοσ")]),
        ("ﬁne Ｗ１２", ["fine", "w12"]),
        ("Sony™ 5\u00a0kg", ["sony", "5", "kg"]),
        ("Donau\u00addampf", ["donaudampf"]),
        ("می\u200cخواهم", ["میخواهم"]),
        ("ภาษา\u200bไทย", ["ภาษา", "ไทย"]),
        ("I ❤\ufe0f you", ["i", "you"]),
        ("東京 都", ["東京", "都"]),
        ("한국 \u1112\u1161\u11ab\u1100\u116e\u11a8", [nfkd("한국"), nfkd("한국")]),
        # Marks below, then above, as canonical order has them.
        ("a\u0301\u0323 a\u0323\u0301 ạ\u0301", ["a\u0323\u0301"] * 3),
        ("\u0301 \u0301a", ["a"]),
        ("a\0b\nc\td", ["a", "b", "c", "d"]),
        ("", []),
        (" -- ", []),
    ],
)
def test_words_by_hand(text, expected):
    assert words(text) == [expected]


def test_texts_of_a_batch_do_not_touch():
    assert words("\u0301", "a\u0301", "\u0323b", "", "c") == [[], ["a\u0301"], ["b"], [], ["c"]]
    assert words() == []


def test_what_is_no_utf_8_separates_words():
    assert words(b"a\xffb", b"\xc3", b"\xed\xa0\x80x") == [["a", "b"], [], ["x"]]


TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("aAéİßς \u0301\u0323\u0345\u0308\u093f\u094d\u200d\u1100\u1161ﷺ½ŀ"),
    )
)


@settings(deadline=None, max_examples=300)
@given(st.lists(TEXTS, max_size=4))
@example(["α\u0345\u0301", "\u0345", "ᾼ"])
def test_any_texts_have_the_words_that_python_finds(texts):
    assert words(*texts) == [oracle(text) for text in texts]


@settings(deadline=None, max_examples=200)
@given(TEXTS)
@example("a\u0301\u0323\u0345")
def test_canonically_equivalent_texts_have_the_same_words(text):
    nfc, nfd, same = words(*(unicodedata.normalize(f, text) for f in ("NFC", "NFD")), text)
    assert nfc == nfd == same


def test_every_character_has_the_words_that_python_finds():
    assert len(ASSIGNED) > 140_000
    texts = [f"x{character}\u0301y" for character in ASSIGNED]
    assert words(*texts) == [oracle(text) for text in texts]


def test_folding_twice_changes_nothing():
    for character in ASSIGNED:
        folded = fold(character)
        assert "".join(map(fold, folded)) == folded


def test_only_plain_operations_are_used():
    graph = split_words.get_concrete_function().graph
    functions = graph.as_graph_def().library.function
    nodes = [*graph.as_graph_def().node, *(node for f in functions for node in f.node_def)]
    names = {node.op for node in nodes}
    assert "UnicodeDecode" in names
    assert not [name for name in names if "PyFunc" in name or ">" in name]
