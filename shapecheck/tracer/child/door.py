"""Who a worker works for: the client at the other end of a connection, and the socket that clients come in by."""

from __future__ import annotations

import os
import socket
import struct

from shapecheck.tracer.child import stamps


class Client:
    """One client: where its requests come in, and where its answers go."""

    def __init__(self, reader: int, writer: int) -> None:
        self.reader, self.writer = reader, writer
        self._rest = b""

    def fileno(self) -> int:
        """What to wait for."""
        return self.reader

    def lines(self) -> list[bytes] | None:
        """The lines that have come, None once the client is gone. Blocks unless there is something to read."""
        try:
            data = os.read(self.reader, 1 << 16)
        except OSError:
            return None
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def close(self) -> None:
        """Hear and say no more."""
        for descriptor in {self.reader, self.writer}:
            os.close(descriptor)


class Door:
    """A socket in the file system. Bound at once; whoever connects to it is answered when there is time."""

    def __init__(self, path: str, fingerprint: str) -> None:
        self._path, self._fingerprint = path, fingerprint
        self._stamp = stamps.stamp()
        own = f"{path}.{os.getpid()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(own)
        os.chmod(own, 0o600)
        self._socket.listen(64)
        self._socket.setblocking(False)
        os.rename(own, path)
        self._file = os.stat(path).st_ino
        self.open = True

    def fileno(self) -> int:
        """What to wait for."""
        return self._socket.fileno()

    def fits(self, fingerprint: str) -> bool:
        """Whether a client with this fingerprint gets from here what a fresh process would give."""
        return fingerprint == self._fingerprint and stamps.stamp() == self._stamp

    def admit(self) -> list[Client]:
        """Those who knocked and are the same user."""
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return []
        if peer(connection) not in (None, os.getuid()):
            connection.close()
            return []
        connection.setblocking(True)
        descriptor = connection.detach()
        return [Client(descriptor, descriptor)]

    def shut(self) -> None:
        """Let nobody in any more. The name goes first: it may be another server's by the time this one is closed."""
        if self.open:
            self.open = False
            try:
                if os.stat(self._path).st_ino == self._file:
                    os.unlink(self._path)
            except OSError:
                pass  # somebody cleaned up before
            self.close()

    def close(self) -> None:
        """Forget the socket in this process; others that share it keep it."""
        self._socket.close()


def peer(connection: socket.socket) -> int | None:
    """The user at the other end of a connection; None where the platform does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", told)[1])
