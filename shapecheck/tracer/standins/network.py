"""What a script fetches: nothing is fetched, and what would have come is taken as there, or as not known."""

from __future__ import annotations

import io
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins.absorb import Absorbing, holds_unknown
from shapecheck.tracer.standins.columns import Columns
from shapecheck.tracer.standins.made_up import MadeUpText
from shapecheck.tracer.standins.patching import patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session


_LOGGING = """
    init log watch login finish start_run log_metric log_metrics log_param log_params set_experiment set_tracking_uri
    log_artifact save config run
""".split()


_TOKENS = ("_get_token_from_file", "_get_token_from_environment", "_get_token_from_google_colab")


class Response(Absorbing):
    """What a server would answer: a made-up body for its address, and anything else that is asked of it."""

    def __init__(self, url: str, body: Any) -> None:
        super().__init__(f"response of {url}")
        self.__dict__ |= {"status_code": 200, "ok": True, "_body": body, "json": body.parsed}

    @property
    def text(self) -> str:
        """The body as text."""
        return str(self.__dict__["_body"].getvalue())

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return self.text.encode()

    def read(self, *args: Any) -> bytes:
        """The body as bytes."""
        return self.content

    def iter_content(self, *args: Any, **options: Any) -> Iterator[bytes]:
        """The body in one piece."""
        yield self.content

    def iter_lines(self, *args: Any, **options: Any) -> Iterator[bytes]:
        """The body by lines."""
        yield from self.content.splitlines()


def install(session: Session) -> None:
    """Patch the usual ways to fetch, and the services that scripts log to."""

    columns = Columns(session)

    def retrieve(url: str, filename: Any = None, *args: Any, **kwargs: Any) -> Any:
        session.assume(f"{url} was not fetched")
        return filename or str(url).rsplit("/", 1)[-1], {}

    def fetched(url: Any = "", *args: Any, **kwargs: Any) -> Any:
        session.assume(f"{url} was not fetched: its contents are made up")
        return Response(str(url), MadeUpText(str(url), columns, ""))

    _archives(session)
    urllib.request.urlretrieve = retrieve
    urllib.request.urlopen = fetched
    session.on_import("requests", lambda module: _set(module, ("get", "post", "put", "head"), fetched))
    session.on_import("torch.hub", lambda module: _torch_hub(module, session))
    session.on_import("huggingface_hub", lambda module: _hub(module))
    session.on_import("huggingface_hub.hub_mixin", _no_config)
    session.on_import("huggingface_hub.utils._auth", lambda module: _set(module, _TOKENS, lambda: None))
    session.on_import("wandb", lambda module: _service(module))
    session.on_import("mlflow", lambda module: _service(module))
    session.on_import("nltk", lambda module: _set(module, ("download",), lambda *args, **kwargs: True))


def _archives(session: Session) -> None:
    """An archive that was not fetched is empty: what the script unpacks from it is missing later, and made up then."""

    def opened(original: Any) -> Any:
        def archive(*args: Any, **kwargs: Any) -> Any:
            try:
                if not holds_unknown([*args, *kwargs.values()]):
                    return original(*args, **kwargs)
            except (OSError, tarfile.TarError):
                if not is_user_file(sys._getframe(1).f_code.co_filename):
                    raise
            session.assume("an archive that was not fetched: taken as unpacked")
            return Absorbing("archive")

        return archive

    def unzipped(original: Any) -> Any:
        def start(self: Any, file: Any, mode: Any = "r", *args: Any, **kwargs: Any) -> None:
            try:
                if not holds_unknown([file]):
                    original(self, file, mode, *args, **kwargs)
                    return
            except (OSError, zipfile.BadZipFile):
                if mode != "r" or not is_user_file(sys._getframe(1).f_code.co_filename):
                    raise
            session.assume("an archive that was not fetched: taken as unpacked")
            original(self, io.BytesIO(), "w")

        return start

    patch_function(tarfile, "open", opened)
    patch_function(zipfile.ZipFile, "__init__", unzipped)


def _set(module: Any, names: tuple[str, ...], value: Any) -> None:
    for name in names:
        setattr(module, name, value)


def _service(module: Any) -> None:
    for name in _LOGGING:
        setattr(module, name, Absorbing(f"{module.__name__}.{name}"))


def _hub(module: Any) -> None:
    _set(
        module, ("login", "notebook_login", "create_repo", "upload_file", "upload_folder"), lambda *args, **kwargs: None
    )
    module.hf_hub_download = lambda repo_id="", filename="", *args, **kwargs: f"{repo_id}/{filename}"
    module.get_full_repo_name = lambda model_id="", *args, **kwargs: f"user/{model_id}"
    module.snapshot_download = lambda repo_id="", *args, **kwargs: repo_id
    for name in ("HfApi", "Repository", "HfFolder", "ModelCard"):
        setattr(module, name, Absorbing(f"huggingface_hub.{name}"))


def _no_config(module: Any) -> None:
    """Classes that load themselves from the hub (``ModelHubMixin``) go on without a config of theirs."""

    def missing(*args: Any, **kwargs: Any) -> None:
        raise module.HfHubHTTPError("not fetched", response=_Answer())

    module.hf_hub_download = missing


class _Answer:
    """What an error of the hub asks of a response."""

    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    status_code, request = 404, None


def _torch_hub(module: Any, session: Session) -> None:
    from shapecheck.tracer.standins.saved import Weights

    def load(repo: Any = "", model: str = "", *args: Any, **kwargs: Any) -> Any:
        session.assume(f"torch.hub model {model} of {repo} was not fetched: what it does is left out")
        return Absorbing(f"torch.hub.load({model!r})")

    module.load, module.list, module.help = load, lambda *args, **kwargs: [], lambda *args, **kwargs: ""
    module.load_state_dict_from_url = lambda url="", *args, **kwargs: Weights(url)
    module.download_url_to_file = lambda *args, **kwargs: None
