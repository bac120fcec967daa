"""Recurrent layers, their cells, and packed sequences."""

from __future__ import annotations

from dataclasses import dataclass

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Packed, Result, Spec, Unclear, as_dim, as_int, is_tensor
from shapecheck.shapes import ANY, Shape, compare


@dataclass(slots=True)
class _Sizes:
    """What the constructor fixes."""

    features: Dim
    hidden: Dim
    out: Dim
    layers: Dim
    directions: Dim
    first: bool


def _sizes(call: Call) -> _Sizes:
    hidden, projected = as_dim(call["hidden_size"]), call.args.get("proj_size", 0)
    out = hidden if as_int(projected) == 0 else as_dim(projected) if as_int(projected) is not None else UNKNOWN_DIM
    directions = UNKNOWN_DIM if call["bidirectional"] is UNKNOWN else number(2 if call["bidirectional"] else 1)
    layers = as_dim(call["num_layers"]) * directions if directions.known else UNKNOWN_DIM
    return _Sizes(as_dim(call["input_size"]), hidden, out, layers, directions, call.flag("batch_first"))


def recurrent(call: Call) -> tuple[object, object]:
    """``RNN``, ``GRU``, ``LSTM``: all outputs, and the last state (a pair for LSTM)."""
    sizes = _sizes(call)
    if isinstance(call["input"], Packed):
        return _packed_run(call, call["input"], sizes)
    operand = call.tensor()
    shape = operand.shape
    if dtypes.is_integral(operand.dtype) and call["dtype"] is None:
        words = f"input must have the type torch.float32, got type torch.{operand.dtype}"
        raise call.clash("dtype", words, right_name="weight")
    if shape.rank is not None and shape.rank not in (2, 3):
        words = f"{call.name}: Expected input to be 2D or 3D, got {shape.rank}D instead"
        raise call.clash("rank", words, left=number(shape.rank), right=number(3))
    have = shape.dim(-1)
    if have.compare(sizes.features) is Truth.DIFFERENT:
        words = f"input.size(-1) must be equal to input_size. Expected {sizes.features}, got {have}"
        axis = None if shape.rank is None else shape.rank - 1
        raise call.clash("inner", words, left=have, right=sizes.features, right_name="input_size", axis=axis)
    width = sizes.out * sizes.directions if sizes.directions.known else UNKNOWN_DIM
    if shape.rank is None:
        return Spec(shape.replaced(-1, width) if shape.dims else Shape((width,), 0), operand.dtype), _state(
            call, ANY, ANY, operand.dtype
        )
    batch = () if shape.rank == 2 else (shape.dims[0 if sizes.first else 1],)
    state = Shape((sizes.layers, *batch, sizes.out))
    cell = Shape((sizes.layers, *batch, sizes.hidden))
    _initial_state(call, state, cell)
    return Spec(Shape((*shape.dims[:-1], width)), operand.dtype), _state(call, state, cell, operand.dtype)


def _state(call: Call, state: Shape, cell: Shape, dtype: str | None) -> object:
    if call.name == "LSTM":
        return Spec(state, dtype), Spec(cell, dtype)
    return Spec(state, dtype)


def _packed_run(call: Call, packed: Packed, sizes: _Sizes) -> tuple[object, object]:
    have = packed.features[0] if packed.features else UNKNOWN_DIM
    if have.compare(sizes.features) is Truth.DIFFERENT:
        words = f"input.size(-1) must be equal to input_size. Expected {sizes.features}, got {have}"
        raise call.clash("inner", words, left=have, right=sizes.features, right_name="input_size")
    state = Shape((sizes.layers, packed.batch, sizes.out))
    cell = Shape((sizes.layers, packed.batch, sizes.hidden))
    _initial_state(call, state, cell)
    width = sizes.out * sizes.directions if sizes.directions.known else UNKNOWN_DIM
    return Packed(packed.batch, packed.length, (width,), packed.dtype), _state(call, state, cell, packed.dtype)


def _initial_state(call: Call, state: Shape, cell: Shape) -> None:
    """The state handed over must have the shape that comes out."""
    given = call.args.get("hx")
    if given is None or given is UNKNOWN:
        return
    if call.name == "LSTM":
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            return
        _agrees(call, given[0], state, "Expected hidden[0] size ({want}), got [{have}]")
        _agrees(call, given[1], cell, "Expected hidden[1] size ({want}), got [{have}]")
    else:
        _agrees(call, given, state, "Expected hidden size ({want}), got [{have}]")


def _agrees(call: Call, given: object, wanted: Shape, words: str) -> None:
    if not is_tensor(given):
        return
    have = given.shape
    if have.rank is not None and have.rank != wanted.rank:
        raise _wrong_state_rank(call, have, wanted)
    if compare(have, wanted) is not Truth.DIFFERENT:
        return
    at = next(at for at, dim in enumerate(wanted.dims) if have.dim(at).compare(dim) is Truth.DIFFERENT)
    text = words.format(want=", ".join(map(str, wanted.dims)), have=", ".join(map(str, have.dims)))
    name = ("num_layers", "input", "hidden_size")[at if wanted.rank == 3 or at == 0 else 2]
    raise call.clash("state", text, left=have.dim(at), right=wanted.dims[at], left_name="hx", right_name=name, axis=at)


def _wrong_state_rank(call: Call, have: Shape, wanted: Shape) -> Exception:
    batched = "batched 3-D" if wanted.rank == 3 else "unbatched 2-D"
    noun = "hx and cx should" if call.name == "LSTM" else "hx should"
    got = f"({have.rank}-D, {have.rank}-D) tensors" if call.name == "LSTM" else f"{have.rank}-D tensor"
    words = f"For {batched} input, {noun} also be {wanted.rank}-D but got {got}"
    return call.clash("rank", words, left=number(have.rank or 0), right=number(wanted.rank or 0), left_name="hx")


def cell(call: Call) -> object:
    """``RNNCell``, ``GRUCell``, ``LSTMCell``: one step; the next state (a pair for LSTM)."""
    operand = call.tensor()
    shape = operand.shape
    features, hidden = as_dim(call["input_size"]), as_dim(call["hidden_size"])
    if shape.rank is not None and shape.rank not in (1, 2):
        words = f"{call.name}: Expected input to be 1D or 2D, got {shape.rank}D instead"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    have = shape.dim(-1)
    if have.compare(features) is Truth.DIFFERENT:
        words = f"input has inconsistent input_size: got {have} expected {features}"
        axis = None if shape.rank is None else shape.rank - 1
        raise call.clash("inner", words, left=have, right=features, right_name="input_size", axis=axis)
    out = shape.replaced(-1, hidden) if shape.dims else ANY
    given = call["hx"]
    states = list(given) if isinstance(given, (tuple, list)) else [given]
    for at, state in enumerate(states):
        if is_tensor(state) and state.shape.rank is not None:
            _cell_state(call, state.shape, out, hidden, at)
    if call.name == "LSTMCell":
        return Spec(out, operand.dtype), Spec(out, operand.dtype)
    return Spec(out, operand.dtype)


def _cell_state(call: Call, state: Shape, out: Shape, hidden: Dim, at: int) -> None:
    if state.rank not in (1, 2):
        words = f"{call.name}: Expected hidden to be 1D or 2D, got {state.rank}D instead"
        if call.name == "LSTMCell":
            words = f"LSTMCell: Expected hx[{at}] to be 1D or 2D, got {state.rank}D instead"
        raise call.clash("rank", words, left_name="hx")
    # Without a batch axis torch puts one in front of both, and then compares the second axis.
    have = state.dims[0] if out.rank == 1 else state.dims[-1]
    if have.compare(hidden) is Truth.DIFFERENT:
        words = f"hidden{at} has inconsistent hidden_size: got {have}, expected {hidden}"
        raise call.clash(
            "state", words, left=have, right=hidden, left_name="hx", right_name="hidden_size", axis=state.rank - 1
        )
    if out.rank == 2 and state.dims[0].compare(out.dims[0]) is Truth.DIFFERENT:
        words = f"Input batch size {out.dims[0]} doesn't match hidden{at} batch size {state.dims[0]}"
        raise call.clash(
            "state", words, left=state.dims[0], right=out.dims[0], left_name="hx", right_name="input", axis=0
        )


def pack(call: Call) -> Result:
    """``pack_padded_sequence(input, lengths, batch_first)``."""
    shape, first = call.shape(), call.flag("batch_first")
    if shape.rank is None:
        return Result(Packed(UNKNOWN_DIM, UNKNOWN_DIM, (shape.dim(-1),), call.tensor().dtype))
    if shape.rank < 2:
        raise Unclear("an input of fewer than two axes")
    batch, length = shape.dims[:2] if first else shape.dims[1::-1]
    lengths = call["lengths"]
    count = (
        lengths.shape.dim(0)
        if is_tensor(lengths)
        else number(len(lengths))
        if isinstance(lengths, (list, tuple))
        else UNKNOWN_DIM
    )
    if count.compare(batch) is Truth.DIFFERENT:
        words = f"Expected `len(lengths)` to be equal to batch_size, but got {count} (batch_size={batch})"
        raise call.clash("batch", words, left=batch, right=count, right_name="lengths", axis=0 if first else 1)
    return Result(Packed(batch, length, shape.dims[2:], call.tensor().dtype))


def unpack(call: Call) -> tuple[Spec, Spec]:
    """``pad_packed_sequence(sequence, batch_first, total_length)``: the padded tensor and the lengths."""
    packed = call["sequence"]
    if not isinstance(packed, Packed):
        raise Unclear("the packed sequence is not known")
    first = call.flag("batch_first")
    # The longest sequence decides: it need not fill the axis that was packed.
    length = UNKNOWN_DIM if call["total_length"] is None else as_dim(call["total_length"])
    head = (packed.batch, length) if first else (length, packed.batch)
    return Spec(Shape((*head, *packed.features)), packed.dtype), Spec(Shape((packed.batch,)), "int64")


def pack_sequence(call: Call) -> Result:
    """``pack_sequence(sequences)``: a list of (length, *) tensors."""
    operands = call.tensors("sequences")
    if not operands:
        raise Unclear("an empty list")
    first = operands[0].shape
    features = first.dims[1:] if first.rank else (UNKNOWN_DIM,)
    return Result(Packed(number(len(operands)), UNKNOWN_DIM, features, operands[0].dtype))
