"""Standard streams that never raise and never block, whatever becomes of their readers."""

import os
import sys
import threading

import pytest
import typer

from livingmap.logs.output import Output, standard_streams

MANY = 5000


class Returns:
    """How many lines were reported as dropped, by report."""

    def __init__(self):
        self.lines = []

    def __call__(self, lines):
        self.lines.append(lines)


@pytest.fixture
def returns():
    return Returns()


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    for one in (reader, writer):
        try:
            os.close(one)
        except OSError:  # the test closed it
            continue


def read(reader, end):
    """Read lines up to one that contains ``end``."""
    text = b""
    while end not in text:
        text += os.read(reader, 65536)
    return text.decode().splitlines()


def test_lines_are_written_in_order(pipe, returns):
    output = Output(pipe[1], returns)
    for number in range(300):
        print(number, file=output)
    output.settle()
    assert read(pipe[0], b"299\n") == [str(number) for number in range(300)]
    assert (output.dropped, returns.lines) == (0, [])


def test_a_reader_that_is_stuck_stops_nobody_and_what_it_missed_is_counted(pipe, returns):
    output = Output(pipe[1], returns)
    for number in range(MANY):
        output.write(f"{number} {'x' * 100}\n")
    assert output.dropped > 0
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(read(pipe[0], b"last\n")), daemon=True)
    reader.start()
    output.settle(60)  # a line is dropped as long as too many wait
    output.write("last\n")
    reader.join(60)
    assert sum(returns.lines) == output.dropped
    assert lines[0].startswith("0 ")


def test_a_reader_that_has_gone_costs_lines_alone(pipe, returns):
    os.close(pipe[0])
    output = Output(pipe[1], returns)
    for _ in range(3):
        output.write("a\nb\n")
    output.settle()
    assert (output.dropped, returns.lines) == (6, [])


def test_a_disk_that_is_full_costs_lines_and_the_return_is_reported(tmp_path, returns):
    full = os.open("/dev/full", os.O_WRONLY)
    output = Output(full, returns)
    output.write("a\nb\n")
    output.settle()
    assert output.dropped == 2
    with (tmp_path / "log").open("wb") as file:
        os.dup2(file.fileno(), full)  # there is room again
        output.write("c\n")
        output.settle()
    os.close(full)
    assert (tmp_path / "log").read_text() == "c\n"
    assert returns.lines == [2]


def test_a_descriptor_that_somebody_made_non_blocking_raises_nothing(pipe, returns):
    os.set_blocking(pipe[1], False)
    output = Output(pipe[1], returns)
    for _ in range(20):
        output.write(f"{'x' * 20_000}\n")
    output.settle()
    assert output.dropped > 0


def test_a_piece_without_end_is_cut(pipe, returns):
    output = Output(pipe[1], returns)
    output.write("x" * 70_000)
    (line,) = read(pipe[0], b"(cut)\n")
    assert len(line.encode()) < 66_000


def test_half_a_character_is_written_as_its_number(pipe, returns):
    Output(pipe[1], returns).write("\ud83d\n")
    assert read(pipe[0], b"\n") == ["\\ud83d"]


def test_the_standard_streams_are_replaced_for_a_while(returns):
    before = sys.stdout, sys.stderr
    with standard_streams(returns) as errors:
        assert sys.stderr is errors
        assert (sys.stdout.fileno(), errors.fileno()) == (1, 2)
        assert errors.isatty() is os.isatty(2)
    assert (sys.stdout, sys.stderr) == before


def test_bytes_are_refused_and_what_the_command_line_prints_gets_through(pipe, returns, monkeypatch):
    output = Output(pipe[1], returns)
    with pytest.raises(TypeError, match="not bytes"):
        output.write(b"")
    monkeypatch.setattr(sys, "stderr", output)
    typer.echo("sources.citi: no such plugin", err=True)
    assert read(pipe[0], b"\n") == ["sources.citi: no such plugin"]
