"""Settings of the bare pipeline. Steps, epochs and images a step are those of `digits_triplets`."""

PIPELINE_NAME = "bare_digits"
EPOCHS = 20
TRAIN_STEPS = 84 * EPOCHS
BATCH_SIZE = 192  # A step of `digits_triplets` embeds 64 triplets of images.
EVAL_STEPS = 3
LEARNING_RATE = 1e-3
ACCURACY_THRESHOLD = 0.6
