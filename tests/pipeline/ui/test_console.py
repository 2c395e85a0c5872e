"""The output on the terminal, and in the log."""

import contextlib
import logging
import os
import pty
import re
import subprocess
import sys

import pytest
from absl import logging as absl_logging

from components.common.evaluation.evaluation_results import GateResult
from pipeline.ui import verdict as verdicts
from pipeline.ui.console import Console
from pipeline.ui.verdict import RunVerdict


def use_descriptors(monkeypatch):
    """Put Python's streams back on the file descriptors, where pytest has its own."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        monkeypatch.setattr(sys, name, os.fdopen(number, "w", closefd=False))


def make_noise():
    os.write(1, b"noise of C++\n")
    print("noise of print")
    subprocess.run(["sh", "-c", "echo noise of a child; echo noise on stderr >&2"], check=True)
    logging.getLogger("some.library").warning("noise of logging")


def read_all(master: int) -> str:
    """Read all that was written to a terminal whose other end is closed."""
    shown = b""
    with contextlib.suppress(OSError), open(master, "rb", buffering=0) as stream:
        while part := stream.read(1 << 16):
            shown += part
    return shown.decode()


def test_noise_goes_to_the_log_and_lines_to_the_terminal(tmp_path, capfd, monkeypatch):
    use_descriptors(monkeypatch)
    log = tmp_path / "logs" / "run.log"
    with Console(log) as console, console.node("Trainer") as line:
        make_noise()
        logging.getLogger("relata.progress").info("epoch 1/2  loss 0.5")
        line.done(cached=False, summary="best epoch 1")
    os.write(1, b"afterwards\n")
    out, err = capfd.readouterr()
    assert "noise" not in out + err
    assert "epoch 1/2  loss 0.5" in out
    assert re.search(r"^  Trainer +done +\d+\.\d s  best epoch 1$", out, re.MULTILINE)
    assert out.endswith("afterwards\n")
    text = log.read_text()
    for kind in ("C++", "print", "a child", "logging"):
        assert f"noise of {kind}" in text
    assert "noise on stderr" in text


def test_afterwards_logging_goes_where_it_went(tmp_path, monkeypatch):
    handler = absl_logging.get_absl_handler().python_handler
    before, handlers = handler.stream, logging.root.handlers[:]
    use_descriptors(monkeypatch)
    with Console(tmp_path / "run.log"):
        assert handler.stream is sys.stderr
    assert handler.stream is before
    assert logging.root.handlers == handlers


def test_a_terminal_sees_no_noise_either(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    master, slave = pty.openpty()
    before = os.dup(1)
    os.dup2(slave, 1)
    try:
        use_descriptors(monkeypatch)
        with Console(tmp_path / "run.log") as console, console.node("Trainer") as line:
            make_noise()
            logging.getLogger("relata.progress").info("epoch 1/2  loss 0.5")
            line.done(cached=False, summary="best epoch 1")
    finally:
        os.dup2(before, 1)
        os.close(before)
        os.close(slave)
    shown = read_all(master)
    assert "noise" not in shown
    assert "Trainer             running" in shown
    assert "\x1b[2K" in shown.rpartition("running")[2].partition("done")[0]  # the line is erased
    assert "best epoch 1\r\n" in shown
    assert "noise of print" in (tmp_path / "run.log").read_text()


def test_a_second_run_adds_to_the_log(tmp_path, capfd, monkeypatch):
    use_descriptors(monkeypatch)
    for text in ("first", "second"):
        with Console(tmp_path / "run.log"):
            print(text)
    assert (tmp_path / "run.log").read_text().split() == ["first", "second"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_descriptors_come_back_and_the_node_has_failed(error, tmp_path, capfd):
    before = [os.fstat(target).st_ino for target in (1, 2)]
    opened = os.listdir("/proc/self/fd")
    with pytest.raises(error), Console(tmp_path / "run.log") as console, console.node("Trainer"):
        raise error
    assert [os.fstat(target).st_ino for target in (1, 2)] == before
    assert len(os.listdir("/proc/self/fd")) == len(opened)
    assert re.search(r"^  Trainer +failed +\d+\.\d s$", capfd.readouterr().out, re.MULTILINE)
    assert not logging.getLogger("relata.progress").handlers


def test_a_log_that_cannot_be_written_leaves_the_terminal_alone(tmp_path, capfd):
    (tmp_path / "file").touch()
    opened = os.listdir("/proc/self/fd")
    with pytest.raises(OSError, match="file"), Console(tmp_path / "file" / "run.log"):
        pass
    assert len(os.listdir("/proc/self/fd")) == len(opened)
    os.write(1, b"still here\n")
    assert capfd.readouterr().out == "still here\n"


def test_markup_in_what_is_said_is_text(tmp_path, capfd):
    with Console(tmp_path / "[red]" / "run.log") as console:
        with console.node("Trainer") as line:
            line.done(cached=True, summary="[bold]summary[/bold]")
        console.progress("[red]epoch[/]")
        console.show_verdict(verdicts.failed("r", "label '[/b]' is [odd]", tmp_path / "[red]"))
    out = capfd.readouterr().out
    assert "[bold]summary[/bold]" in out
    assert "[red]epoch[/]" in out
    assert "label '[/b]' is [odd]" in out
    assert f"{tmp_path}/[red]" in out


def test_a_failure_starts_with_its_cause(tmp_path, capfd):
    cause = "rows.gz: " + "a long story " * 20
    with Console(tmp_path / "run.log") as console:
        console.show_verdict(verdicts.failed("cats", cause.strip(), tmp_path / "run.log"))
    lines = capfd.readouterr().out.strip().splitlines()
    assert lines == [f"FAILED: {cause.strip()}", f"  log      {tmp_path / 'run.log'}"]


def test_the_summary_ends_with_the_verdict(tmp_path, capfd):
    gates = (
        GateResult("auc", "min", 0.9, 0.95, None, True),
        GateResult("accuracy", "min", 0.99, 0.875, None, False),
    )
    verdict = RunVerdict(
        recipe="cats",
        verdict="refused",
        cause="accuracy 0.8750, not ≥ 0.99; nothing was pushed",
        report="/runs/cats/report/index.html",
        gates=gates,
        served="/runs/cats/serving/7",
        command="try serving/7",
        log="run.log",
    )
    with Console(tmp_path / "run.log") as console:
        console.show_verdict(verdict)
    out = capfd.readouterr().out
    table = [line.rstrip() for line in out.splitlines()[1:4]]
    assert table == [  # two spaces on either side of a column
        "  gate         metric       value    bound",
        "  threshold    auc         0.9500    ≥ 0.9     passed",
        "  threshold    accuracy    0.8750    ≥ 0.99    refused",
    ]
    lines = [line.split() for line in out.splitlines() if line.strip()]
    assert ["threshold", "auc", "0.9500", "≥", "0.9", "passed"] in lines
    assert ["threshold", "accuracy", "0.8750", "≥", "0.99", "refused"] in lines
    assert ["report", "/runs/cats/report/index.html"] in lines
    assert ["model", "/runs/cats/serving/7"] in lines
    assert lines[-1][0] == "REFUSED:"


def test_data_have_no_gates(tmp_path, capfd, monkeypatch):
    use_descriptors(monkeypatch)
    verdict = RunVerdict(
        recipe="cats", verdict="data", cause="made", tuples="/runs/t", log="run.log"
    )
    with Console(tmp_path / "run.log") as console:
        console.show_verdict(verdict)
    lines = capfd.readouterr().out.split("\n")
    assert lines == ["", "  log      run.log", "  tuples   /runs/t", "", "DATA: made", ""]


def test_long_names_of_nodes_keep_the_columns(tmp_path, capfd, monkeypatch):
    use_descriptors(monkeypatch)
    names = ["EntityGen", "EntityStatistics_purchases"]
    with Console(tmp_path / "run.log", names) as console:
        for name in names:
            with console.node(name):
                pass
    lines = capfd.readouterr().out.splitlines()
    assert [line.index("done") for line in lines] == [30, 30]


def test_without_a_terminal_lines_have_100_columns(tmp_path, capfd):
    before = "  Trainer             cached      0.0 s  "
    with Console(tmp_path / "run.log") as console:
        for count in (55, 56):
            with console.node("Trainer") as line:
                line.done(cached=True, summary="a" * count + " ccc")
    lines = [line.rstrip() for line in capfd.readouterr().out.splitlines()]
    assert lines == [f"{before}{'a' * 55} ccc", f"{before}{'a' * 56}", "ccc"]
    assert len(lines[0]) == 100
