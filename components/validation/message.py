"""Error messages about anomalies: one line for each."""

from collections.abc import Mapping

from tensorflow_metadata.proto.v0 import anomalies_pb2

SHOWN = 10
"""Anomalies that a message lists; the others are counted."""


def anomaly_lines(anomalies: Mapping[str, anomalies_pb2.Anomalies]) -> list[str]:
    """Describe each anomaly: "split 'train': feature 'label': Unexpected data type — Expected …".

    Args:
      anomalies: by split.

    Returns:
      The lines, by split (in the given order), then sorted by feature.
    """
    lines = []
    for split, anomaly in anomalies.items():
        if anomaly.HasField("dataset_anomaly_info"):
            lines.append(f"split {split!r}: {_described(anomaly.dataset_anomaly_info)}")
        for key, info in sorted(anomaly.anomaly_info.items()):
            feature = ".".join(info.path.step) or key
            lines.append(f"split {split!r}: feature {feature!r}: {_described(info)}")
    return lines


def summary(title: str, lines: list[str]) -> str:
    """Write the message: the number of anomalies, and the first ones."""
    count = f"{len(lines)} anomal{'y' if len(lines) == 1 else 'ies'}"
    rest = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    shown = "\n".join(f"  {line}" for line in [*lines[:SHOWN], *rest])
    return f"the {title} do not match the schema, {count}:\n{shown}"


def _described(info: anomalies_pb2.AnomalyInfo) -> str:
    short, long = info.short_description.strip(), info.description.strip()
    return f"{short} — {long}" if long and long != short else short
