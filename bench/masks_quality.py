"""Which pixels of unseen images are nuclei, beside Otsu's threshold: Dice."""

import statistics
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench import public_data, quality
from bench.results import Result
from bench.systems import SEEDS, trained
from demo_data.rows import RowValues, write_rows

EVERY = 4
"""One image of so many, in the order of ids (which are hashes), is measured."""
GOALS = {"dice": 0.92}
PROTOCOL = (
    "84 images, ordered by id: every fourth is measured, once a seed; of the others nine of ten "
    "(by hash) train. A sixth of the others, left out of training, has chosen norm, schedule, "
    "epochs, filters, batches and flips. Dice of each image at its own 256 × 256 pixels, a pixel "
    "of .5 or more counting as nucleus; the mean over images."
)

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


def run() -> list[Result]:
    folder = public_data.folder("nuclei")
    rows = list(public_data.table(folder / "index.csv"))
    test = rows[::EVERY]
    images, masks = ([_pixels(folder / row[key]) for row in test] for key in ("image", "mask"))
    truth = [mask > 0 for mask in masks]
    asked = [{"image_image": (folder / row["image"]).read_bytes()} for row in test]
    ours = [
        {"dice": _mean_dice(list(model.score(asked)[..., 0] >= 0.5), truth)}
        for model in trained("nuclei_masks", lambda place: _write(folder, rows, place))
    ]
    peer = {"dice": _mean_dice([otsu(image) for image in images], truth)}
    return quality.results("masks", ours, {"Otsu": [peer] * len(SEEDS)}, GOALS, PROTOCOL)


def dice(found: Mask, truth: Mask) -> float:
    """2|A ∩ B| / (|A| + |B|); 1 of two empty masks."""
    total = int(found.sum()) + int(truth.sum())
    return 2 * int((found & truth).sum()) / total if total else 1.0


def otsu(image: Pixels) -> Mask:
    """Pixels above the threshold that sets the two classes' means farthest apart (Otsu 1979)."""
    share = np.bincount(image.ravel(), minlength=256) / image.size
    below, first = np.cumsum(share), np.cumsum(share * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (first[-1] * below - first) ** 2 / (below * (1 - below))
    return image > int(np.argmax(np.nan_to_num(between, posinf=0.0)))


def _mean_dice(found: list[Mask], truth: list[Mask]) -> float:
    return statistics.mean(map(dice, found, truth))


def _pixels(path: Path) -> Pixels:
    return np.asarray(Image.open(path).convert("L"))


def _write(folder: Path, rows: list[dict[str, str]], place: Path) -> None:
    pairs: list[RowValues] = [
        {
            "image_id": row["id"],
            "image_image": (folder / row["image"]).read_bytes(),
            "target_id": row["id"],
            "target_image": (folder / row["mask"]).read_bytes(),
        }
        for number, row in enumerate(rows)
        if number % EVERY
    ]
    write_rows(place, "pairs", pairs)
