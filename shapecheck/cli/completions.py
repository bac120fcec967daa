"""``shapecheck completions``."""

from __future__ import annotations

import click

from shapecheck.cli.options import examples

SHELLS = ("bash", "zsh", "fish")


@click.command(
    short_help="Print the script that completes words in a shell.",
    epilog=examples(
        'eval "$(shapecheck completions bash)"       in ~/.bashrc',
        'eval "$(shapecheck completions zsh)"        in ~/.zshrc, after compinit',
        "shapecheck completions fish > ~/.config/fish/completions/shapecheck.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completions(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and rule codes in a shell."""
    from click.shell_completion import get_completion_class

    completer = get_completion_class(shell)
    assert completer is not None, "click completes in each of these shells"
    root = context.find_root()
    click.echo(completer(root.command, {}, "shapecheck", "_SHAPECHECK_COMPLETE").source())
