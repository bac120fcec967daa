"""Fourier transforms."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.ops.axes import axes, axis, rank_of
from shapecheck.ops.call import Call
from shapecheck.ops.values import Spec, Unclear, as_dim
from shapecheck.shapes import Shape

_COMPLEX = {"float64": "complex128", "complex128": "complex128", "float16": "complex32"}
_REAL = {"complex128": "float64", "float64": "float64"}


def transform(call: Call) -> Spec:
    """``fft``, ``ifft``: the input's shape, an axis cut or padded to ``n``; ``rfft`` halves it, ``irfft`` doubles."""
    shape = call.shape()
    if shape.rank == 0:
        raise call.clash("axis", "Dimension out of range (expected to be in range of [-1, 0], but got -1)")
    at = axis(shape, call["dim"])
    size = shape.dim(at) if call["n"] is None else as_dim(call["n"])
    return Spec(shape.replaced(at, _length(call, size, call["n"] is None)), _dtype(call))


def _length(call: Call, size: Dim, own: bool) -> Dim:
    if not size.known:
        return UNKNOWN_DIM
    if call.name.startswith("rfft"):
        return size // number(2) + number(1)
    if call.name.startswith("irfft") and own:
        return (size - number(1)) * number(2)
    return size


def _dtype(call: Call) -> str | None:
    known = call.tensor().dtype
    if known is None:
        return None
    return _REAL.get(known, "float32") if call.name.startswith("irfft") else _COMPLEX.get(known, "complex64")


def transform_many(call: Call) -> Spec:
    """``fft2``, ``fftn`` and their like: several axes."""
    shape, dims, sizes = call.shape(), call["dim"], call["s"]
    rank = rank_of(shape)
    if dims is None:
        count = rank if sizes is None else len(sizes)
        dims = tuple(range(rank - count, rank))
    if not isinstance(dims, (tuple, list)):
        raise Unclear("dim is not known")
    found = axes(shape, dims)
    for place, at in enumerate(found):
        size = shape.dims[at] if sizes is None else as_dim(sizes[place])
        last = place == len(found) - 1
        shape = shape.replaced(at, _length(call, size, sizes is None) if last else size)
    return Spec(shape, _dtype(call))


def stft(call: Call) -> Spec:
    """``stft(input, n_fft, hop_length)``: (..., frequencies, frames), complex, or a last axis of two."""
    shape, width = call.shape(), as_dim(call["n_fft"])
    rank = rank_of(shape)
    if rank not in (1, 2):
        words = f"stft({call.tensor().dtype}): expected a 1D or 2D tensor"
        raise call.clash("rank", words, left=number(rank), right=number(2))
    two, one = number(2), number(1)
    hop = width // number(4) if call["hop_length"] is None else as_dim(call["hop_length"])
    length = shape.dims[-1]
    padded = length + two * (width // two) if call.flag("center") else length
    known = padded.known and hop.known and width.known
    frames = (padded - width) // hop + one if known else UNKNOWN_DIM
    bins = width // two + one if call["onesided"] in (None, True) else width
    dims = (*shape.dims[:-1], bins, frames)
    if call.flag("return_complex"):
        return Spec(Shape(dims), "complex64")
    return Spec(Shape((*dims, two)), call.tensor().dtype)


def view_as_real(call: Call) -> Spec:
    """``view_as_real``: a last axis of two."""
    shape = call.shape()
    return Spec(Shape((*shape.dims, number(2)), shape.open_at), _REAL.get(call.tensor().dtype or "", "float32"))


def view_as_complex(call: Call) -> Spec:
    """``view_as_complex``: the last axis, of two, is taken away."""
    shape = call.shape()
    if shape.rank == 0:
        raise call.clash("rank", "Input tensor must have one or more dimensions")
    have = shape.dim(-1)
    if have.value is not None and have.value != 2:
        raise call.clash("inner", "Tensor must have a last dimension of size 2", left=have, right=number(2))
    return Spec(shape.replaced(-1), _COMPLEX.get(call.tensor().dtype or "", "complex64"))


def part(call: Call) -> Spec:
    """``real``, ``imag``, ``angle``, ``abs`` of a complex tensor."""
    known = call.tensor().dtype
    return Spec(
        call.shape(), None if known is None else _REAL.get(known, "float32" if known.startswith("complex") else known)
    )


def shifted(call: Call) -> Spec:
    """``fftshift``: the same shape."""
    if call["dim"] is not None:
        axes(call.shape(), call["dim"])
    return call.out(call.shape())


def frequencies(call: Call) -> Spec:
    """``fftfreq(n)``, ``rfftfreq(n)``."""
    size = as_dim(call["n"])
    return Spec(Shape((size // number(2) + number(1) if call.name == "rfftfreq" and size.known else size,)), "float32")
