"""Runs the commands in the `console` blocks of the documentation, and compares what they print.

python tools/console.py [PAGE]...            fails if a page shows what its commands do not print
python tools/console.py --write [PAGE]...    writes what they do print into the pages

A page's blocks run in order, in a folder of the page's own. A block with a title (```python title="train.py") is a file
there. A line of `...` stands for any lines; seconds, versions and the names of temporary folders are not compared.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_VAGUE = [(re.compile(r"\b\d+\.\d+ s\b"), "0.0 s"), (re.compile(r"\b[0-9a-f]{7,40}\b(?= )"), "0000000")]
_END = "\x1eend of a command\x1e"


@dataclass(frozen=True)
class Step:
    """A command as it is typed, and the lines that the page shows below it."""

    command: str
    shown: list[str]


def pages() -> list[Path]:
    """The pages with commands that are run."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in found if "```console\n" in page.read_text("utf-8")]


def differences(page: Path) -> Iterator[str]:
    """What a page shows otherwise than its commands print it, a sentence for each command."""
    for step, printed in _played(page.read_text("utf-8")):
        if not fits(step.shown, printed):
            yield f"{page.name}: $ {step.command}\n" + "\n".join(printed)


def written(text: str) -> str:
    """A page's text with what its commands print; a command's own `...` stay where they still fit."""
    outputs = iter([printed for _, printed in _played(text)])

    def block(fence: re.Match[str]) -> str:
        if fence["info"].strip() != "console":
            return fence[0]
        lines: list[str] = []
        for step in steps(_dedented(fence)):
            printed = next(outputs)
            first, *more = step.command.split("\n")
            lines += [f"$ {first}", *(f"> {line}" for line in more)]
            lines += step.shown if fits(step.shown, printed) else printed
        indent = fence["indent"]
        return "\n".join([f"{indent}```console", *(f"{indent}{line}".rstrip() for line in lines), f"{indent}```"])

    return _FENCE.sub(block, text)


def steps(body: str) -> list[Step]:
    """The commands of a block."""
    found: list[Step] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append(Step(line[2:], []))
        elif line.startswith("> ") and found and not found[-1].shown:
            found[-1] = Step(f"{found[-1].command}\n{line[2:]}", [])
        elif found:
            found[-1].shown.append(line)
    return found


def fits(shown: list[str], printed: list[str]) -> bool:
    """Whether lines are as shown, but for what is vague."""
    pattern = r"\n".join(r".*?" if line.strip() == "..." else re.escape(line) for line in map(_plain, shown))
    return re.fullmatch(pattern, "\n".join(map(_plain, printed)), re.DOTALL) is not None


def _plain(line: str) -> str:
    for vague, plain in _VAGUE:
        line = vague.sub(plain, line)
    return line.rstrip()


def _dedented(fence: re.Match[str]) -> str:
    return "".join(line.removeprefix(fence["indent"]) for line in fence["body"].splitlines(keepends=True))


def _played(text: str) -> Iterator[tuple[Step, list[str]]]:
    """Each command of a page with the lines that it prints."""
    with tempfile.TemporaryDirectory(prefix="page-") as folder:
        home = Path(folder)
        environment = _environment(home)
        for fence in _FENCE.finditer(text):
            title = _TITLE.search(fence["info"])
            if title:
                file = home / "project" / title[1]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(_dedented(fence), "utf-8")
            elif fence["info"].strip() == "console":
                asked = steps(_dedented(fence))
                yield from zip(asked, _printed(asked, home / "project", environment), strict=True)


def _environment(home: Path) -> dict[str, str]:
    """What the commands run in: `shapecheck` and `python` are this checkout's, settings of the user are not there."""
    (home / "project").mkdir()
    command = home / "bin" / "shapecheck"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m shapecheck "$@"\n')
    command.chmod(0o755)
    (home / ".gitconfig").write_text(
        "[user]\nname = A Reader\nemail = reader@example.org\n[init]\ndefaultBranch = main\n"
    )
    hidden = ("GIT_", "VIRTUAL_ENV", "XDG_", "SHAPECHECK_", "COLUMNS", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    path = os.pathsep.join([str(command.parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return kept | {"HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "CI": "1"}


def _printed(asked: list[Step], folder: Path, environment: dict[str, str]) -> list[list[str]]:
    script = "status=0\n" + "".join(
        f"(exit $status)\n{step.command}\nstatus=$?\nprintf '%s\\n' '{_END}'\n" for step in asked
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    parts = done.stdout.split(f"{_END}\n")
    if len(parts) != len(asked) + 1:
        raise SystemExit(f"a block ended early: {done.stdout}")
    return [part.rstrip("\n").splitlines() for part in parts[:-1]]


def main(words: list[str]) -> int:
    """Compare pages, or write them."""
    chosen = [Path(word).resolve() for word in words if word != "--write"] or pages()
    if "--write" in words:
        for page in chosen:
            page.write_text(written(page.read_text("utf-8")), "utf-8")
        return 0
    told = [difference for page in chosen for difference in differences(page)]
    print("\n\n".join(told), end="\n" if told else "")
    return int(bool(told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
