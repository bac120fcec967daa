"""Cells in IPython's syntax as Python, line for line and, where a magic runs Python, column for column. Pure."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from shapecheck.edits import lines_of
from shapecheck.notebook.modules import commented
from shapecheck.notebook.pieces import Piece, pieces

_SHELL = "get_ipython()"
"""What is assigned where IPython would give something that nobody knows: a name that no one defines in a file."""

_RUNS_PYTHON = {
    "time": "",
    "timeit": "nrp",
    "prun": "lsTD",
    "lprun": "fmuzTD",
    "mprun": "fT",
    "memit": "rti",
    "pyinstrument": "",
    "snakeviz": "ft",
    "debug": "b",
}
"""Magics with a Python statement behind them, and those of their options that take a value."""

_PYTHON_CELLS = {*_RUNS_PYTHON, "capture", "ipytest", "wandb", "scalene", "notify", "heat"}
"""Cell magics that run their cell as Python in the notebook's own process."""

_OTHER_LANGUAGES = set(
    "! HTML SVG bash bigquery cmd cython file fortran html javascript js julia latex markdown mermaid perl R ruby rust "
    "script sh shell sql svg sx system writefile writetemplate".split()
)
"""Cell magics whose cells are no Python, so that nothing is missed in them."""

_BARE = set(
    "alias alias_magic autoawait autoreload bookmark cat cd clear cls conda config cp dhist dirs env history hist "
    "load load_ext ls lsmagic ll lx man matplotlib mkdir mamba micromamba mv notebook pdb pip popd pushd pwd pycat "
    "pylab quickref rehashx reload_ext reset rm rmdir run save set_env store time timeit unload_ext uv who whos "
    "xmode".split()
)
"""Magics that may stand without their sign, in a cell of one line."""

_COMPOUND = re.compile(r"(for|while|with|if|try|def|class|async|match)\b|@")
_SCRIPT = re.compile(r"(?:-[nipeG]+\s+)*(?:\./)?((?:[A-Za-z_]\w*/)*[A-Za-z_]\w*)(?:\.py)?(?:\s.*)?$")
_PROMPT = re.compile(r"(?:(?:\[nav\]|\[ins\])? ?In \[\d+\]: |[ \t]*\.{3,}: ?|[ \t]*(?:>>>|\.\.\.)(?=[ \t]|$)[ \t]?)")
_FIRST_PROMPT = re.compile(r"(?:(?:\[nav\]|\[ins\])? ?In \[\d+\]: |[ \t]*>>>(?:[ \t]|$))")


@dataclass(slots=True)
class Translation:
    """A cell as Python.

    Attributes:
        lines: as many as the cell has, without their ends.
        indented: whether all of it is indented, which IPython allows.
        notes: what was left out though it may matter: the line, from 0, and the reason.
    """

    lines: list[str]
    indented: bool = False
    notes: list[tuple[int, str]] = field(default_factory=list)

    def wrong(self) -> SyntaxError | ValueError | None:
        """What keeps the lines from being Python, if anything does; its line numbers count the head of the cell too."""
        return parses("\n".join(["if True:" if self.indented else "", *self.lines, ""]))


def translated(source: str) -> Translation:
    """A cell as Python. It need not parse: a cell that is no Python to begin with does not become any."""
    given = [line.rstrip("\r\n") for line in lines_of(source)]
    made = _translated(given)
    if any(map(_FIRST_PROMPT.match, given)) and made.wrong() is not None:
        return _translated(_without_prompts(given))  # else the prompts are those of an example in a docstring
    return made


def _translated(lines: list[str]) -> Translation:
    made = Translation(list(lines))
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return made
    start = _after_cell_magics(made, first)
    if start is None:
        return made
    _bare(made, start)
    for piece in pieces(made.lines[start:]):
        _replace(made, piece, start)
    code = next((line for line in made.lines[start:] if line.strip() and not line.lstrip().startswith("#")), "")
    made.indented = code[:1] in (" ", "\t")
    return made


def aside(at: int, indent: str = "") -> str:
    """What stands for a line that is left out. Its number keeps lines apart that are told by their text."""
    return f"{indent}pass  # {at}"


def blank(lines: Sequence[str]) -> list[str]:
    """Comments in place of lines."""
    return [f"# {at}" for at in range(len(lines))]


def parses(text: str) -> SyntaxError | ValueError | None:
    """What keeps a text from being Python, if anything does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError) as why:
            return why
        except (RecursionError, MemoryError):
            return SyntaxError("nested too deeply to be parsed", (None, 1, 1, None))
    return None


def _without_prompts(lines: Sequence[str]) -> list[str]:
    """The lines without pasted prompts (``>>> ``, ``In [3]: ``): blanked if all are as wide, so that columns stay."""
    widths = {
        len(line) - len(_PROMPT.sub("", line, count=1)) for line in lines if _PROMPT.sub("", line, count=1).strip()
    }
    blank = " " * widths.pop() if len(widths) == 1 else ""
    return [_PROMPT.sub(blank, line, count=1) for line in lines]


def _after_cell_magics(made: Translation, first: int) -> int | None:
    """The line that Python begins on behind the cell magics; None where the cell holds another language."""
    while first < len(made.lines) and made.lines[first].lstrip().startswith("%%"):
        name, _, rest = made.lines[first].strip()[2:].partition(" ")
        if "?" in name:
            break
        if name not in _PYTHON_CELLS:
            if name not in _OTHER_LANGUAGES:
                made.notes.append((first, f"a cell of %%{name} is not read"))
            module = commented(made.lines[first:])
            made.lines[:] = blank(made.lines) if module is None else [*blank(made.lines[:first]), *module]
            return None
        made.lines[first] = _cell_magic(made.lines[first], name, rest.strip(), first)
        first += 1
    return first


def _cell_magic(line: str, name: str, rest: str, at: int) -> str:
    """The line of a cell magic that runs Python: what ``%%capture`` defines, what ``%%timeit`` runs first."""
    indent = line[: len(line) - len(line.lstrip())]
    python: str | None = None
    if name == "capture":
        names = [word for word in rest.split() if word.isidentifier()]
        python = f"{indent}{names[0]} = {_SHELL}" if names else None
    elif name == "timeit":
        python = _python(line, indent, len(indent) + 2 + len(name), name)
    return python or f"# {at}"


def _bare(made: Translation, start: int) -> None:
    """``pip install x`` as the only line of a cell: IPython takes it for a magic, as it would be no Python."""
    code = [at for at, line in enumerate(made.lines) if at >= start and line.strip()]
    words = made.lines[code[0]].split() if len(code) == 1 else []
    if words and words[0] in _BARE and (len(words) == 1 or parses(made.lines[code[0]].strip()) is not None):
        made.lines[code[0]] = aside(code[0])


def _replace(made: Translation, piece: Piece, start: int) -> None:
    """Put Python in place of one piece of IPython's syntax."""
    first, last = piece.first + start, piece.last + start
    line = made.lines[first]
    before = line[: piece.column]
    python = _of_magic(made, piece, first) if piece.sign == "%" else _of_call(piece, before)
    if python is None:
        python = f"{before}{_SHELL}" if piece.assigned else aside(first, before)
    kept_on = python.endswith("\\")
    made.lines[first] = python
    for at in range(first + 1, last + 1):
        made.lines[at] = made.lines[at] if kept_on else f"# {at}"


def _of_call(piece: Piece, before: str) -> str | None:
    """``/f x``, ``,f x y`` and ``;f x y``."""
    name, _, rest = piece.body.partition(" ")
    if piece.sign == "/":
        return f"{before}{name}({', '.join(rest.split())})" if name else None
    if piece.sign in (",", ";"):
        told = [repr(word) for word in rest.split()] if piece.sign == "," else [repr(rest)]
        return f"{before}{name}({', '.join(told)})"
    return None


def _of_magic(made: Translation, piece: Piece, at: int) -> str | None:
    """The Python that a line magic runs, or that defines what it does."""
    name, _, rest = piece.body.partition(" ")
    line = made.lines[at]
    before, rest = line[: piece.column], rest.strip()
    if piece.assigned:
        return f"{before}      {line[piece.column + 6 :]}" if name == "time" and rest else None
    if name in _RUNS_PYTHON and rest:
        return _python(line, before, piece.column + 1 + len(name), name)
    if name == "run":
        return _imported(made, rest, before, at)
    if name == "store" and rest.startswith("-r "):
        return f"{before}{' = '.join([*rest.split()[1:], _SHELL])}"
    if name == "pylab":
        return f"{before}import numpy; import numpy as np; import matplotlib.pyplot as plt; from numpy import *"
    return None


def _python(line: str, before: str, end: int, name: str) -> str | None:
    """A line with ``pass;`` and blanks in place of a magic that ends at a column, as it may not be indented further."""
    options = rf"\s*(?:-(?:[{_RUNS_PYTHON[name] or '-'}]\s*\S+|-?[A-Za-z][\w-]*)\s+)*"
    found = re.compile(options).match(line, end)
    column = found.end() if found else end
    statement = line[column:]
    if not statement.strip() or statement.startswith("-"):
        return None
    if _COMPOUND.match(statement):  # such a statement begins its line, so that its columns move
        return f"{before}{statement}"
    return f"{before}{'pass;':<{column - len(before)}}{statement}"


def _imported(made: Translation, rest: str, before: str, at: int) -> str | None:
    """What ``%run`` of a file of the program defines."""
    found = _SCRIPT.match(rest)
    if found is not None and not before:
        return f"from {found[1].replace('/', '.')} import *"
    made.notes.append((at, f"what %run {rest} defines is not known".rstrip()))
    return None
