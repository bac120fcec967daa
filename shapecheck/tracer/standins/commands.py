"""Programs that a script starts: none is run, each is taken as done, and the usual ones print what has their form."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.child.frames import is_user_file

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_ANSWERS = {
    "stty": "24 80",
    "tput": "80",
    "git": "0" * 40,
    "wc": "67",
    "nproc": "1",
    "hostname": "localhost",
    "whoami": "user",
}
"""What common programs print, by their names."""


def install(session: Session) -> None:
    """Answer for the programs that the script's own code starts; what libraries ask for is refused as ever."""
    original_system = os.system
    original: Any = subprocess.Popen

    def system(command: Any) -> int:
        if not _asked_by_user():
            return original_system(command)
        _say(session, command)
        return 0

    class Popen(original):  # type: ignore[misc]
        """A program that has ended well."""

        def __init__(self, args: Any, *rest: Any, **options: Any) -> None:
            if not _asked_by_user():
                super().__init__(args, *rest, **options)
                return
            _say(session, args)
            text = any(options.get(name) for name in ("text", "universal_newlines", "encoding", "errors"))
            self.args, self.pid, self.returncode = args, 0, 0
            self.stdin = _stream("", text) if options.get("stdin") == subprocess.PIPE else None
            self.stdout = _stream(_printed(args), text) if options.get("stdout") == subprocess.PIPE else None
            self.stderr = _stream("", text) if options.get("stderr") == subprocess.PIPE else None

        def communicate(self, *args: Any, **options: Any) -> tuple[Any, Any]:
            return tuple(stream and stream.read() for stream in (self.stdout, self.stderr))  # type: ignore[return-value]

        def wait(self, *args: Any, **options: Any) -> Any:
            return self.returncode

        poll = wait

        def send_signal(self, *args: Any) -> None:
            return None

        kill = terminate = send_signal

    os.system = system
    subprocess.Popen = Popen  # type: ignore[misc]


def _asked_by_user() -> bool:
    """Whether the project's code asks, directly or through the standard library's own shorter ways."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename in (subprocess.__file__, os.__file__, "<frozen os>"):
        frame = frame.f_back
    return frame is not None and is_user_file(frame.f_code.co_filename)


def _words(command: Any) -> list[str]:
    try:
        return shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    except (TypeError, ValueError):
        return [str(command)]


def _say(session: Session, command: Any) -> None:
    session.assume(f"the command {' '.join(_words(command))!r} was not run: taken as done")


def _printed(command: Any) -> str:
    program = os.path.basename(next(iter(_words(command)), ""))
    return f"{_ANSWERS[program]}\n" if program in _ANSWERS else ""


def _stream(text: str, as_text: bool) -> Any:
    return io.StringIO(text) if as_text else io.BytesIO(text.encode())
