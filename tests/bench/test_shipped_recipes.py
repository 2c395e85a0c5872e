"""The gates of a run as results."""

from bench.shipped_recipes import gated


def gate(metric, bound, value, threshold, kind="threshold"):
    return {
        "kind": kind,
        "metric": metric,
        "bound": bound,
        "value": value,
        "threshold": threshold,
    }


def test_a_threshold_is_a_result_that_is_met_where_the_gate_is_kept():
    results = gated(
        "mine",
        [
            gate("auc", "min", 0.9, 0.8),
            gate("lrap", "min", 0.7, 0.8),
            gate("mae", "max", 0.1, 0.2),
            gate("hamming", "max", 0.3, 0.2),
            gate("auc", "max_drop", 0.9, 0.02),
            gate("score_spread", "min", 0.1, 0.0, kind="sanity"),
        ],
    )
    assert {result.name: (result.better, result.met) for result in results} == {
        "shipped_mine_auc": ("higher", True),
        "shipped_mine_lrap": ("higher", False),
        "shipped_mine_mae": ("lower", True),
        "shipped_mine_hamming": ("lower", False),
    }
