"""What bash, zsh and fish offer after a TAB, asked of the real shells."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of its own, with the command `shapecheck` in the path."""
    command = tmp_path / "bin" / "shapecheck"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m shapecheck "$@"\n')
    command.chmod(0o755)
    path = os.pathsep.join([str(command.parent), os.environ["PATH"]])
    return {"HOME": str(tmp_path), "PATH": path, "PYTHONPATH": str(ROOT), "TERM": "dumb", "LANG": "C.UTF-8"}


@pytest.fixture
def script(environment: dict[str, str], tmp_path: Path) -> Callable[[str], Path]:
    """Gives the completion script of a shell; skips where there is no such shell."""

    def make(shell: str) -> Path:
        if shutil.which(shell) is None:
            pytest.skip(f"there is no {shell} here")
        path = tmp_path / f"shapecheck.{shell}"
        words = ["shapecheck", "completions", shell]
        path.write_text(subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout)
        return path

    return make


def bash_offers(script: Path, environment: dict[str, str], *words: str) -> set[str]:
    """What bash puts into its list for a command line whose last word is begun."""
    line = " ".join(words)
    code = (
        f'. "{script}"; COMP_WORDS=({line}); [ "${{#COMP_WORDS[@]}}" = {len(words)} ] || COMP_WORDS+=("");'
        f"COMP_CWORD={len(words) - 1}; _shapecheck_completion shapecheck; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "--norc", "-c", code], env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def fish_offers(script: Path, environment: dict[str, str], *words: str) -> set[str]:
    """What fish offers for a command line whose last word is begun."""
    code = f"source '{script}'; complete -C '{' '.join(words)}'"
    done = subprocess.run(["fish", "-N", "-c", code], env=environment, capture_output=True, text=True, check=True)
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


def typed(command: list[str], environment: dict[str, str], keys: str) -> str:
    """What an interactive shell shows for keys that are typed at its terminal, up to its end."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment)
    os.write(terminal, keys.encode())
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # Linux's way to tell that the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.waitpid(pid, 0)
    return shown.decode(errors="replace")


OFFERS = {"bash": bash_offers, "fish": fish_offers}


@pytest.mark.parametrize("shell", OFFERS)
def test_commands_options_choices_and_rules_are_offered(
    shell: str, script: Callable[[str], Path], environment: dict[str, str]
) -> None:
    path = script(shell)

    def offers(*words: str) -> set[str]:
        return OFFERS[shell](path, environment, "shapecheck", *words)

    assert offers("r") == {"run", "rule"}
    assert {"--select", "--statistics"} <= offers("check", "--s")
    assert offers("check", "--fail-on", "w") == {"warning"}
    assert offers("check", "--select", "SHP90") == {"SHP901", "SHP902", "SHP903"}
    assert offers("check", "--ignore", "shp90") >= {"SHP901"}
    assert offers("rule", "SHP101") == {"SHP101"}
    assert offers("completions", "z") == {"zsh"}


def test_a_list_of_rules_is_completed_after_its_last_comma_without_those_that_it_has(
    script: Callable[[str], Path], environment: dict[str, str]
) -> None:
    offered = bash_offers(script("bash"), environment, "shapecheck", "check", "--select", "SHP901,SHP90")
    assert offered == {"SHP901,SHP902", "SHP901,SHP903"}


def test_a_model_to_trace_is_offered_by_the_name_of_its_checkpoint(
    script: Callable[[str], Path], environment: dict[str, str]
) -> None:
    offered = bash_offers(script("bash"), environment, "shapecheck", "trace", "bert-base-un")
    assert offered == {"bert-base-uncased"}


def test_a_file_is_completed_by_bash_itself_and_a_command_by_us(
    script: Callable[[str], Path], environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "training_script.py").write_text("import torch\nx = torch.zeros(2, 3) @ torch.zeros(4, 5)\n")
    path = script("bash")
    shown = typed(
        ["bash", "--rcfile", str(path), "-i"],
        environment,
        f"cd {tmp_path}\nshapecheck chec\t--quiet training_s\t\nexit\n",
    )
    assert "error[SHP" in shown
    assert "training_script.py:2:" in shown


def test_zsh_completes_commands_and_rules(
    script: Callable[[str], Path], environment: dict[str, str], tmp_path: Path
) -> None:
    path = script("zsh")
    (tmp_path / ".zshrc").write_text(f"autoload -U compinit; compinit -u -D; PROMPT='> '; source {path}\n")
    shown = typed(["zsh", "-i"], environment, "shapecheck rul\tSHP902\t | head -n 1\nexit\n")
    assert "# SHP902" in shown
