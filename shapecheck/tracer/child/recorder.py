"""Recording: module calls, and torch functions at the user's lines, each with its operands and results."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten

from shapecheck.tracer.child import modules, numbers
from shapecheck.tracer.child.abstraction import call
from shapecheck.tracer.child.blame import blame
from shapecheck.tracer.child.describe import describe, tensors_of
from shapecheck.tracer.child.failure import of_abstraction
from shapecheck.tracer.child.fakes import tensors_in
from shapecheck.tracer.child.frames import context, is_user_file, user_frame
from shapecheck.tracer.child.names import caller_of, function_op
from shapecheck.tracer.child.novelty import Repeat, Repeats
from shapecheck.tracer.child.sending import Open, Sender
from shapecheck.tracer.child.session import Session, Stop

_PROPERTIES = ("T", "mT", "H", "mH", "data", "real", "imag")
_MEASURES = ("size", "numel", "nelement")
_SILENT = (
    *_MEASURES,
    "dim",
    "stride",
    "is_floating_point",
    "is_contiguous",
    "requires_grad_",
    "__repr__",
    "__format__",
    "__len__",
    "_set_grad_enabled",
)
_CARRYING = (
    "__getitem__",
    "stack",
    "cat",
    "to",
    "clone",
    "detach",
    "unsqueeze",
    "squeeze",
    "long",
    "int",
    "contiguous",
    "pin_memory",
    "index_select",
    "view",
    "reshape",
    "expand",
)
"""Operators that keep what a tensor means when library code applies them (collators above all)."""


class Recorder(Sender, TorchFunctionMode):  # type: ignore[misc] # torch's classes are unknown to the type checker
    """Sees every torch function of the run; sends what the user's own lines call."""

    def __init__(self, session: Session) -> None:
        Sender.__init__(self, session)
        TorchFunctionMode.__init__(self)
        self.on_backward: Callable[[bool], None] = lambda new: None
        """Told of each backward pass, and whether anything new was recorded since the last one."""
        self._calls = Repeats()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in _SILENT or (name == "__get__" and func.__self__.__name__ not in _PROPERTIES):
            return (
                self._measured(name, func, args, func(*args, **kwargs))
                if self.session.invented
                else func(*args, **kwargs)
            )
        caller = caller_of(sys._getframe(1))
        mine = caller is not None and is_user_file(caller.f_code.co_filename)
        wanted = mine and caller is not None and not self._quiet and (self.loading or self._seen).wanted(caller)
        operands = self._before(args, kwargs) if wanted else None
        try:
            result = call(self.session, func, args, kwargs)
        except Exception as error:
            self._failed(error, func, args, kwargs, mine)
            raise
        if (
            self.session.invented
            and numbers.among((args, kwargs))
            and numbers.decide_the_shape(func, args, kwargs, result)
        ):
            self.session.marks.invent(tensors_in(result))
        if operands is not None:
            self._function_stage(func, operands, args, kwargs, result)
        else:
            self._carry(name, args, kwargs, result)
        return result

    def _measured(self, name: str, func: Any, args: Any, found: Any) -> Any:
        """A size of a tensor: made up where the tensor's shape is."""
        is_size = name in _MEASURES or (name == "__get__" and func.__self__.__name__ == "shape")
        return numbers.made(found) if is_size and self.session.marks.is_invented(args[0]) else found

    def _function_stage(self, func: Any, operands: tuple[Any, Any], args: Any, kwargs: Any, result: Any) -> None:
        op = function_op(func)
        made = args[0] if op == "torch.Tensor.__setitem__" else result
        tensors = list(tensors_of(made))
        if not tensors and op != "torch.Tensor.backward":
            return
        # What works in place leaves the shape as it is.
        invented = self._invented(args[:1] if args and made is args[0] else args, kwargs)
        self._send_stage(op, None, operands, tensors, made, invented=invented)
        if op == "torch.Tensor.backward":
            new, self._new = self._new, False
            self.on_backward(new)

    def _carry(self, name: str, args: Any, kwargs: Any, result: Any) -> None:
        """Hand on the notes of the operands where library code reshuffles tensors (a collator stacks rows)."""
        if not isinstance(result, torch.Tensor):
            return
        marks = [m for tensor in tensors_in((args, kwargs)) if (m := self.session.marks.get(tensor))]
        if not marks:
            return
        first = marks[0]
        if any(m.status == "invented" for m in marks):
            self.session.marks.invent([result])
        elif (
            name in _CARRYING
            and self.session.marks.get(result) is None
            and all((m.role, m.status) == (first.role, first.status) for m in marks)
        ):
            self.session.marks.note(result, role=first.role, status=first.status, padding=first.padding)

    def call_function(self, original: Callable[..., Any], op: str, args: Any, kwargs: Any) -> Any:
        """Run a function that is made of several operators, and record it as one where the user calls it."""
        caller = sys._getframe(2)
        mine = is_user_file(caller.f_code.co_filename) and not self._quiet
        if not mine or not (self.loading or self._seen).wanted(caller):
            return original(*args, **kwargs)
        operands, invented = self._before(args, kwargs), self._invented(args, kwargs)
        try:
            result = original(*args, **kwargs)
        except Exception as error:
            error.__dict__.pop("shapecheck_op", None)  # which of its operators raised says nothing to the user
            blame(self.session, error, op, args, kwargs)
            if not self._within() and not of_abstraction(error):
                self._send_stage(op, None, operands, [], None, invented=invented, error=error)
            raise
        self._send_stage(op, None, operands, list(tensors_of(result)), result, invented=invented)
        return result

    # -- modules -----------------------------------------------------------------------------------------------

    def call_module(self, original: Callable[..., Any], module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
        """Run a module's ``__call__`` and record it, unless it is only a frame around others."""
        if self._quiet:
            return original(module, *args, **kwargs)
        if not self.open:
            repeat = self._repeated(module, args, kwargs)
            if repeat is not None:
                return self._quietly(original, repeat, module, args, kwargs)
            self.session.modules.name_below(module)
        entry = Open(module, modules.is_transparent(module), modules.is_own(module), modules.kind(module))
        operands = None if entry.transparent else self._module_operands(module, args, kwargs)
        within = self._within()
        self.open.append(entry)
        try:
            result = original(module, *args, **kwargs)
        except Exception as error:
            if operands is not None and (not within or entry.op.startswith("torch.nn.")):
                blame(self.session, error, entry.op, args, kwargs)
            if operands is not None and not within and not error.__dict__.get("shapecheck_sent"):
                self._send_stage(entry.op, module, operands, [], None, invented=False, within=within, error=error)
            raise
        finally:
            self.open.pop()
        if operands is not None:
            self._send_stage(
                entry.op,
                module,
                operands,
                list(tensors_of(result)),
                result,
                invented=self._invented(args, kwargs),
                within=within,
            )
        return result

    def _repeated(self, module: torch.nn.Module, args: Any, kwargs: Any) -> Repeat | None:
        """What is known of this call of a whole model, where it was recorded often enough."""
        caller = user_frame(sys._getframe(2))
        if caller is None:
            return None
        shapes = [tuple(leaf.shape) for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, torch.Tensor)]
        mode = module.training, torch.is_grad_enabled()
        return self._calls.repeat((id(module), caller.f_code, caller.f_lasti, *mode), tuple(shapes))

    def _quietly(
        self, original: Callable[..., Any], repeat: Repeat, module: torch.nn.Module, args: Any, kwargs: Any
    ) -> Any:
        """Run a module without recording it; an error is blamed, and what is made up stays so."""
        result = repeat.again()
        if result is None:
            self._quiet = True
            try:
                result = original(module, *args, **kwargs)
            except Exception as error:
                blame(self.session, error, modules.kind(module), args, kwargs)
                raise
            finally:
                self._quiet = False
            repeat.keep(module, (args, kwargs), result)
        if self._invented(args, kwargs):
            self.session.marks.invent(tensor for _, tensor in tensors_of(result))
        return result

    def _module_operands(self, module: torch.nn.Module, args: Any, kwargs: Any) -> tuple[Any, Any]:
        names = _forward_names(type(module).forward)
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        given |= {str(i): a for i, a in enumerate(args) if i >= len(names)}
        return [], {k: describe(self.session, v) for k, v in given.items()}

    def _failed(self, error: Exception, func: Any, args: Any, kwargs: Any, mine: bool) -> None:
        """An operator raised: blame it, or the layer of torch.nn that called it; send it where the user called it."""
        if "shapecheck_op" in error.__dict__:
            return
        op = function_op(func)
        leaf = self.open[-1].op if self.open else ""
        blamed = leaf if leaf.startswith("torch.nn.") and not mine else op
        blame(self.session, error, blamed, args, kwargs, func)
        if error.__dict__["shapecheck_op"]["invented"] and next(tensors_in((args, kwargs)), None) is None:
            return  # what is missing here may be there in a real run
        if mine and not self._within() and not of_abstraction(error):
            self._send_stage(
                op,
                None,
                self._before(args, kwargs),
                [],
                None,
                invented=self._invented(args, kwargs),
                error=error,
            )


def install(session: Session) -> Recorder:
    """Record from now on."""
    recorder = Recorder(session)
    _watch_modules(recorder)
    recorder.__enter__()
    return recorder


@contextlib.contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Record for a while; afterwards torch is as it was."""
    original = torch.nn.Module.__call__
    _watch_modules(recorder)
    try:
        with recorder:
            yield
    finally:
        torch.nn.Module.__call__ = original


def _watch_modules(recorder: Recorder) -> None:
    original = torch.nn.Module.__call__

    @functools.wraps(original)
    def call_module(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        return recorder.call_module(original, self, args, kwargs)

    torch.nn.Module.__call__ = call_module


@functools.cache
def _forward_names(forward: Callable[..., Any]) -> list[str]:
    try:
        parameters = list(inspect.signature(forward).parameters.values())[1:]
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind <= p.POSITIONAL_OR_KEYWORD]


__all__ = ["Recorder", "Stop", "context", "function_op", "install", "recording"]
