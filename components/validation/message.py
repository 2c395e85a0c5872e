"""Anomalies as lines that a reader can act on."""

from collections.abc import Mapping

from tensorflow_metadata.proto.v0 import anomalies_pb2

SHOWN = 10
"""Anomalies that a message lists; of the rest it gives the number."""


def anomaly_lines(anomalies: Mapping[str, anomalies_pb2.Anomalies]) -> list[str]:
    """One line an anomaly: "split 'train': feature 'label': Unexpected data type — Expected …".

    Args:
      anomalies: by split.

    Returns:
      The lines, sorted by split (in the order given) and feature; none where all is well.
    """
    lines = []
    for split, found in anomalies.items():
        if found.HasField("dataset_anomaly_info"):
            lines.append(f"split {split!r}: {_described(found.dataset_anomaly_info)}")
        for key, info in sorted(found.anomaly_info.items()):
            feature = ".".join(info.path.step) or key
            lines.append(f"split {split!r}: feature {feature!r}: {_described(info)}")
    return lines


def summary(title: str, lines: list[str]) -> str:
    """The message: how many anomalies, and the first of them."""
    count = f"{len(lines)} anomal{'y' if len(lines) == 1 else 'ies'}"
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    shown = "\n".join(f"  {line}" for line in [*lines[:SHOWN], *more])
    return f"the {title} are not what the schema says, {count}:\n{shown}"


def _described(info: anomalies_pb2.AnomalyInfo) -> str:
    short, long = info.short_description.strip(), info.description.strip()
    return f"{short} — {long}" if long and long != short else short
