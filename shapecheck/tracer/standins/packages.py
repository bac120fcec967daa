"""Imports that fail: a package that is not installed becomes a stand-in that absorbs use.

Common packages have a useful stand-in, a module of the same name under ``absent/``; any other absorbs all. Where the
script itself is ready for the failure (``try: import wandb / except ImportError``), the import fails as it should.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins import absent
from shapecheck.tracer.standins.absorb import Absorbing, AbsorbingModule, Names
from shapecheck.tracer.standins.patching import patch_function
from shapecheck.tracer.standins.script import expects_import_error

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_NEEDS = {"torch.utils.tensorboard": "tensorboard"}
"""Modules of installed packages that cannot be imported without another one."""

_ALIASES = {
    "pytorch_lightning": "lightning", "keras": "tensorflow",
    **dict.fromkeys(("orjson", "rapidjson", "simplejson", "ujson"), "other_json"),
    **dict.fromkeys(("addict", "attrdict", "box", "dotmap", "easydict", "ml_collections", "munch", "omegaconf", "yacs"),
                    "attribute_dicts"),
}  # fmt: skip


def install(session: Session) -> None:
    """Stand last among the finders: only what nobody else finds comes here."""
    absent.use(session)
    known = {module.name for module in pkgutil.iter_modules(absent.__path__)}
    missing = _Missing(session, known)
    sys.meta_path += [_Unpacked(session.script, known), missing]
    for name, needed in _NEEDS.items():
        if importlib.util.find_spec(needed) is None:
            sys.modules[name] = AbsorbingModule(name, {})
    session.on_import("transformers.utils.versions", _require_no_absent)
    session.on_import("tqdm.std", _without_pandas)
    session.on_import("tqdm.notebook", _without_widgets)
    session.on_import("torch.utils.data._utils.collate", _collates_unknown)
    patch_function(importlib.metadata, "version", _version_of_absent)


def _require_no_absent(module: ModuleType) -> None:
    """A script's demand for a package in some version is met where the package is not there: a stand-in is."""

    def require(original: Callable[..., None]) -> Callable[..., None]:
        def required(requirement: str, hint: str | None = None) -> None:
            try:
                original(requirement, hint)
            except importlib.metadata.PackageNotFoundError:
                if _importer(sys._getframe(1)) is None:
                    raise

        return required

    patch_function(module, "require_version", require)


def _without_pandas(module: ModuleType) -> None:
    """``tqdm.pandas()`` where pandas is not there: its stand-in knows ``progress_apply`` by itself."""
    if importlib.util.find_spec("pandas") is None:
        module.tqdm.pandas = classmethod(lambda cls, *args, **kwargs: None)


def _without_widgets(module: ModuleType) -> None:
    """Bars of a notebook where the widgets that draw them are not there: plain ones."""
    if importlib.util.find_spec("ipywidgets") is None:
        plain = importlib.import_module("tqdm.std")
        bars = {"tqdm": plain.tqdm, "tqdm_notebook": plain.tqdm, "trange": plain.trange, "tnrange": plain.trange}
        module.__dict__.update(bars)


def _collates_unknown(module: ModuleType) -> None:
    """A loader's batch of what is not known is not known."""
    known = getattr(module, "default_collate_fn_map", None)
    if known is not None:
        known[Absorbing] = lambda batch, **options: Absorbing("batch")


def _version_of_absent(original: Callable[[str], str]) -> Callable[[str], str]:
    """The version of a package that the script asks for; of one that is not there, its stand-in's."""

    def version(distribution_name: str) -> str:
        try:
            return original(distribution_name)
        except importlib.metadata.PackageNotFoundError:
            asking = sys._getframe(1)
            place = asking.f_code.co_filename, asking.f_lineno
            if not is_user_file(place[0]) or expects_import_error(*place):
                raise
            return AbsorbingModule.__version__

    return version


class _Unpacked(importlib.abc.MetaPathFinder):
    """Finds the project's own packages where the project is not installed: beside the script's folders, or in src.

    Those that have a stand-in are left to it, in their own projects too.
    """

    def __init__(self, script: Path, known: set[str]) -> None:
        self._folders, self._known = list(_folders_of_the_project(script)), known

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if "." in fullname or fullname in sys.stdlib_module_names or fullname in self._known:
            return None
        for folder in self._folders:
            if (folder / fullname / "__init__.py").is_file():
                return importlib.machinery.PathFinder.find_spec(fullname, [str(folder)])
        return None


def _folders_of_the_project(script: Path) -> Iterator[Path]:
    """Folders that may hold packages, from the script's outwards to the project's root."""
    for folder in script.parents:
        yield from (folder, folder / "src", folder / "pkg", folder / "lib")
        if any((folder / mark).exists() for mark in (".git", "pyproject.toml", "setup.py", "setup.cfg")):
            return


class _Missing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, session: Session, known: set[str]) -> None:
        self._session, self._known = session, known
        self._names: dict[str, Names] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        root = fullname.partition(".")[0]
        if root in sys.builtin_module_names or root in sys.stdlib_module_names:
            return None
        if "." in fullname and not isinstance(sys.modules.get(root), AbsorbingModule):
            return None
        importer = _importer(sys._getframe(1))
        if importer is None or expects_import_error(importer.f_code.co_filename, importer.f_lineno):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        root = spec.name.partition(".")[0]
        return AbsorbingModule(spec.name, self._names_of(root))

    def exec_module(self, module: ModuleType) -> None:
        return None

    def _names_of(self, root: str) -> Names:
        """What the stand-in of a package knows to do, by name, for all of its submodules together."""
        if root not in self._names:
            own = _ALIASES.get(root, root)
            if own in self._known:
                stand_in = importlib.import_module(f"{absent.__name__}.{own}")
                self._names[root] = {name: getattr(stand_in, name) for name in stand_in.__all__}
                self._session.assume(f"{root} is not installed: a stand-in with its usual functions is used")
            else:
                self._names[root] = {}
                self._session.assume(f"{root} is not installed: what it does is left out")
        return self._names[root]


def _importer(frame: FrameType | None) -> FrameType | None:
    """The frame of the user's import, or None where a library imports, or only asks whether a package is there."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib._") or name == importlib.__file__ or "tracer" in name and _is_own(name):
            frame = frame.f_back
            continue
        return frame if is_user_file(name) else None
    return None


def _is_own(filename: str) -> bool:
    return filename.replace("\\", "/").endswith(("tracer/child/imports.py", "tracer/standins/packages.py"))
