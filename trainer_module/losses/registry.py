"""The losses by name, a table a family: the registry's lines, for whatever trains a family.

`parts.LOSSES` holds the tuple losses that recipes may name today.
"""

TUPLE_LOSSES = {
    "binary_cross_entropy": "trainer_module.losses.binary_cross_entropy.BinaryCrossEntropy",
    "candidate_softmax": "trainer_module.losses.candidate_softmax.CandidateSoftmax",
    "contrastive": "trainer_module.losses.contrastive.Contrastive",
    "cosent": "trainer_module.losses.cosent.Cosent",
    "cosine_mse": "trainer_module.losses.cosine_mse.CosineMse",
    "feature_matching": "trainer_module.losses.feature_matching.FeatureMatching",
    "mae": "trainer_module.losses.mae.Mae",
    "mse": "trainer_module.losses.mse.Mse",
    "pairwise_hinge": "trainer_module.losses.pairwise_hinge.PairwiseHinge",
    "pairwise_logistic": "trainer_module.losses.pairwise_logistic.PairwiseLogistic",
    "soft_triplet": "trainer_module.losses.soft_triplet.SoftTriplet",
    "triplet": "trainer_module.losses.triplet.Triplet",
}
LIST_LOSSES = {
    "approx_ndcg": "trainer_module.losses.approx_ndcg.ApproxNdcg",
    "lambda_loss": "trainer_module.losses.lambda_loss.LambdaLoss",
    "listmle": "trainer_module.losses.listmle.ListMle",
    "listnet": "trainer_module.losses.listnet.ListNet",
}
BATCH_LOSSES = {
    "circle": "trainer_module.losses.circle.Circle",
    "in_batch_softmax": "trainer_module.losses.in_batch_softmax.InBatchSoftmax",
    "multi_similarity": "trainer_module.losses.multi_similarity.MultiSimilarity",
    "nt_xent": "trainer_module.losses.nt_xent.NtXent",
    "proxy_anchor": "trainer_module.losses.proxy_anchor.ProxyAnchor",
    "supervised_contrastive": "trainer_module.losses.supervised_contrastive.SupervisedContrastive",
}
TAG_LOSSES = {
    "asymmetric": "trainer_module.losses.asymmetric.Asymmetric",
    "focal": "trainer_module.losses.focal.Focal",
    "tag_cross_entropy": "trainer_module.losses.tag_cross_entropy.TagCrossEntropy",
    "tag_mae": "trainer_module.losses.tag_mae.TagMae",
    "tag_mse": "trainer_module.losses.tag_mse.TagMse",
    "weighted_tag_cross_entropy": (
        "trainer_module.losses.weighted_tag_cross_entropy.WeightedTagCrossEntropy"
    ),
}
VALUE_LOSSES = {
    "class_cross_entropy": ("trainer_module.losses.class_cross_entropy.ClassCrossEntropy"),
    "value_mae": "trainer_module.losses.value_mae.ValueMae",
    "value_mse": "trainer_module.losses.value_mse.ValueMse",
}
IMAGE_LOSSES = {
    "image_l1": "trainer_module.losses.image_l1.ImageL1",
    "image_l2": "trainer_module.losses.image_l2.ImageL2",
    "image_mixture": "trainer_module.losses.image_mixture.ImageMixture",
    "image_ssim": "trainer_module.losses.image_ssim.ImageSsim",
}
ALL_LOSSES = {
    **TUPLE_LOSSES,
    **LIST_LOSSES,
    **BATCH_LOSSES,
    **TAG_LOSSES,
    **VALUE_LOSSES,
    **IMAGE_LOSSES,
}
