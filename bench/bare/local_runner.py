"""Runs the bare pipeline on `data/` of the working directory, as TFX's penguin template does."""

import os

import configs
from absl import logging
from digits_pipeline import create_pipeline
from tfx import v1 as tfx

OUTPUT_DIR = "."
PIPELINE_ROOT = os.path.join(OUTPUT_DIR, "tfx_pipeline_output", configs.PIPELINE_NAME)
METADATA_PATH = os.path.join(OUTPUT_DIR, "tfx_metadata", configs.PIPELINE_NAME, "metadata.db")
SERVING_MODEL_DIR = os.path.join(PIPELINE_ROOT, "serving_model")
DATA_PATH = os.path.join(OUTPUT_DIR, "data")


def run() -> None:
    tfx.orchestration.LocalDagRunner().run(
        create_pipeline(
            pipeline_root=PIPELINE_ROOT,
            data_path=DATA_PATH,
            serving_model_dir=SERVING_MODEL_DIR,
            metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
                METADATA_PATH
            ),
        )
    )


if __name__ == "__main__":
    logging.set_verbosity(logging.INFO)
    run()
