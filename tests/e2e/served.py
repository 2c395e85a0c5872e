"""A served model: its files, and its predictions."""

import tensorflow as tf

from relation.load import PROJECT


def embed(served, rows):
    records = tf.constant([row.SerializeToString() for row in rows])
    return served.signatures["embed_item"](examples=records)["embedding"].numpy()


def pair(left, right, roles=("anchor", "positive")):
    example = tf.train.Example()
    for role, row in zip(roles, (left, right), strict=True):
        for name, feature in row.features.feature.items():
            example.features.feature[f"{role}_{name}"].CopyFrom(feature)
    return example


def score(served, pairs, signature="score"):
    records = tf.constant([pair(*both).SerializeToString() for both in pairs])
    return served.signatures[signature](examples=records)["score"].numpy()


def contents(folder):
    root = PROJECT / folder
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
