"""Error messages of anomalies, which the tests make by hand."""

from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.validation import message


def info(short, long="", step=()):
    result = anomalies_pb2.AnomalyInfo(short_description=short, description=long)
    result.path.step.extend(step)
    return result


def test_lines():
    train = anomalies_pb2.Anomalies()
    train.anomaly_info["b"].CopyFrom(info("Same", "Same", ["b"]))
    train.anomaly_info["a"].CopyFrom(info("Short", "Long.", ["a", "x"]))
    evaluation = anomalies_pb2.Anomalies(dataset_anomaly_info=info("Low num examples", "Only 0."))
    anomalies = {"train": train, "eval": evaluation, "other": anomalies_pb2.Anomalies()}
    assert message.anomaly_lines(anomalies) == [
        "split 'train': feature 'a.x': Short — Long.",
        "split 'train': feature 'b': Same",
        "split 'eval': Low num examples — Only 0.",
    ]


def test_the_first_ten_are_shown():
    text = message.summary("rows", [f"line {n}" for n in range(12)])
    lines = text.split("\n")
    assert lines[0] == "the rows do not match the schema, 12 anomalies:"
    assert lines[1:] == [*(f"  line {n}" for n in range(10)), "  and 2 more"]
