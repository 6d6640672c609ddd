"""Golden cases of poolings: plain loops over windows, compared with torch in float64.

Attributes: window, stride, padding (one number, or one for each spatial axis).
"""

import itertools

import numpy
import torch
from torch.nn import functional

from cases import WIDE, numbers
from convolutions import spread


def windows(shape, window, stride, padding):
    """All indices of the result's planes, each with the indices of its window inside the input."""
    window, stride, padding = (spread(x, 2) for x in (window, stride or window, padding))
    places = [
        [
            [x for x in range(at, at + w) if 0 <= x < n]
            for at in range(-p, n + p - w + 1, s)
        ]
        for n, w, s, p in zip(shape[2:], window, stride, padding)
    ]
    for row, column in itertools.product(*(range(len(x)) for x in places)):
        yield (row, column), list(itertools.product(places[0][row], places[1][column]))


def out_shape(shape, **options):
    last = [at for at, _ in windows(shape, **options)][-1]
    return shape[:2] + tuple(n + 1 for n in last)


def planes(shape):
    return itertools.product(range(shape[0]), range(shape[1]))


def first_largest(plane, places):
    """Like numpy.argmax: the first of equal ones, or the first NaN."""
    return places[int(numpy.argmax([plane[at] for at in places]))]


def max_pool(x, **options):
    out = numpy.empty(out_shape(x.shape, **options), dtype=x.dtype)
    for at, places in windows(x.shape, **options):
        for plane in planes(x.shape):
            out[plane + at] = x[plane][first_largest(x[plane], places)]
    return out


def max_pool_gradient(d, x, **options):
    out = numpy.zeros_like(x)
    for at, places in windows(x.shape, **options):
        for plane in planes(x.shape):
            out[plane + first_largest(x[plane], places)] += d[plane + at]
    return out


def size(window):
    return numpy.prod(spread(window, 2))


def avg_pool(x, **options):
    out = numpy.zeros(out_shape(x.shape, **options), dtype=x.dtype)
    for at, places in windows(x.shape, **options):
        for place in places:
            out[(..., *at)] += x[(..., *place)]
    return out / size(options["window"])


def avg_pool_gradient(d, x, **options):
    out = numpy.zeros_like(x)
    for at, places in windows(x.shape, **options):
        for place in places:
            out[(..., *place)] += d[(..., *at)]
    return out / size(options["window"])


def check_against_torch(name, function, pullback, x, window, stride, padding):
    """Values, and gradients for random cotangents."""
    theirs = torch.tensor(x.astype("float64"), requires_grad=True)
    stride = spread(stride or window, 2)
    y = getattr(functional, name)(theirs, spread(window, 2), stride, spread(padding, 2))
    d = numbers(*y.shape)
    y.backward(torch.tensor(d))
    for mine, other in (
        (function(x.astype(WIDE)), y.detach()),
        (pullback(d.astype(WIDE), x.astype(WIDE)), theirs.grad),
    ):
        assert mine.shape == tuple(other.shape)
        assert numpy.allclose(mine.astype("float64"), other, rtol=1e-12, equal_nan=True)


SHAPES = (
    ((2, 3, 4, 6), [2], [], [0]),
    ((1, 2, 5, 7), [2, 3], [], [0]),  # a remainder in both axes
    ((2, 2, 7, 6), [3], [2], [1]),
    ((1, 2, 5, 4), [3], [1], [1]),
    ((2, 1, 6, 9), [3, 2], [1, 3], [1, 0]),
    ((1, 2, 4, 8), [2, 4], [1, 2], [0, 2]),
    ((1, 1, 7, 7), [2], [3], [0]),  # elements between windows
    ((2, 2, 3, 4), [3, 4], [], [0]),  # one window
    ((2, 3, 1, 1), [1], [], [0]),
    ((1, 2, 1, 2), [3, 4], [2], [1, 2]),  # windows larger than the input
    ((0, 2, 4, 4), [2], [], [0]),
    ((2, 0, 4, 4), [2], [], [0]),
)


def add_poolings(cases):
    for name, value, gradient in (
        ("max_pool2d", max_pool, max_pool_gradient),
        ("avg_pool2d", avg_pool, avg_pool_gradient),
    ):
        for dtype in ("float64", "float32"):
            for shape, window, stride, padding in SHAPES:
                options = {"window": window, "stride": stride, "padding": padding}
                function = lambda x: value(x, **options)
                pullback = lambda d, x: gradient(d, x, **options)
                x = numbers(*shape, dtype=dtype)
                cases.add(name, [x], function, lambda d, x: [pullback(d, x)], **options)
                if x.size:
                    check_against_torch(name, function, pullback, x, **options)


def add_special(cases):
    """Ties, NaN and windows of -inf: torch agrees."""
    inf, nan = numpy.inf, numpy.nan
    for rows, window, stride, padding in (
        ([[1, 3, 3, 0], [3, 3, 2, 2]], [2], [1], [0]),
        ([[0.0, -0.0, 0.0]], [1, 2], [1], [0]),
        ([[-inf, -inf, 1], [-inf, -inf, -2]], [2], [1], [0]),
        ([[-inf, -inf], [-inf, -inf]], [3], [2], [1]),
        ([[-3, -1], [-2, -5]], [2], [1], [1]),
        ([[nan, 9, 1], [inf, 2, 3]], [2], [1], [0]),
        ([[1, inf, -inf], [-inf, inf, nan]], [2], [1], [1]),
    ):
        x = numpy.array(rows, dtype="float64")[None, None]
        options = {"window": window, "stride": stride, "padding": padding}
        function = lambda x: max_pool(x, **options)
        pullback = lambda d, x: max_pool_gradient(d, x, **options)
        for dtype in ("float64", "float32"):
            cases.add(
                "max_pool2d",
                [x.astype(dtype)],
                function,
                lambda d, x: [pullback(d, x)],
                smooth=False,
                **options,
            )
        check_against_torch("max_pool2d", function, pullback, x, **options)
    for dtype in ("int32", "int64"):
        least, most = numpy.iinfo(dtype).min, numpy.iinfo(dtype).max
        x = numpy.array([[[[least, least, 3], [most, -7, least]]]], dtype=dtype)
        for window, padding in (([2], [0]), ([1, 2], [0]), ([2], [1])):
            options = {"window": window, "stride": [1], "padding": padding}
            cases.add("max_pool2d", [x], lambda x: max_pool(x, **options), **options)


def add_errors(cases):
    one = {"window": [2], "stride": [1], "padding": [0]}
    float64 = numbers(1, 2, 4, 5)
    for name in ("max_pool2d", "avg_pool2d"):
        for x, kind, given in (
            (float64, "ShapeError", {"window": [5, 2]}),
            (float64, "ShapeError", {"window": [8], "padding": [1, 2]}),
            (numbers(2, 4, 5), "ShapeError", {}),
            (numbers(1, 2, 0, 5), "ShapeError", {}),
            (float64, "ArgumentError", {"window": [2, 3], "padding": [1, 2]}),
            (float64, "ArgumentError", {"window": [0]}),
            (float64, "ArgumentError", {"window": []}),
            (float64, "ArgumentError", {"window": [1, 2, 2]}),
            (float64, "ArgumentError", {"stride": [1, 0]}),
            (float64, "ArgumentError", {"padding": [-1]}),
            (float64 > 0, "TypeError", {}),
        ):
            cases.error(name, [x], kind, **{**one, **given})
    cases.error("avg_pool2d", [numpy.ones((1, 1, 2, 2), dtype="int32")], "TypeError", **one)


def add_all(cases):
    add_poolings(cases)
    add_special(cases)
    add_errors(cases)
