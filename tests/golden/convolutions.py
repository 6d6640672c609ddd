"""Golden cases of convolutions: plain loops over positions, compared with torch in float64.

Attributes: stride, padding, dilation (one number, or one for each spatial axis), groups,
output_padding (conv_transpose).
"""

import itertools

import numpy
import torch
from torch.nn import functional

from cases import WIDE, numbers


def spread(option, axes):
    return tuple(option) if len(option) == axes else tuple(option) * axes


def meetings(shape, kernel, out, stride, padding, dilation, groups):
    """All (input, kernel, output) indices of channels and space whose product contributes."""
    axes = len(shape) - 2
    stride, padding, dilation = (spread(x, axes) for x in (stride, padding, dilation))
    for o, c in itertools.product(range(kernel[0]), range(kernel[1])):
        channel = o // (kernel[0] // groups) * kernel[1] + c
        for at in itertools.product(*map(range, out[2:])):
            for tap in itertools.product(*map(range, kernel[2:])):
                place = tuple(
                    a * s - p + t * d for a, s, p, t, d in zip(at, stride, padding, tap, dilation)
                )
                if all(0 <= x < n for x, n in zip(place, shape[2:])):
                    yield (channel, *place), (o, c, *tap), (o, *at)


def out_shape(x, w, stride, padding, dilation, groups):
    axes = len(x) - 2
    stride, padding, dilation = (spread(n, axes) for n in (stride, padding, dilation))
    return x[:1] + w[:1] + tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x[2:], w[2:], stride, padding, dilation)
    )


def convolve(x, w, **options):
    out = numpy.zeros(out_shape(x.shape, w.shape, **options), dtype=x.dtype)
    for i, j, k in meetings(x.shape, w.shape, out.shape, **options):
        out[(slice(None), *k)] += x[(slice(None), *i)] * w[j]
    return out


def by_input(d, w, shape, **options):
    x = numpy.zeros(shape, dtype=d.dtype)
    for i, j, k in meetings(shape, w.shape, d.shape, **options):
        x[(slice(None), *i)] += d[(slice(None), *k)] * w[j]
    return x


def by_kernel(x, d, shape, **options):
    w = numpy.zeros(shape, dtype=x.dtype)
    for i, j, k in meetings(x.shape, shape, d.shape, **options):
        w[j] += (x[(slice(None), *i)] * d[(slice(None), *k)]).sum()
    return w


def torch_conv(transposed, axes, x, w, **options):
    name = f"conv{'_transpose' if transposed else ''}{axes}d"
    options = {k: v if isinstance(v, int) else spread(v, axes) for k, v in options.items()}
    x, w = (torch.tensor(numpy.asarray(n, dtype="float64")) for n in (x, w))
    return getattr(functional, name)(x, w, **options).numpy()


def with_bias(bias, axes, function, pullback):
    """Adds a bias to the operands, which is added to each channel of the result."""
    if not bias:
        return [], function, pullback
    spatial = tuple(range(2, axes + 2))
    return (
        [numbers(bias)],
        lambda x, w, b: function(x, w) + numpy.expand_dims(b, spatial_axes(axes)),
        lambda d, x, w, b: [*pullback(d, x, w), d.sum(axis=(0, *spatial))],
    )


def spatial_axes(axes):
    return tuple(range(1, axes + 1))


def add_conv(cases):
    for x, w, dtype, bias, given in (
        ((2, 2, 5, 4), (3, 2, 3, 2), "float64", False, {}),
        ((2, 3, 6, 7), (2, 3, 3, 3), "float64", True, {"padding": [1]}),
        ((1, 2, 7, 6), (2, 2, 3, 2), "float64", False, {"stride": [2, 3], "padding": [2, 1]}),
        ((2, 2, 8, 8), (2, 2, 3, 3), "float64", False, {"stride": [2], "padding": [1]}),
        ((1, 2, 7, 8), (1, 2, 3, 3), "float64", False, {"dilation": [3, 2], "padding": [1, 2]}),
        ((2, 4, 4, 5), (6, 2, 2, 3), "float64", True, {"groups": 2, "stride": [1, 2]}),
        ((1, 3, 4, 4), (6, 1, 3, 3), "float64", False, {"groups": 3, "padding": [1]}),
        ((2, 3, 3, 4), (4, 3, 1, 1), "float64", False, {}),
        ((2, 3, 5, 4), (4, 3, 1, 1), "float64", False, {"stride": [2]}),
        ((2, 3, 3, 4), (2, 3, 3, 4), "float64", False, {}),
        ((1, 1, 1, 1), (1, 1, 3, 3), "float64", False, {"padding": [1]}),
        ((0, 2, 4, 4), (3, 2, 3, 3), "float64", True, {}),
        ((2, 3, 9), (4, 3, 4), "float64", True, {"stride": [2], "padding": [1]}),
        ((1, 4, 8), (2, 2, 3), "float64", False, {"groups": 2, "dilation": [2]}),
        ((2, 3, 8, 8), (4, 3, 3, 3), "float32", True, {"padding": [1]}),
        ((1, 4, 7, 7), (4, 2, 3, 2), "float32", False, {"stride": [2], "groups": 2}),
        ((2, 2, 8, 7), (2, 2, 3, 3), "float32", False, {"dilation": [2], "padding": [3, 2]}),
        ((2, 3, 9), (4, 3, 4), "float32", False, {"stride": [3], "padding": [2]}),
    ):
        axes = len(x) - 2
        options = {"stride": [1], "padding": [0], "dilation": [1], "groups": 1, **given}
        function = lambda a, b: convolve(a, b, **options)
        pullback = lambda d, a, b: [
            by_input(d, b, x, **options),
            by_kernel(a, d, w, **options),
        ]
        operands = [numbers(*shape, dtype=dtype) for shape in (x, w)]
        more, f, df = with_bias(w[0] if bias else 0, axes, function, pullback)
        more = [b.astype(dtype) for b in more]
        cases.add(f"conv{axes}d", operands + more, f, df, **options)
        if x[0]:
            theirs = torch_conv(False, axes, *operands, **options)
            ours = function(*(n.astype(WIDE) for n in operands)).astype("float64")
            assert theirs.shape == ours.shape and numpy.allclose(theirs, ours, rtol=1e-10)


def add_conv_transpose(cases):
    for d, w, dtype, bias, given in (
        ((2, 2, 3, 2), (2, 3, 2, 3), "float64", True, {}),
        ((1, 2, 3, 4), (2, 2, 3, 3), "float64", False, {"stride": [2], "padding": [1]}),
        (
            (1, 2, 3, 2),
            (2, 2, 3, 2),
            "float64",
            True,
            {"stride": [3, 2], "padding": [1, 0], "output_padding": [2, 1]},
        ),
        ((1, 4, 2, 3), (4, 3, 2, 2), "float64", False, {"groups": 2, "dilation": [2, 3]}),
        ((2, 3, 2, 2), (3, 1, 1, 1), "float64", False, {}),
        ((0, 2, 2, 2), (2, 3, 2, 2), "float64", False, {}),
        ((2, 4, 4, 4), (4, 3, 4, 4), "float32", True, {"stride": [2], "padding": [1]}),
        ((1, 4, 3, 3), (4, 2, 3, 3), "float32", False, {"groups": 2, "stride": [2]}),
    ):
        options = {"stride": [1], "padding": [0], "dilation": [1], "groups": 1, **given}
        more_size = spread(options.pop("output_padding", [0]), 2)
        stride, padding, dilation = (
            spread(options[name], 2) for name in ("stride", "padding", "dilation")
        )
        shape = (d[0], w[1] * options["groups"]) + tuple(
            (n - 1) * s - 2 * p + e * (k - 1) + 1 + m
            for n, k, s, p, e, m in zip(d[2:], w[2:], stride, padding, dilation, more_size)
        )
        function = lambda a, b: by_input(a, b, shape, **options)
        pullback = lambda h, a, b: [convolve(h, b, **options), by_kernel(h, a, w, **options)]
        operands = [numbers(*n, dtype=dtype) for n in (d, w)]
        more, f, df = with_bias(shape[1] if bias else 0, 2, function, pullback)
        more = [b.astype(dtype) for b in more]
        attributes = {**options, "output_padding": list(more_size)}
        cases.add("conv_transpose2d", operands + more, f, df, **attributes)
        if d[0]:
            theirs = torch_conv(True, 2, *operands, **attributes)
            ours = function(*(n.astype(WIDE) for n in operands)).astype("float64")
            assert theirs.shape == ours.shape and numpy.allclose(theirs, ours, rtol=1e-10)


def add_errors(cases):
    one = {"stride": [1], "padding": [0], "dilation": [1], "groups": 1}
    for x, w, kind, given in (
        ((1, 2, 3, 3), (1, 2, 4, 3), "ShapeError", {}),
        ((1, 2, 3, 3), (1, 2, 3, 3), "ShapeError", {"dilation": [1, 2]}),
        ((1, 2, 3, 3), (1, 3, 2, 2), "ShapeError", {}),
        ((1, 3, 3, 3), (2, 1, 2, 2), "ShapeError", {"groups": 2}),
        ((1, 4, 3, 3), (3, 2, 2, 2), "ShapeError", {"groups": 2}),
        ((1, 2, 3, 3), (1, 2, 0, 3), "ShapeError", {}),
        ((2, 3, 3), (1, 2, 3), "ShapeError", {}),
        ((1, 2, 3, 3), (1, 2, 2, 2), "ArgumentError", {"stride": [0]}),
        ((1, 2, 3, 3), (1, 2, 2, 2), "ArgumentError", {"padding": [0, -1]}),
        ((1, 2, 3, 3), (1, 2, 2, 2), "ArgumentError", {"dilation": [0]}),
        ((1, 2, 3, 3), (1, 2, 2, 2), "ArgumentError", {"groups": 0}),
        ((1, 2, 3, 3), (1, 2, 2, 2), "ArgumentError", {"stride": [1, 1, 1]}),
    ):
        cases.error("conv2d", [numbers(*x), numbers(*w)], kind, **{**one, **given})
    for x, w, kind, given in (
        ((1, 2, 3, 3), (3, 2, 2, 2), "ShapeError", {}),
        ((1, 2, 1, 3), (2, 2, 2, 2), "ShapeError", {"padding": [2, 0]}),
        ((1, 2, 3, 3), (2, 2, 2, 2), "ArgumentError", {"stride": [2], "output_padding": [2]}),
    ):
        attributes = {**one, "output_padding": [0], **given}
        cases.error("conv_transpose2d", [numbers(*x), numbers(*w)], kind, **attributes)


def add_all(cases):
    add_conv(cases)
    add_conv_transpose(cases)
    add_errors(cases)
