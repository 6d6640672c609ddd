"""Golden cases of norm, standard_deviation and count_nonzero. No axes means all axes.

Attributes besides axes and keep_dims: order (norm; 1, 2, or 0 for infinity, which JSON lacks), ddof.
"""

import numpy
import torch

from cases import numbers
from reductions import count, kept, mean, spread, variance

INF, NAN = numpy.inf, numpy.nan


def norm(x, axes, attributes):
    order = attributes.get("order", 2)
    size = abs(x)
    if order == 1:
        return size.sum(axis=axes, keepdims=True)
    if order == 2:
        return numpy.sqrt((size * size).sum(axis=axes, keepdims=True))  # 80 bits: no overflow
    return size.max(axis=axes, keepdims=True, initial=0)


def norm_slope(x, axes, attributes):
    order, out = attributes.get("order", 2), norm(x, axes, attributes)
    if order == 1:
        return numpy.sign(x)
    if order == 2:
        return numpy.where(out == 0, 0, x / out)
    hit = abs(x) == out
    return numpy.sign(x) * hit / hit.sum(axis=axes, keepdims=True)


def deviation(x, axes, attributes):
    return numpy.sqrt(variance(x, axes, attributes))


def deviation_slope(x, axes, attributes):
    out = deviation(x, axes, attributes)
    n = count(x, axes) - attributes.get("ddof", 0)
    return numpy.where(out == 0, 0, (x - mean(x, axes, {})) / (n * out))


def reduce(cases, op, x, gradient=True, smooth=True, **attributes):
    x = numpy.asarray(x)
    function, slope = {
        "norm": (norm, norm_slope),
        "standard_deviation": (deviation, deviation_slope),
    }[op]
    given = attributes.get("axes")
    axes = tuple(range(x.ndim)) if given is None else tuple(a % x.ndim for a in given)
    value = lambda v: kept(function)(v, attributes)
    pullback = lambda d, v: [spread(d, v, attributes) * slope(v, axes, attributes)]
    if x.size and abs(x).max() < 1e100:
        hold_to_torch(op, x, value, pullback, axes, attributes, gradient)
    cases.add(op, [x], value, pullback if gradient else None, smooth=smooth, **attributes)


def hold_to_torch(op, x, value, pullback, axes, attributes, gradient):
    t = torch.tensor(x, requires_grad=True)
    keep = attributes.get("keep_dims", False)
    if op == "norm":
        order = attributes.get("order", 2) or INF
        out = torch.linalg.vector_norm(t, order, axes or None, keep)
    else:
        out = torch.std(t, axes or None, correction=attributes.get("ddof", 0), keepdim=keep)
    with numpy.errstate(all="ignore"):
        assert numpy.allclose(out.detach().numpy(), value(x), equal_nan=True), (op, x)
        if gradient:
            out.sum().backward()
            ones = numpy.ones_like(value(x))
            assert numpy.allclose(t.grad.numpy(), pullback(ones, x)[0]), (op, x, attributes)


def add_all(cases):
    cube = numbers(2, 3, 4)
    ways = [{"order": order} for order in (1, 2, 0)]
    for op, attributes in [("norm", way) for way in ways] + [("standard_deviation", {})]:
        for x in (numbers(5), numbers(2, 3), cube, numbers(1, 2)):
            reduce(cases, op, x, **attributes)
        for axes in ([0], [-1], [1], [0, 2], [2, 0], [0, 1, 2]):
            for keep_dims in (False, True):
                reduce(cases, op, cube, axes=axes, keep_dims=keep_dims, **attributes)
        reduce(cases, op, numbers(3, 5, dtype="float32"), axes=[1], **attributes)
        reduce(cases, op, numpy.zeros((2, 0, 3)), axes=[0], **attributes)
        reduce(cases, op, [1.5, NAN, 2], gradient=False, **attributes)
        reduce(cases, op, [[0.0, 0, 0], [3, 3, 3]], axes=[1], smooth=False, **attributes)
    for way in ways:
        reduce(cases, "norm", numbers(), **way)
        reduce(cases, "norm", 0.0, smooth=False, **way)
        reduce(cases, "norm", [[1.5, INF], [0.5, -INF]], gradient=False, axes=[1], **way)
        reduce(cases, "norm", numpy.zeros((2, 0)), axes=[1], **way)
        reduce(cases, "norm", [[3.0, -3, 1], [0, -2, 2]], axes=[1], smooth=False, **way)
    edges(cases)


def edges(cases):
    for x in (
        [[3e200, 4e200], [3.0, 4], [3e-200, 4e-200], [0, 0], [5e-324, 0]],
        [[1e308, 1e308], [1e308, 1.5e308], [2.5e-308, 1e-320], [1e154, 1e-154], [1, 1e-300]],
    ):
        reduce(cases, "norm", x, axes=[1], gradient=False, order=2)
        reduce(cases, "norm", numpy.array(x).T.copy(), axes=[0], gradient=False, order=2)
    for scale in (1e200, 1e-200, 1e300, 1e-300):
        reduce(cases, "norm", numpy.array([3.0, -4]) * scale, order=2, smooth=False)
    small = numpy.array([[3e30, 4e30], [3e-30, 4e-30], [1e-45, 0]], dtype="float32")
    reduce(cases, "norm", small, axes=[1], order=2, smooth=False)
    reduce(cases, "norm", [[INF, NAN], [-INF, 0], [1e300, 1e300]], axes=[1], gradient=False, order=2)
    cases.error("norm", [numbers(3)], "ArgumentError", order=3)
    cases.error("norm", [numbers(3)], "ShapeError", order=2, axes=[1])
    cases.error("norm", [numpy.array([1, 2])], "TypeError", order=2)
    for ddof in (1, 2):
        reduce(cases, "standard_deviation", numbers(3, 4), axes=[1], ddof=ddof)
    reduce(cases, "standard_deviation", [1e8 + 0.25, 1e8 - 0.5, 1e8 + 1])
    reduce(cases, "standard_deviation", [3.5], smooth=False)
    cases.error("standard_deviation", [[3.5]], "ShapeError", ddof=1)
    cases.error("standard_deviation", [numpy.zeros(0)], "ShapeError")
    for x in (
        numpy.array([[0.0, -0.0, NAN], [INF, 5e-324, 0]]),
        numpy.array([[0, 3, -1], [0, 0, 0]], dtype="int32"),
        numpy.array([[True, False, True], [False, False, False]]),
        numpy.zeros((2, 0)),
        numpy.array(2.5),
    ):
        for attributes in ({}, {"axes": [-1]}, {"axes": [0], "keep_dims": True}):
            if x.ndim == 0 and attributes:
                continue
            axes = tuple(attributes["axes"]) if attributes else None
            cases.add(
                "count_nonzero",
                [x],
                lambda v: numpy.asarray(
                    numpy.count_nonzero(v, axes, keepdims=attributes.get("keep_dims", False))
                ),
                dtype="int64",
                **attributes,
            )
