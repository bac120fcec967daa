"""Files written in one step: whoever reads one finds the old text or the new one, and never a part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def put(path: Path, data: bytes) -> None:
    """Put bytes in a file's place, with the mode of the file that was there; a device or a pipe is written to.

    Raises OSError where that cannot be done, and then leaves everything as it was.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    target = path.resolve()
    mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
    handle, scratch = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(scratch).chmod(mode)
        Path(scratch).replace(target)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What a new file's mode leaves out; it can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
