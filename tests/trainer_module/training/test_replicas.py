"""Several workers, or devices, together do what one does with the whole batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from relation.training import Training
from tests.trainer_module.training import replica_worker
from trainer_module.training.custom_loop import is_chief, strategy_of


def _start(
    tuples: Path, strategy: str, weights: Path, cluster: dict | None = None
) -> subprocess.Popen:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": os.getcwd()}
    environment.pop("TF_CONFIG", None)
    if cluster is not None:
        environment["TF_CONFIG"] = json.dumps(cluster)
    command = [
        sys.executable,
        "-m",
        "tests.trainer_module.training.replica_worker",
        str(tuples),
        strategy,
        str(weights),
    ]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.fixture(scope="module")
def tuples(tmp_path_factory) -> Path:
    """75 of them: two steps of 32, and one of 11 whose four parts are of 2, 3, 3, 3."""
    path = tmp_path_factory.mktemp("tuples") / "tuples.gz"
    replica_worker.write(str(path), 75)
    return path


@pytest.fixture(scope="module")
def alone(tuples) -> list[np.ndarray]:
    training = Training(**replica_worker.OPTIONS)
    return replica_worker.train(str(tuples), strategy_of(training), training)


def _same(path: Path, alone: list[np.ndarray]) -> None:
    with np.load(path) as found:
        (losses, *weights) = found.values()
    # The mean over an epoch weighs a batch by its size, which is that of the first replica's part.
    np.testing.assert_allclose(losses[0], alone[0][0], rtol=0.05)
    np.testing.assert_allclose(losses[1], alone[0][1], rtol=1e-5)
    # Distances do not change with the last bias: Adam takes steps by the rounding of its gradient.
    for one, other in zip(weights, alone[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=5e-5)


def test_two_workers(tuples, alone, tmp_path):
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(2)]
    clusters = [
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        for index in (0, 1)
    ]
    weights = tmp_path / "weights.npz"
    processes = [_start(tuples, "multi_worker", weights, cluster) for cluster in clusters]
    outputs = [process.communicate(timeout=900)[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    _same(weights, alone)


def test_two_devices(tuples, alone, tmp_path):
    process = _start(tuples, "two_devices", tmp_path / "weights.npz")
    output = process.communicate(timeout=900)[0].decode()
    assert process.returncode == 0, output
    _same(tmp_path / "weights.npz", alone)


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "chief"),
    [
        ({"worker": ["a:1", "b:1"]}, "worker", 0, True),
        ({"worker": ["a:1", "b:1"]}, "worker", 1, False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, "worker", 0, False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, "chief", 0, True),
    ],
)
def test_the_chief_is_the_one_that_writes(monkeypatch, cluster, kind, index, chief):
    config = {"cluster": cluster, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert is_chief() is chief
    monkeypatch.delenv("TF_CONFIG")
    assert is_chief()
