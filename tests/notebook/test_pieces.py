"""IPython's own syntax is recognised where IPython itself recognises it."""

from __future__ import annotations

import ast
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from shapecheck.notebook.pieces import Piece, pieces


def call(piece: Piece) -> str:
    """What IPython's transformer writes for a piece."""
    name, _, rest = piece.body.partition(" ")
    if piece.sign in ("?", "??"):
        return help_call(piece)
    told = {
        "%": f"get_ipython().run_line_magic({name!r}, {rest!r})",
        "!!": f"get_ipython().getoutput({piece.body!r})",
        "!": f"get_ipython().{'getoutput' if piece.assigned else 'system'}({piece.body!r})",
        ",": '{}("{}")'.format(name, '", "'.join(rest.split())),
        ";": f'{name}("{rest}")',
        "/": f"{name}({', '.join(rest.split())})",
    }
    return told[piece.sign]


def help_call(piece: Piece) -> str:
    target = piece.body
    if not target.strip():
        return "get_ipython().show_usage()"
    method = "pinfo2" if piece.sign == "??" else "psearch" if "*" in target else "pinfo"
    return f"get_ipython().run_line_magic({method!r}, {target.strip()!r})"


def ours(cell: str) -> str:
    lines = cell.split("\n")
    out, at = list[str](), 0
    for piece in pieces(lines):
        out += lines[at : piece.first]
        out.append(lines[piece.first][: piece.column] + call(piece))
        at = piece.last + 1
    return "\n".join([*out, *lines[at:]])


def theirs(cell: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lines = TransformerManager().do_token_transforms(f"{cell}\n".splitlines(keepends=True))
    return "".join(lines).removesuffix("\n")


CELLS = [
    "%matplotlib inline",
    "!pip install -q torch",
    '!ls | grep "it\'s"\nx = 1',
    "!!ls\n??f\n?f\nf?\nf??\nmodel.forward??\nf*?\n?",
    "files = !ls *.py\nx = %sql select 1\ny = %time f(x)",
    "a, b = !ls\nd['k'] = %env HOME\nx.y = !ls",
    "%time model(x)\n%timeit -n 10 model(x)\n%prun f()",
    "%env A=b\n%cd ..\n%run other.py\n%load other.py\n%pip install x\n%conda install y",
    "/f x y\n,f x y\n;f x y",
    "!pip install \\\n    torch \\\n    transformers\nx = 1",
    "files = !ls \\\n  -la\nprint(files)",
    "%time f(a, \\\n  b)\nx = 2",
    "if x:\n    !pip install y\nelse:\n    %time f()\n    y = !ls\nz = 1",
    "for i in range(3):\n    !echo {i}",
    "def f():\n    %time g()\n    return 1",
    "a = (b\n % c)\nd = (e\n ! f)",
    "a = b \\\n% c",
    "a = [1,\n%time\n]",
    'text = """\n%time x\n!ls\nf?\n"""\n%time y',
    "text = '''\n!ls\n''' % a\n!ls",
    "s = 'it is %s' % x\nt = '!ls'\nu = 1 # %time\n# !ls\n# what?",
    "x = a % b\ny = a if b else c\nz = x != y\nw = x\nw %= 3\nw /= 2\nw //= 3",
    "await f()\nasync with g() as h:\n    pass",
    "f(x);\nplt.show();",
    "get_ipython().system('ls')",
    "x: int = %sql select 1\nf(a=1)\ny = f(a='%s' % b)",
    "x = y = %foo\nx == %foo",
    "%%time\nx = 1",
    "print('a'); !ls",
    "lambda x: x % 2",
    "x = 1 if y else 2 # is it?",
    "%time?\n%%time?\n!ls?",
    "x = f?\n",
    "x = {\n 'a': 1,\n}\n%time x\n",
    "@decorator\ndef f():\n    pass\n%time f()",
    "x = \\\n  !ls\ny = \\\n %time f()",
    "class A:\n    '''Doc?'''\n    !ls\n",
    "\n\n%time x\n\n\n!ls\n\n",
    "# only a comment?",
    "rb'%time' ; f'{x}'\nf'{x % 2}'\nr'\\'\n",
    "x = '\\\n%time'\n%time x",
    "",
]


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_read_as_ipython_reads_it(cell: str) -> None:
    assert ours(cell) == theirs(cell)


LINES = st.sampled_from(
    [
        "x = 1",
        "y = x % 2",
        "z = (x",
        " % y)",
        "w = [",
        "]",
        "if x:",
        "    pass",
        "    !ls -la",
        "    %time f(x)",
        "        y = !ls",
        "!echo 'hi'",
        "!!ls",
        "%timeit -n 3 f(x)",
        "x = %sql select",
        "a, b = !ls",
        "f?",
        "    f??",
        "?f",
        "/f x",
        ",f x y",
        ";f x y",
        "%cd \\",
        "  foo",
        "x = !ls \\",
        "x = \\",
        "s = '''",
        '"""',
        "'''",
        "t = 'a # b'",
        "# comment?",
        "# %time x",
        "x = f(a=3, b=y)",
        "x != y",
        "x //= 2",
        "f(x);",
        "",
        "   ",
    ]
)


@given(st.lists(LINES, max_size=8))
def test_any_lines_are_read_as_ipython_reads_them(lines: list[str]) -> None:
    cell = "\n".join(lines)
    try:
        expected = theirs(cell)
        ast.parse(expected)
    except SyntaxError:  # the cell is broken, and what its tokens are is a guess
        return
    assert ours(cell) == expected
