"""The ShapeGraph: what both front ends emit, and the only thing that a check looks at.

A graph holds *stages* (operator applications), *events* (what changes shapes without being an operator) in the
order of execution, and the *tensors* that flow between them. A tensor knows the stage that produced it, so a
check walks from a loss back to where its operands came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from shapecheck.places import Span
from shapecheck.shapes import ANY, Conflict, Shape

Role = Literal[
    "ids", "mask", "segments", "positions", "pixels", "audio", "tokens", "pooled", "logits", "labels", "loss", "weights"
]
"""What a tensor means: token ids, attention mask, segment ids, position ids, image or waveform input, features per
token (batch, seq, hidden), one feature vector per example, scores per class, targets, a loss, attention weights."""

Padding = Literal["none", "left", "right", "unknown"]
"""Where padding stands among the tokens of an axis; ``unknown`` if there may be some, on a side that is not known."""

FrontEnd = Literal["static", "traced"]


@dataclass(slots=True, eq=False)
class Tensor:
    """One tensor, at one point of the program. Compared by identity.

    Attributes:
        shape: its dims.
        dtype: torch's name without the prefix (``float32``, ``int64``), or None; ``float`` and ``int`` where only
            the kind is known.
        role: what it means, where known.
        padding: padding among its tokens (of the axis that counts tokens).
        masked: whether an attention mask was applied to it on the way (multiplied, filled or selected by it).
        low, high: inclusive bounds of the integers in it, where known.
        producer: the stage that made it, None for an input (factory, loader, tokenizer) or where not known.
        field: which output of the producer it is (``last_hidden_state``, ``0``, ``out``).
        span: the expression that stands for it in the text, where it came to be.
        text: how the user names it (``outputs.last_hidden_state``, ``labels``), where known.
        sources: by axis, the token axis that it continues, once ``flow.token_source`` has looked for it.
    """

    shape: Shape = ANY
    dtype: str | None = None
    role: Role | None = None
    padding: Padding | None = None
    masked: bool = False
    low: int | None = None
    high: int | None = None
    producer: Stage | None = field(default=None, repr=False)
    sources: dict[int, Any] | None = field(default=None, init=False, repr=False)
    field: str = ""
    span: Span | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One call on the way to a stage: the span of the call, and the function it entered (``Net.forward``)."""

    span: Span
    function: str


@dataclass(slots=True, eq=False)
class Module:
    """One nn.Module instance. Compared by identity.

    Attributes:
        kind: qualified class (``torch.nn.Linear``, ``transformers.BertModel``), or the user's class name.
        path: where it hangs in the model (``encoder.layer.0``), empty for the root or where not known.
        params: constructor parameters by name (``in_features``: a Dim; ``batch_first``: a bool ...), and for
            transformers' models what the tables say: ``checkpoint``, ``model_type``, ``causal``, ``pooler``,
            ``default_pooling``, ``hidden_size``, ``num_labels`` ...
        created: the span of the constructor call in the user's text.
        param_spans: the span of each constructor argument, by parameter name.
        context: the calls through which it was constructed, outermost first (``Tagger(...)``, then
            ``Highway(...)`` for the Linear that Highway.__init__ makes).
    """

    kind: str
    path: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    created: Span | None = None
    param_spans: dict[str, Span] = field(default_factory=dict)
    context: tuple[Frame, ...] = ()


@dataclass(slots=True, eq=False)
class Stage:
    """One operator application.

    Attributes:
        op: canonical qualified name: a module's class (``torch.nn.Linear``, ``transformers.BertModel``), a function
            (``torch.cat``, ``torch.nn.functional.cross_entropy``) or a method (``torch.Tensor.view``); operators of
            Python as functions (``torch.add``, ``torch.matmul``); indexing is ``torch.Tensor.__getitem__`` with the
            operands ``input`` and ``key`` (an int or Dim, slice, None, Ellipsis, tensor, or a tuple of these).
        span: the whole call, in the user's text.
        inputs: operands by parameter name; tensors, dims, plain values, or (nested) tuples and lists of these.
        input_spans: the span of each operand's expression, by parameter name.
        outputs: tensors by field: ``out`` for a single one, ``0``, ``1`` of a tuple, a model output's field names.
        module: the module that was called, if any.
        context: the calls through which the stage was reached, outermost first.
        guard: under which conditions it runs: ``train``, ``eval``, ``no_grad``, or the text of an ``if``.
        conflict: the shapes certainly do not fit here.
        not_checked: why the operator's outcome is not known, if it is not.
        repeat: how many equal, neighbouring stages this one stands for (``encoder.layer.0-11``).
        message: what PyTorch really said here (trace only).
        within: the library module inside which the stage ran (``transformers.BertModel``), empty for what the user's
            own code calls (trace only).
    """

    op: str
    span: Span
    inputs: dict[str, Any] = field(default_factory=dict)
    input_spans: dict[str, Span] = field(default_factory=dict)
    outputs: dict[str, Tensor] = field(default_factory=dict)
    module: Module | None = None
    context: tuple[Frame, ...] = ()
    guard: frozenset[str] = frozenset()
    conflict: Conflict | None = None
    not_checked: str | None = None
    repeat: int = 1
    message: str | None = None
    within: str = ""
    index: int = -1

    @property
    def out(self) -> Tensor:
        """The first output."""
        return next(iter(self.outputs.values()), Tensor())

    def tensor(self, name: str) -> Tensor | None:
        """An operand that is a tensor, or None."""
        value = self.inputs.get(name)
        return value if isinstance(value, Tensor) else None

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor among the operands, those inside lists and tuples too."""
        return tensors_in(self.inputs.values())


def tensors_in(values: Any) -> Iterator[Tensor]:
    """The tensors among some values, those inside lists, tuples and dicts too."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from tensors_in(value)
        elif isinstance(value, dict):
            yield from tensors_in(value.values())


@dataclass(slots=True, eq=False)
class Event:
    """What changes shapes, or what an author relied on, without being an operator.

    ``kind`` is one of:
        ``unpack``      an object unpacked into names; data: ``of`` (``model_output``, ``tuple``, ``shape``),
                        ``count`` (names), ``fields`` (of the output), ``stage``
        ``attribute``   a model output asked for an attribute; data: ``name``, ``fields``, ``stage``, ``missing``
        ``index``       a model output indexed; data: ``index``, ``field`` (what that gives), ``stage``
        ``beyond``      a model's hidden states or attentions indexed beyond their number; data: ``index``, ``count``,
                        ``field``, ``stage``
        ``tokenize``    a tokenizer called; data: ``texts`` (their number, a Dim or None for one text), ``literal``
                        (the texts, where they are known), ``padding`` (whether it pads; None where not known),
                        ``to_limit`` (whether it pads to ``max_length``; None where not known),
                        ``tensors`` (whether tensors are asked for), ``pad_token`` (whether it has one; None where not
                        known), ``tokenizer``
        ``replace``     a submodule replaced; data: ``path``, ``old``, ``new`` (Modules), ``model`` (Module)
        ``load``        weights loaded; data: ``checkpoint``, ``module``, ``mismatched`` (name -> the two shapes),
                        ``ignored`` (whether the author allows it)
        ``load_state``  a state dict loaded; data: ``module``, ``entries`` (name, the tensor that was saved, the model's
                        own; each from a stage ``torch.nn.Module.state_dict`` with the layer that holds it)
        ``add_tokens``  a tokenizer grew; data: ``tokenizer``, ``count``, ``entries`` (its tokens before, where known),
                        ``new`` (the added tokens that were certainly not among them)
        ``resize``      ``resize_token_embeddings``; data: ``module``, ``count``
        ``collate``     a loader joins examples to a batch; data: ``keys``, ``batch_size``, ``rows``, ``drop_last``,
                        ``stacked`` (an example's tensors, where torch's own function stacks them)
        ``labels``      a label count was set; data: ``count``, ``module``
        ``trainer_loss``  what a Trainer takes for the loss; data: ``of`` (``model_output``, ``dict``, ``tuple``,
                        ``tensor``, ``none``, ``other``), ``fields`` (of an output or a dict), ``taken`` (a Tensor or
                        None), ``stage``, ``returned`` (the model's one ``return``, or None)
        ``raised``      the error over shapes that a traced script ended with; data: ``type``, ``message``, ``named``
                        (the tensors on the line), ``chain`` (the spans of the calls, outermost first)
        ``state``       a shape that the author wrote down; data: ``tensor``, ``stated`` (a Shape), ``how``
    """

    kind: str
    span: Span
    data: dict[str, Any] = field(default_factory=dict)
    context: tuple[Frame, ...] = ()
    index: int = -1


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A place that was not followed, and why."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Bound:
    """What a name stands for: the ``span`` of the expression that it was bound to, whether that is ``bare`` (only
    another name for what was there) or ``computed`` (arithmetic: ``both = text + 16``), and how often it is read
    (``reads``) before it is bound anew."""

    span: Span
    bare: bool
    computed: bool
    reads: int


@dataclass(slots=True, eq=False)
class ShapeGraph:
    """Stages and events in order of execution; ``items`` holds both, as they came.

    ``passed`` (filled by flow.py) follows an expression that is merely a parameter of the function it stands in: by its
    span and the calls through which it was reached, the arguments that were handed over, innermost call first.
    ``sizes`` (filled there too) has the expression of each size that a factory was given, by its stage's index;
    ``bound`` what each operand and constructor argument that is a mere name stands for, by its span.
    """

    source: FrontEnd
    items: list[Stage | Event] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    passed: dict[tuple[Span, tuple[Frame, ...]], tuple[Span, ...]] = field(default_factory=dict)
    sizes: dict[int, tuple[Span, ...]] = field(default_factory=dict)
    bound: dict[Span, Bound] = field(default_factory=dict)
    _takers: dict[int, list[Stage]] = field(default_factory=dict, repr=False)  # by the identity of the tensor
    _read: int = 0

    def add(self, item: Stage | Event) -> None:
        """Append a stage or an event, give it its index, and make it the producer of its outputs."""
        item.index = len(self.items)
        self.items.append(item)
        if isinstance(item, Stage):
            for key, tensor in item.outputs.items():
                tensor.producer = item
                tensor.field = tensor.field or key

    @property
    def stages(self) -> list[Stage]:
        """The operator applications, in order."""
        return [item for item in self.items if isinstance(item, Stage)]

    @property
    def events(self) -> list[Event]:
        """The events, in order."""
        return [item for item in self.items if isinstance(item, Event)]

    def consumers(self, tensor: Tensor) -> list[Stage]:
        """The stages that take a tensor as an operand, in order."""
        for item in self.items[self._read :]:
            if isinstance(item, Stage):
                for taken in {id(operand) for operand in item.tensors()}:
                    self._takers.setdefault(taken, []).append(item)
        self._read = len(self.items)
        return self._takers.get(id(tensor), [])

    def cut(self, length: int) -> None:
        """Drop what came after the first ``length`` items."""
        del self.items[length:]
        self._takers, self._read = {}, 0
