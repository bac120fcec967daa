"""Settings that are not there: each has a value by its name, or is a section with settings of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecheck.tracer.standins import arguments

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session


class Settings(dict[str, Any]):
    """A file of settings that is not there."""

    def __init__(self, session: Session, file: str) -> None:
        super().__init__()
        self._told = session, file

    def __missing__(self, name: Any) -> Any:
        session, file = self._told
        self[name] = made = _setting(session, file, str(name))
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def get(self, name: Any, default: Any = None) -> Any:
        """A setting; the script's own default where it has one."""
        return self[name] if default is None or name in self else default


class Answer(str):
    """A setting that is a text, or a section: any setting of it can be asked for; as keywords it is empty."""

    _told: tuple[Any, str, str]

    def __getitem__(self, key: Any) -> Any:
        return self.__getattr__(key) if isinstance(key, str) else super().__getitem__(key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        session, file, section = self._told
        made = _setting(session, file, name, section)
        setattr(self, name, made)
        return made

    def get(self, name: str, default: Any = None) -> Any:
        """A setting; the script's own default where it has one."""
        return getattr(self, name) if default is None else default

    def keys(self) -> list[str]:
        """No names."""
        return []


def _setting(session: Session, file: str, name: str, section: str = "") -> Any:
    """A setting by its name, or by its section's where the name alone says nothing (``model.name``)."""
    dotted = f"{section}.{name}".lstrip(".")
    made = arguments.by_name(name)
    if made == arguments.NOTHING:
        made = arguments.by_name(dotted)
    session.guess(f"setting {dotted} of {file} is made up: {made}", number=not isinstance(made, str))
    if not isinstance(made, str):
        return made
    answer = Answer(made)
    answer._told = session, file, dotted
    return answer
