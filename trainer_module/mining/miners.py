"""The miners by name."""

MINERS = {
    "batch_all": "trainer_module.mining.batch_all.BatchAll",
    "batch_hard": "trainer_module.mining.batch_hard.BatchHard",
    "batch_semi_hard": "trainer_module.mining.batch_semi_hard.BatchSemiHard",
    "distance_weighted": "trainer_module.mining.distance_weighted.DistanceWeighted",
}
