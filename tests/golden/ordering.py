"""Golden cases of ops that put elements in order.

Attributes: axis, descending (sort, argsort), k, largest (topk, topk_values: the first result).
"""

import numpy
import torch

from cases import numbers

INF, NAN = numpy.inf, numpy.nan


def distinct(*shape):
    """This many numbers, no two of them close."""
    return numpy.argsort(numbers(*shape), None).reshape(shape) / 16 - 2


def order(x, axis, descending):
    """Positions in stable order. numpy has no descending order, but its mirror image."""
    if not descending:
        return numpy.argsort(x, axis, kind="stable")
    return x.shape[axis] - 1 - numpy.flip(order(numpy.flip(x, axis), axis, False), axis)


def first(positions, k, axis):
    return numpy.take(positions, numpy.arange(k), axis)


def read(x, positions, axis):
    return numpy.take_along_axis(x, positions, axis)


def sent_back(dout, x, positions, axis):
    out = numpy.zeros_like(x)
    numpy.put_along_axis(out, positions, dout, axis)
    return [out]


def check_peer(x, axis, descending):
    values, positions = torch.sort(torch.tensor(x), dim=axis, descending=descending, stable=True)
    ours = order(x, axis, descending)
    assert (positions.numpy() == ours).all(), (x, axis, descending)
    assert numpy.array_equal(values.numpy(), read(x, ours, axis), equal_nan=x.dtype.kind == "f")


def add_sorts(cases, x, axis, descending=False, smooth=True):
    check_peer(x, axis, descending)
    pullback = lambda d, v: sent_back(d, v, order(v, axis, descending), axis)  # noqa: E731
    cases.add(
        "sort",
        [x],
        lambda v: read(v, order(v, axis, descending), axis),
        pullback if x.dtype.kind == "f" else None,
        smooth=smooth,
        axis=axis,
        descending=descending,
    )
    cases.add(
        "argsort",
        [x],
        lambda v: order(v, axis, descending),
        axis=axis,
        descending=descending,
    )


def add_topk(cases, x, k, axis, largest=True, smooth=True):
    if x.dtype != bool and smooth:  # torch does not specify which of equal ones it takes
        values, positions = torch.topk(torch.tensor(x), k, axis, largest)
        ours = first(order(x, axis, largest), k, axis)
        assert (positions.numpy() == ours).all() and (values.numpy() == read(x, ours, axis)).all()
    attributes = {"k": k, "axis": axis, "largest": largest}
    chosen = lambda v: first(order(v, axis, largest), k, axis)  # noqa: E731
    cases.add("topk", [x], lambda v: [read(v, chosen(v), axis), chosen(v)], **attributes)
    if x.dtype.kind == "f":
        cases.add(
            "topk_values",
            [x],
            lambda v: read(v, chosen(v), axis),
            lambda d, v: sent_back(d, v, chosen(v), axis),
            smooth=smooth,
            **attributes,
        )


def add_all(cases):
    special = numpy.array([1, NAN, -INF, -0.0, INF, 0, NAN, -1, 0, -0.0, 5e-324, INF, -5e-324])
    for descending in (False, True):
        for shape, axis in (
            ((7,), 0),
            ((3, 5), -1),
            ((5, 3), 0),
            ((2, 6, 3), 1),
            ((2, 3, 4), -3),
            ((1,), -1),
            ((3, 1), 1),
            ((0,), 0),
            ((0, 3), 1),
            ((3, 0), 1),
        ):
            add_sorts(cases, distinct(*shape), axis, descending)
            ties = numpy.round(numbers(*shape))
            add_sorts(cases, ties, axis, descending, smooth=False)
            add_sorts(cases, ties.astype("float32"), axis, descending, smooth=False)
            for kind in ("int32", "int64", "bool"):
                add_sorts(cases, ties.astype(kind), axis, descending)
        for kind in ("float32", "float64"):
            add_sorts(cases, special.astype(kind), 0, descending, smooth=False)
        for kind in ("int32", "int64"):
            ends = numpy.iinfo(kind)
            x = numpy.array([0, ends.max, -1, ends.min, 1, ends.max, ends.min], dtype=kind)
            add_sorts(cases, x, 0, descending)
        add_sorts(cases, distinct(150), 0, descending)
        for kind in ("float32", "int64"):  # longer than lines that are sorted by comparisons
            x = numbers(2, 150, low=-50, high=50).astype(kind)
            add_sorts(cases, x, 1, descending, smooth=False)
    for largest in (True, False):
        for shape, k, axis in (
            ((7,), 3, 0),
            ((3, 5), 2, -1),
            ((5, 3), 5, 0),
            ((2, 6, 3), 1, 1),
            ((3, 5), 0, 1),
            ((0,), 0, 0),
            ((0, 3), 2, 1),
            ((200,), 2, 0),
            ((200,), 150, 0),
        ):
            add_topk(cases, distinct(*shape), k, axis, largest)
            ties = numpy.round(numbers(*shape))
            add_topk(cases, ties, k, axis, largest, smooth=False)
            for kind in ("float32", "int32", "int64", "bool") if len(ties) < 200 else ("int32",):
                add_topk(cases, ties.astype(kind), k, axis, largest, smooth=False)
        for k in (1, 4, 11):
            add_topk(cases, special, k, 0, largest, smooth=False)
    x = numbers(2, 3)
    for op in ("sort", "argsort"):
        cases.error(op, [x], "ShapeError", axis=2)
        cases.error(op, [numbers()], "ShapeError", axis=-1)
    cases.error("topk", [x], "ShapeError", k=1, axis=-3)
    cases.error("topk", [numbers()], "ShapeError", k=1, axis=-1)
    cases.error("topk", [x], "ArgumentError", k=4, axis=1)
    cases.error("topk", [x], "ArgumentError", k=-1, axis=1)
