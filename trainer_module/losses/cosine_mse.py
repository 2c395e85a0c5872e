"""Squared error of a cosine."""

from typing import ClassVar

from trainer_module.losses.mse import Mse


class CosineMse(Mse):
    """(y − cos)² of labels y in [−1, 1]: `mse` where relatedness is the cosine of embeddings.

    Reimers, Gurevych, "Sentence-BERT", EMNLP 2019, regression objective; sentence-transformers'
    CosineSimilarityLoss.
    """

    heads: ClassVar[frozenset[str] | None] = frozenset({"cosine"})
