"""Words of texts, in a TensorFlow graph: the one text analysis of the project.

A word is a run of letters, marks and numbers that begins with no mark. Characters are folded
first, and marks put in canonical order, so that texts that Unicode takes for the same have the
same words (`character_folding`). Plain operations do all of it: a served model needs no library.
"""

import tensorflow as tf

from relation.features.character_folding import PAGE, SAME, folding_table

_ORPHANS = r"(^| )\pM+"


@tf.function(
    input_signature=[tf.TensorSpec([None], tf.string)],
    autograph=False,
    experimental_attributes={"_noinline": True},
)
def split_words(texts: tf.Tensor) -> tf.RaggedTensor:
    """Split texts into folded words.

    One traced function for all callers: a graph holds the tables once.

    Args:
      texts: UTF-8, string [n]; bytes that are not UTF-8 separate words.

    Returns:
      string [n, words], in the order of the text.

    >>> words = split_words(tf.constant(["Größe: ÉTÉ", "T-shirt"]))
    >>> [word.decode() for word in words[1].numpy()]
    ['t', 'shirt']
    """
    # The space keeps marks at the start of a text apart from the text before.
    codes = tf.strings.unicode_decode(texts + " ", "UTF-8", errors="replace")
    folded = _in_canonical_order(_folded(codes))
    joined = tf.strings.unicode_encode(folded, "UTF-8")
    return tf.strings.split(tf.strings.regex_replace(joined, _ORPHANS, " "))


def _folded(codes: tf.RaggedTensor) -> tf.RaggedTensor:
    """Replace each character by its folding: code points int32 [n, characters] → the same."""
    table = folding_table()
    flat, starts = codes.flat_values, tf.constant(table.starts)
    pages = tf.gather(tf.constant(table.pages), flat // PAGE)
    rows = tf.gather(tf.constant(table.cells.ravel()), pages * PAGE + flat % PAGE)
    # Where to read: after the values stand, as it were, all code points, for those that stay.
    values = len(table.values)
    first = tf.where(rows == SAME, values + flat, tf.gather(starts, tf.maximum(rows, 0)))
    after = tf.where(rows == SAME, first + 1, tf.gather(starts, tf.maximum(rows, 0) + 1))
    read = tf.ragged.range(first, after)
    folded = tf.where(
        read.flat_values < values,
        tf.gather(tf.constant(table.values), tf.minimum(read.flat_values, values - 1)),
        read.flat_values - values,
    )
    return codes.with_values(read.with_values(folded)).merge_dims(1, 2)


def _in_canonical_order(codes: tf.RaggedTensor) -> tf.RaggedTensor:
    """Sort each run of combining marks by their class, in a stable way (Unicode, D109).

    Args:
      codes: code points, int32 [n, characters]; no text begins with a mark of the one before.
    """
    table = folding_table()
    flat = codes.flat_values
    marks, classes = tf.constant(table.marks), tf.constant(table.classes)
    at = tf.minimum(tf.searchsorted(marks, flat), len(table.marks) - 1)
    of = tf.where(tf.gather(marks, at) == flat, tf.gather(classes, at), 0)

    def in_order() -> tf.Tensor:
        runs = tf.cumsum(tf.cast(of == 0, tf.int64))
        return tf.gather(flat, tf.argsort(runs * PAGE + tf.cast(of, tf.int64), stable=True))

    disorder = tf.reduce_any((of[1:] > 0) & (of[:-1] > of[1:]))
    return codes.with_flat_values(tf.cond(disorder, in_order, lambda: flat))
