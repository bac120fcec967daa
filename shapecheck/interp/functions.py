"""Calls: of functions of the program (analysed with their arguments, remembered), of libraries, of anything else."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecheck.interp import classes, library, stated
from shapecheck.interp.binding import bind
from shapecheck.interp.branches import settle
from shapecheck.interp.expressions import NONE
from shapecheck.interp.python import names
from shapecheck.interp.python.objects import Accessor, Descriptor, Native
from shapecheck.interp.scopes import NEXT, RETURN, Activation, Scope, assigned
from shapecheck.interp.targets import store
from shapecheck.interp.values import (
    Bound,
    Builtin,
    CallArgs,
    Class,
    Const,
    Function,
    Instance,
    Int,
    Items,
    Unknown,
    Value,
    join_all,
)
from shapecheck.places import Origin

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


class Remembered(NamedTuple):
    """What a call gave; ``arguments`` are kept so that their identities stay theirs."""

    value: Value
    when: int
    arguments: list[Value]


def defaults_of(m: Interpreter, spec: ast.arguments) -> dict[str, Value]:
    """The defaults of a function's parameters, evaluated where it is defined."""
    out: dict[str, Value] = {}
    positional = [*spec.posonlyargs, *spec.args]
    pairs = [*zip(positional[len(positional) - len(spec.defaults) :], spec.defaults, strict=True)]
    pairs += [(arg, node) for arg, node in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if node is not None]
    for arg, node in pairs:
        value = m.eval(node)
        if type(value) is Int and type(node) is ast.Constant:
            value = Int(value.dim.at(Origin(f"the default of {arg.arg}", m.span(node))))
        out[arg.arg] = value
    return out


def define(m: Interpreter, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """``def``: a function, through its decorators."""
    prefix = (
        m.activation.function.name + "." if m.activation.function is not None and m.scope.kind == "function" else ""
    )
    function = Function(node, m.scope.closure(), prefix + node.name, defaults_of(m, node.args), home=m.home)
    value: Value = function
    for decorator in reversed(node.decorator_list):
        value = decorated(m, value, decorator)
    store(m, node.name, value)
    return NEXT


_KEPT = frozenset(
    "wraps lru_cache cache jit script compile inference_mode no_grad enable_grad autocast set_grad_enabled "
    "override final "
    "abstractmethod overload contextmanager fixture parametrize record unique total_ordering singledispatch deprecated "
    "custom_fwd custom_bwd njit dataclass_transform runtime_checkable".split()
)


def decorated(m: Interpreter, value: Value, node: ast.expr) -> Value:
    """What a decorator makes of a function; one that is not known keeps it."""
    decorator = m.eval(node)
    if type(decorator) is Builtin:
        word = decorator.name.rpartition(".")[2]
        if word in ("staticmethod", "classmethod"):
            return Descriptor(word, value)
        if word in ("property", "cached_property", "abstractproperty", "lazy_property", "hybrid_property", "property_"):
            return Descriptor("property", value)
        if word in _KEPT:
            return value
    if type(decorator) is Accessor:
        return decorator.of
    if isinstance(decorator, (Function, Class, Native, Bound)):
        made = m.call(decorator, CallArgs([value], nodes=[None]), node)
        return value if isinstance(made, (Unknown, Const)) else made
    return value


# -- functions of the program ----------------------------------------------------------------------------------------


def call_function(m: Interpreter, function: Function, args: CallArgs, node: ast.AST) -> Value:
    """Analyse a function with its arguments, or answer from memory where an equal call was analysed before."""
    bound = bind(m, function, args)
    if bound is None:
        return m.not_checked(node, f"the arguments of {function.name} do not fit")
    m.entered.add(id(function.node))
    values = list(bound.values())
    key: Hashable = (function.key(), tuple([value.key() for value in values]), m.guard, m.mode)
    known: Remembered | None = m.memory.get(key)
    if known is not None and not m.heap.stale(known.when):
        return known.value
    if m.activation.depth >= m.budget.DEPTH or m.analysed.get(id(function.node), 0) > m.budget.PER_FUNCTION:
        return m.not_checked(node, f"{function.name} is called too often or too deeply to be followed each time")
    m.heap.clock += 1
    left = m.budget.left
    m.remember(m.memory, key, Remembered(Unknown("recursion"), m.heap.clock, values))
    try:
        value, impure = _run(m, function, bound, node)
    finally:
        m.analysed[id(function.node)] = m.analysed.get(id(function.node), 0) + left - m.budget.left + 1
    if impure:
        m.memory.pop(key, None)
    else:
        m.remember(m.memory, key, Remembered(value, m.heap.clock, values))
    return value


def _run(m: Interpreter, function: Function, bound: dict[str, Value], node: ast.AST) -> tuple[Value, bool]:
    """Run a function's body in a scope of its own; what it gives, and whether it changed what others see."""
    saved = m.scope, m.activation, m.context, m.way, m.home
    qualified = f"{function.owner.name}.{function.name}" if function.owner is not None else function.name
    m.enter(node, function.node, qualified)
    activation = m.activation = Activation(function, saved[1].depth + 1, m.heap.clock)
    m.scope = Scope("function", function.scope, bound, assigned(function.node))
    m.home = function.home or m.home
    activation.base = activation.loop_base = len(m.heap.layers)
    m.heap.push()
    try:
        if isinstance(function.node, ast.Lambda):
            return m.eval(function.node.body), activation.impure
        stated.parameters(m, function, bound)
        flow = m.run(function.node.body)
        if flow == NEXT and not activation.yields:
            activation.returns.append(NONE)
        settle(m, activation.exits, flow in (NEXT, RETURN))
        if type(function.node.returns) is ast.Subscript:
            activation.returns = [stated.annotated(m, function.node.returns, value) for value in activation.returns]
    finally:
        m.heap.layers[-1].pop(id(m.scope), None)
        m.heap.keep()
        m.scope, m.activation, m.context, m.way, m.home = saved
        saved[1].impure = saved[1].impure or activation.impure
    if activation.yields:
        if _yields_in_order(function.node) == len(activation.yields):
            return Items("iterator", list(activation.yields)), activation.impure
        return Items("iterator", None, join_all(activation.yields)), activation.impure
    return join_all(activation.returns), activation.impure


def _yields_in_order(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> int:
    """The number of values that a generator without loops and branches gives, each by a statement of its own; -1 for
    any other."""
    body = node.body if isinstance(node.body, list) else []
    straight = [part for part in body if isinstance(part, ast.Expr) and type(part.value) is ast.Yield]
    ways = (ast.Yield, ast.YieldFrom, ast.Return)
    return len(straight) if len(straight) == sum(isinstance(part, ways) for part in ast.walk(node)) else -1


# -- everything else -------------------------------------------------------------------------------------------------


def call_bound(m: Interpreter, callee: Bound, args: CallArgs, node: ast.AST) -> Value:
    """A method that a value handles itself."""
    receiver = callee.receiver
    if m.heap.layers:
        m.heap.touch(receiver)
    return receiver.method(callee.name, args, m, node)


def call_builtin(m: Interpreter, callee: Builtin, args: CallArgs, node: ast.AST) -> Value:
    """Something of Python or of a library, by its name."""
    handler = names.HANDLERS.get(callee.name)
    if handler is not None:
        return handler(args, m, node)
    known = library.lookup(callee.name)
    if known is not None:
        return known(args, m, node)
    package = callee.name.partition(".")[0]
    if package in names.SILENT:
        return Unknown()
    return m.not_checked(node, f"call of {callee.name} is not followed")


def call_unknown(m: Interpreter, callee: Unknown, args: CallArgs, node: ast.AST) -> Value:
    """Calling what is not known."""
    return callee


CALL: dict[type[Value], Callable[[Any, Any, CallArgs, ast.AST], Value]] = {
    Function: call_function,
    Bound: call_bound,
    Builtin: call_builtin,
    Unknown: call_unknown,
    Class: classes.instantiate,
    Instance: classes.call_instance,
}
"""What calls each kind of value; others answer themselves."""

_ENDING = frozenset(("sys.exit", "builtins.exit", "builtins.quit", "os._exit", "os.abort"))


def raises(m: Interpreter, node: ast.expr) -> bool:
    """Whether an expression statement ends the program (``sys.exit()``)."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Name, ast.Attribute)):
        return False
    word = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
    if word not in ("exit", "quit", "_exit", "abort"):
        return False
    callee = m.eval(node.func)
    return type(callee) is Builtin and callee.name in _ENDING
