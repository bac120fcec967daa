"""Cases for layers: convolutions, pooling, norms, recurrent layers, attention, images."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from shapecheck.ops.windows import spatial_rank
from tests.ops.harness import Case, M, T
from tests.ops.strategies import Draw, bent, broadcastable, chance, given_or_left, op, pick, rule, shape, size


def _image(draw: Draw, channels: int, spatial: int, low: int = 3, high: int = 8) -> tuple[int, ...]:
    sizes = tuple(size(draw, low, high) for _ in range(spatial))
    return bent(draw, (channels, *sizes) if chance(draw, 3) else (size(draw), channels, *sizes), 5)


def _window(draw: Draw, spatial: int, low: int = 1, high: int = 3) -> Any:
    return size(draw, low, high) if chance(draw, 2) else tuple(size(draw, low, high) for _ in range(spatial))


@rule("conv", "conv_transpose", examples=30)
def _conv(draw: Draw, name: str) -> Case:
    spatial, transposed = spatial_rank(name.rpartition(".")[2]), "ranspose" in name
    groups = pick(draw, 1, 1, 2)
    inputs, outputs = groups * size(draw, 1, 2), groups * size(draw, 1, 2)
    kernel = tuple(size(draw, 1, 3) for _ in range(spatial))
    options = given_or_left(draw, stride=[1, 2], padding=[0, 1], dilation=[1, 2])
    if not transposed and chance(draw, 5):
        options = {"padding": pick(draw, "same", "valid")}
    if transposed and chance(draw, 3):
        options["output_padding"] = 1
    operand = T(_image(draw, inputs, spatial))
    if "nn.Lazy" in name:
        return Case(name, (operand,), init=(outputs, kernel), init_kwargs=options)
    if "nn.Conv" in name:
        return Case(
            name,
            (operand,),
            init=(inputs, outputs, kernel),
            init_kwargs={**options, "groups": pick(draw, groups, groups, 3)},
        )
    weight = (inputs, outputs // groups, *kernel) if transposed else (outputs, inputs // groups, *kernel)
    return Case(name, (operand, T(weight)), {**options, "groups": groups})


@rule("bilinear")
def _bilinear(draw: Draw, name: str) -> Case:
    a, b, out, rows = size(draw), size(draw), size(draw), shape(draw, 0, 2)
    operands = (T(bent(draw, (*rows, a))), T(bent(draw, (*rows, b))))
    return Case(name, operands, init=(a, b, out)) if "Bilinear" in name else Case(name, (*operands, T((out, a, b))))


@rule("unfold")
def _unfold(draw: Draw, name: str) -> Case:
    kernel, options = _window(draw, 2), given_or_left(draw, stride=[1, 2], padding=[0, 1], dilation=[1, 2])
    operand = T(_image(draw, size(draw), 2, 2, 6))
    return (
        Case(name, (operand,), init=(kernel,), init_kwargs=options)
        if "Unfold" in name
        else Case(name, (operand, kernel), options)
    )


@rule("fold")
def _fold(draw: Draw, name: str) -> Case:
    height, width, channels = size(draw, 2, 4), size(draw, 2, 4), size(draw, 1, 2)
    operand = T(bent(draw, (2, channels * 4, (height - 1) * (width - 1)), 3))
    return (
        Case(name, (operand,), init=((height, width), 2))
        if "Fold" in name
        else Case(name, (operand, (height, width), 2))
    )


@rule("pool", examples=30)
def _pool(draw: Draw, name: str) -> Case:
    spatial = spatial_rank(name.rpartition(".")[2])
    operand = T(_image(draw, 2, spatial))
    kernel = size(draw, 1, 3) if "lp" in name.lower() else _window(draw, spatial)
    choices: dict[str, list[Any]] = {"stride": [1, 2, None], "ceil_mode": [True, False]}
    if "lp" not in name.lower():
        choices["padding"] = [0, 1]
    if "max" in name.lower():
        choices |= {"dilation": [1, 2], "return_indices": [True, False]}
    options, first = given_or_left(draw, **choices), (2,) if "lp" in name.lower() else ()
    if "nn.functional" in name:
        return Case(name, (operand, *first, kernel), options)
    return Case(name, (operand,), init=(*first, kernel), init_kwargs=options)


@rule("adaptive")
def _adaptive(draw: Draw, name: str) -> Case:
    spatial = spatial_rank(name.rpartition(".")[2])
    operand = T(_image(draw, 2, spatial))
    wanted = pick(
        draw, 1, 2, tuple(size(draw) for _ in range(spatial)), tuple(None if spatial > 1 else 2 for _ in range(spatial))
    )
    return Case(name, (operand, wanted)) if "nn.functional" in name else Case(name, (operand,), init=(wanted,))


@rule("unpool", lenient=True)
def _unpool(draw: Draw, name: str) -> Case:
    spatial = spatial_rank(name.rpartition(".")[2])
    first = (2, 2, *[size(draw) for _ in range(spatial)])
    operands = (T(first), T(first, "int64"))
    return Case(name, (*operands, 2)) if "nn.functional" in name else Case(name, operands, init=(2,))


@rule("fractional", lenient=True)
def _fractional(draw: Draw, name: str) -> Case:
    spatial = spatial_rank(name.rpartition(".")[2])
    operand = T((2, 2, *[size(draw, 6, 9) for _ in range(spatial)]))
    options = {"output_size": 3} if chance(draw, 2) else {"output_ratio": (0.5,) * spatial}
    return (
        Case(name, (operand, 2), options)
        if "nn.functional" in name
        else Case(name, (operand,), init=(2,), init_kwargs=options)
    )


# Norms


@rule("layer_norm")
def _layer_norm(draw: Draw, name: str) -> Case:
    wanted = shape(draw, 1, 2)
    operand = T(bent(draw, (*shape(draw, 0, 2), *wanted)))
    given: Any = wanted[0] if len(wanted) == 1 and "functional" not in name and chance(draw, 2) else wanted
    return Case(name, (operand, given)) if "functional" in name else Case(name, (operand,), init=(given,))


@rule("batch_norm", lenient=True)
def _batch_norm(draw: Draw, name: str) -> Case:
    channels = size(draw, 2, 4)
    rank = {"1d": 2, "2d": 4, "3d": 5}.get(name[-2:], 3)
    first = (size(draw, 2), channels, *[size(draw, 2, 3) for _ in range(rank - 2)])
    options = given_or_left(draw, affine=[True, False])
    return Case(name, (T(bent(draw, first)),), init=() if "Lazy" in name else (channels,), init_kwargs=options)


@op("torch.nn.SyncBatchNorm", lenient=True)
def _sync(draw: Draw, name: str) -> Case:
    return Case(name, (T((2, 3, 4)),), init=(3,))


@rule("functional_batch_norm")
def _functional_norm(draw: Draw, name: str) -> Case:
    channels = size(draw, 2, 4)
    operand, vector = T((2, channels, 4)), T(bent(draw, (channels,)))
    return Case(name, (operand, vector, vector))


@rule("instance_norm", lenient=True)
def _instance_norm(draw: Draw, name: str) -> Case:
    channels, spatial = size(draw, 2, 4), spatial_rank(name)
    return Case(
        name,
        (T(_image(draw, channels, spatial)),),
        init=() if "Lazy" in name else (channels,),
        init_kwargs=given_or_left(draw, affine=[True, False]),
    )


@rule("group_norm")
def _group_norm(draw: Draw, name: str) -> Case:
    groups, each = size(draw, 1, 3), size(draw, 2, 3)
    channels = groups * each if not chance(draw, 8) else groups * each + 1
    operand = T(bent(draw, (2, groups * each, 3)))
    return Case(name, (operand, groups)) if "functional" in name else Case(name, (operand,), init=(groups, channels))


@rule("local_response")
def _local(draw: Draw, name: str) -> Case:
    operand = T(shape(draw, 3, 4))
    return Case(name, (operand, 2)) if "functional" in name else Case(name, (operand,), init=(2,))


@op("torch.nn.CrossMapLRN2d", lenient=True, examples=3)
def _cross_map(draw: Draw, name: str) -> Case:
    return Case(name, (T((2, 3, 4, 4)),), init=(2,))


# Recurrent layers


@rule("recurrent", examples=40)
def _recurrent(draw: Draw, name: str) -> Case:
    width, hidden, layers = size(draw), size(draw, 2), size(draw, 1, 2)
    options: dict[str, Any] = {
        "num_layers": layers,
        **given_or_left(draw, batch_first=[True, False], bidirectional=[True, False]),
    }
    if name.endswith("LSTM") and chance(draw, 3):
        options["proj_size"] = 1
    both = layers * (2 if options.get("bidirectional") else 1)
    batched = not chance(draw, 5)
    batch, length = size(draw), size(draw)
    first = (batch, length, width) if options.get("batch_first") else (length, batch, width)
    operand = T(bent(draw, first if batched else first[1:], 5))
    if chance(draw, 2):
        return Case(name, (operand,), init=(width, hidden), init_kwargs=options)
    count = (batch,) if batched else ()
    state = T(bent(draw, (both, *count, options.get("proj_size") or hidden), 6))
    cell = T(bent(draw, (both, *count, hidden), 8))
    return Case(
        name, (operand, (state, cell) if name.endswith("LSTM") else state), init=(width, hidden), init_kwargs=options
    )


@rule("cell")
def _cell(draw: Draw, name: str) -> Case:
    width, hidden, batch = size(draw), size(draw), size(draw)
    operand = T(bent(draw, (batch, width) if not chance(draw, 4) else (width,)))
    if chance(draw, 2):
        return Case(name, (operand,), init=(width, hidden))
    rows = operand.shape[:-1]
    state = T(bent(draw, (*rows, hidden), 4))
    return Case(name, (operand, (state, T((*rows, hidden))) if "LSTM" in name else state), init=(width, hidden))


@rule("pack", lenient=True)
def _pack(draw: Draw, name: str) -> Case:
    batch, length = size(draw), size(draw)
    first = pick(draw, True, False)
    operand = T((batch, length, 3) if first else (length, batch, 3))
    lengths = [length] * (batch if not chance(draw, 5) else batch + 1)
    return Case(name, (operand, lengths), {"batch_first": first})


@rule("unpack", "pack_sequence", open_ended=True, lenient=True, examples=2)
def _packed(draw: Draw, name: str) -> Case:
    return Case(name, ([T((3, 4)), T((2, 4))],))


# Attention


@rule("scaled_dot_product", examples=30)
def _scaled(draw: Draw, name: str) -> Case:
    lead, target, source, width, out = shape(draw, 0, 2), size(draw), size(draw), size(draw), size(draw)
    operands = (
        T(bent(draw, (*lead, target, width), 8)),
        T(bent(draw, (*lead, source, width), 8)),
        T(bent(draw, (*lead, source, out), 8)),
    )
    mask = (
        {"attn_mask": T(bent(draw, broadcastable(draw, (*lead, target, source)), 8), "float32")}
        if chance(draw, 3)
        else {}
    )
    return Case(name, operands, mask)


@rule("multihead", examples=40)
def _multihead(draw: Draw, name: str) -> Case:
    heads = size(draw, 1, 2)
    width = heads * size(draw, 1, 3) if not chance(draw, 10) else heads * 2 + 1
    options = given_or_left(draw, batch_first=[True, False], kdim=[3])
    first = options.get("batch_first")
    batch, target, source = size(draw), size(draw), size(draw)

    def laid(length: int, wide: int) -> tuple[int, ...]:
        return bent(draw, (batch, length, wide) if first else (length, batch, wide), 10)

    operands = (T(laid(target, width)), T(laid(source, options.get("kdim", width))), T(laid(source, width)))
    if chance(draw, 6):
        operands = tuple(T(one.shape[1:]) for one in operands)  # type: ignore[assignment]
    call: dict[str, Any] = given_or_left(draw, need_weights=[True, False], average_attn_weights=[True, False])
    if chance(draw, 3):
        call["key_padding_mask"] = T(bent(draw, (batch, source), 4), "bool")
    if chance(draw, 3):
        call["attn_mask"] = T(bent(draw, pick(draw, (target, source), (batch * heads, target, source)), 4), "bool")
    return Case(name, operands, call, init=(width, heads), init_kwargs=options)


@op("torch.nn.TransformerEncoderLayer", examples=20)
def _encoder_layer(draw: Draw, name: str) -> Case:
    width = 2 * size(draw, 1, 3)
    return Case(
        name,
        (T(bent(draw, (2, 3, width))),),
        init=(width, pick(draw, 1, 2, 2, 5), 8),
        init_kwargs=given_or_left(draw, batch_first=[True, False]),
    )


@op("torch.nn.TransformerDecoderLayer", examples=20)
def _decoder_layer(draw: Draw, name: str) -> Case:
    width = 2 * size(draw, 1, 3)
    operands = (T(bent(draw, (2, 3, width), 5)), T(bent(draw, (2, 3, width), 5)))
    return Case(name, operands, init=(width, 2, 8), init_kwargs=given_or_left(draw, batch_first=[True, False]))


@op("torch.nn.Transformer", examples=20)
def _transformer(draw: Draw, name: str) -> Case:
    width = 2 * size(draw, 1, 3)
    operands = (T(bent(draw, (2, 3, width), 5)), T(bent(draw, (2, 3, width), 5)))
    return Case(name, operands, init=(width, 2, 1, 1, 8), init_kwargs=given_or_left(draw, batch_first=[True, False]))


@op("torch.nn.TransformerEncoder", "torch.nn.TransformerDecoder", examples=20)
def _stacked(draw: Draw, name: str) -> Case:
    width = 2 * size(draw, 1, 3)
    layer = M(f"{name}Layer", (width, 2, 8), {"batch_first": pick(draw, True, False)})
    operands = (T(bent(draw, (2, 3, width), 4)), T((2, 3, width)))
    return Case(name, operands if "Decoder" in name else operands[:1], init=(layer, 1))


@rule("square_mask")
def _square_mask(draw: Draw, name: str) -> Case:
    return Case(name, (size(draw),))


# Images


@rule("pad")
def _pad(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    mode = pick(draw, "constant", "constant", "reflect", "replicate", "circular")
    pairs = size(draw, 1, 2)
    low = -1 if mode == "constant" else 0
    return Case(name, (T(first), tuple(draw(st.integers(low, 2)) for _ in range(2 * pairs))), {"mode": mode})


@rule("padding_module")
def _padding_module(draw: Draw, name: str) -> Case:
    spatial = spatial_rank(name)
    amount: Any = size(draw, 1, 2) if chance(draw, 2) else tuple(size(draw, 1, 2) for _ in range(2 * spatial))
    return Case(name, (T(_image(draw, 2, spatial)),), init=(amount, 0.0) if "Constant" in name else (amount,))


@rule("interpolate", "upsample", examples=30)
def _interpolate(draw: Draw, name: str) -> Case:
    plain = name.endswith(("interpolate", "upsample", "Upsample"))
    rank = pick(draw, 3, 4, 5) if plain else 4
    first = (2, 3, *[size(draw, 2, 4) for _ in range(rank - 2)])
    options: dict[str, Any] = (
        {"size": pick(draw, 4, tuple(size(draw) for _ in range(rank - 2)))}
        if chance(draw, 2)
        else {"scale_factor": pick(draw, 2, 1.5, 2.0)}
    )
    if plain:
        options["mode"] = pick(draw, "nearest", {3: "linear", 4: "bilinear", 5: "trilinear"}[rank], "bilinear")
    operand = T(bent(draw, first, 8))
    return Case(name, (operand,), init_kwargs=options) if name[9].isupper() else Case(name, (operand,), options)


@rule("pixel_shuffle", "pixel_unshuffle", "channel_shuffle")
def _shuffle(draw: Draw, name: str) -> Case:
    factor = size(draw, 1, 2)
    operand = T(bent(draw, (2, 4 * factor, 2 * factor, 2 * factor), 3))
    return Case(name, (operand,), init=(factor,)) if name[9].isupper() else Case(name, (operand, factor))


@rule("grid_sample", lenient=True)
def _grid_sample(draw: Draw, name: str) -> Case:
    spatial = pick(draw, 2, 2, 3)
    grid = (2, *[size(draw) for _ in range(spatial)], spatial)
    return Case(name, (T(bent(draw, (2, 3, *[4] * spatial), 6)), T(bent(draw, grid, 4))))


@rule("affine_grid")
def _affine_grid(draw: Draw, name: str) -> Case:
    return Case(name, (T(bent(draw, (2, 2, 3), 3)), (2, 3, size(draw), size(draw))))
