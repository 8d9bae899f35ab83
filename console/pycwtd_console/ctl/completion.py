"""``pycwtctl completion``: what a shell reads to complete its commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_PYCWTCTL_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options, and ids of the daemon's.

    \b
    bash:  pycwtctl completion bash > /etc/bash_completion.d/pycwtctl
    zsh:   pycwtctl completion zsh > /usr/share/zsh/site-functions/_pycwtctl
    fish:  pycwtctl completion fish > ~/.config/fish/completions/pycwtctl.fish

    Ids, backends and series come from the daemon, if it answers within 0.3 s.
    """
    kind = get_completion_class(shell)
    assert kind
    made = kind(context.find_root().command, {}, "pycwtctl", _VARIABLE)
    # The script as it is: source() would ask the shells of this machine for their versions.
    click.echo(made.source_template % made.source_vars())
