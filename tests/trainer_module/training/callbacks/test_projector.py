"""Thumbnails of the projector: which is where, and what it looks like."""

import numpy as np

from trainer_module.training.callbacks.projector import (
    THUMBNAIL,
    Points,
    sprite_of,
    write_projector,
)


def test_thumbnails_stand_row_by_row_in_a_square():
    grey = np.array([0.0, 0.2, 0.4, 0.6, 1.0]).reshape(5, 1, 1, 1) * np.ones((5, 8, 8, 1))
    sprite = np.asarray(sprite_of(grey))
    assert sprite.shape == (3 * THUMBNAIL, 3 * THUMBNAIL, 3)
    middles = sprite[THUMBNAIL // 2 :: THUMBNAIL, THUMBNAIL // 2 :: THUMBNAIL, 0]
    assert middles.tolist() == [[0, 51, 102], [153, 255, 255], [255, 255, 255]]


def test_a_picture_keeps_its_colours_and_its_sides():
    image = np.zeros((1, 4, 2, 3))
    image[0, :2, :, 0] = 1.0
    sprite = np.asarray(sprite_of(image))
    assert sprite[0, 0].tolist() == [255, 0, 0]
    assert sprite[THUMBNAIL - 1, 0].tolist() == [0, 0, 0]


def test_one_column_has_no_heading_and_a_text_is_one_cell(tmp_path):
    points = Points(np.eye(2), {"id": ["a\tb", ""]}, np.ones((2, 4, 4, 1)))
    write_projector({"item": points}, str(tmp_path))
    assert (tmp_path / "item_labels.tsv").read_text() == "a b\n–\n"
    assert (tmp_path / "item_embeddings.tsv").read_text() == "1\t0\n0\t1\n"
    assert (tmp_path / "projector_config.pbtxt").read_text() == (
        "embeddings {\n"
        '  tensor_name: "item"\n'
        "  tensor_shape: 2 tensor_shape: 2\n"
        '  tensor_path: "item_embeddings.tsv"\n'
        '  metadata_path: "item_labels.tsv"\n'
        '  sprite { image_path: "item_sprite.png" single_image_dim: 32 single_image_dim: 32 }\n'
        "}\n"
    )
