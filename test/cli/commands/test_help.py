"""`help`: the pages that `--help` leaves out."""

from __future__ import annotations

from support.command import Run

from hydra_client.cli.options import COMMON


def test_options_that_every_command_takes(run: Run) -> None:
    lines = run("help", "options").output.splitlines()
    assert max(map(len, lines)) <= 80
    for option in COMMON:
        assert any(option.opts[-1] in line for line in lines)
    for word in ("HYDRA_SCOPES", "[profiles.staging]", "Exit status:"):
        assert any(word in line for line in lines)


def test_help_of_nothing_is_the_list_of_commands(run: Run) -> None:
    assert run("help").output == run("--help").output


def test_an_unknown_command(run: Run) -> None:
    for words in (("nothing",), ("discover", "nothing"), ("clients", "nothing")):
        result = run("help", *words)
        assert result.exit_code == 2
        assert f"no such command: {' '.join(words)}" in result.stderr


def test_the_man_page(run: Run) -> None:
    page = run("help", "man").output
    lines = page.splitlines()
    assert lines[0].startswith(".TH HYDRA\\-CLIENT 1 ")
    sections = [line[4:] for line in lines if line.startswith(".SH ")]
    assert sections == ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "SETTINGS"]
    assert ".SS hydra\\-client clients create [OPTIONS]" in lines
    assert "\\fB\\-\\-url URL\\fR" in lines
    assert "  hydra\\-client token introspect \\-\\-token\\-file token.json" in lines
    known = {".TH", ".SH", ".SS", ".PP", ".TP", ".nf", ".fi", ".B"}
    assert {line.split()[0] for line in lines if line.startswith(".")} == known
    assert lines.count(".nf") == lines.count(".fi")
    assert "-" not in page.replace("\\-", "")
