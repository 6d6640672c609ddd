"""Golden cases of cumsum, cumprod and logcumsumexp. Attributes: axis, reverse, exclusive."""

import numpy
import torch

from cases import numbers

INF, NAN = numpy.inf, numpy.nan


def in_order(function):
    """A function of lines on the first axis, processed according to the attributes."""

    def scan(x, axis, reverse=False, exclusive=False):
        lines = numpy.moveaxis(x, axis, 0)
        lines = lines[::-1] if reverse else lines
        out = [function(lines[: i + (not exclusive)]) for i in range(len(lines))]
        out = numpy.stack(out) if out else function(lines)[None][:0]
        return numpy.moveaxis(out[::-1] if reverse else out, 0, axis)

    return scan


def log_sum_exp(lines):
    top = lines.max(axis=0, initial=-INF)
    shift = numpy.where(numpy.isfinite(top), top, 0)
    return shift + numpy.log(numpy.exp(lines - shift).sum(axis=0))


SCANS = {
    "cumsum": (in_order(lambda v: v.sum(axis=0)), torch.cumsum),
    "cumprod": (in_order(lambda v: v.prod(axis=0)), torch.cumprod),
    "logcumsumexp": (in_order(log_sum_exp), torch.logcumsumexp),
}


def weight(op, lines, j, i):
    """∂ result i / ∂ element j of `lines`, from which result i is computed."""
    if op == "cumsum":
        return numpy.ones_like(lines[j])
    if op == "cumprod":
        return numpy.delete(lines, j, axis=0).prod(axis=0)
    out = log_sum_exp(lines)
    same = numpy.isinf(out) & (out == lines[j])  # by convention, equal infinities differ by 0
    return numpy.where(same, 1, numpy.exp(lines[j] - out))


def pullback(op, axis, reverse=False, exclusive=False):
    def pull(dout, x):
        d, lines = (numpy.moveaxis(v, axis, 0) for v in (dout, x))
        if reverse:
            d, lines = d[::-1], lines[::-1]
        out = numpy.zeros_like(lines)
        for i in range(len(lines)):
            taken = lines[: i + (not exclusive)]
            for j in range(len(taken)):
                out[j] += d[i] * weight(op, taken, j, i)
        return [numpy.moveaxis(out[::-1] if reverse else out, 0, axis)]

    return pull


def scan(cases, op, x, axis, gradient=True, **ways):
    x = numpy.asarray(x)
    function, peer = SCANS[op]
    with numpy.errstate(all="ignore"):
        if not any(ways.values()):
            ours = function(x, axis)
            assert numpy.allclose(ours, peer(torch.tensor(x), axis).numpy(), equal_nan=True)
    cases.add(
        op,
        [x],
        lambda v: function(v, axis, **ways),
        pullback(op, axis, **ways) if gradient else None,
        axis=axis,
        smooth=not (op == "logcumsumexp" and ways.get("exclusive")) and numpy.isfinite(x).all(),
        **ways,
    )


def add_all(cases):
    for op in SCANS:
        for ways in (
            {},
            {"reverse": True},
            {"exclusive": True},
            {"reverse": True, "exclusive": True},
        ):
            for shape, axis in (
                ((5,), 0),
                ((1,), 0),
                ((2, 3), 0),
                ((2, 3), -1),
                ((2, 3, 4), 1),
                ((0,), 0),
                ((2, 0), 0),
                ((2, 0), 1),
            ):
                scan(cases, op, numbers(*shape), axis, **ways)
            scan(cases, op, numbers(3, 4, dtype="float32"), 1, **ways)
            scan(cases, op, [1.5, NAN, 2, -1], 0, gradient=False, **ways)
            scan(cases, op, [1.5, INF, 0.5, -INF], 0, gradient=False, **ways)
        cases.error(op, [numbers()], "ShapeError", axis=0)
        cases.error(op, [numbers(2, 3)], "ShapeError", axis=2)
    for op in ("cumsum", "cumprod"):
        for dtype in ("int32", "int64"):
            scan(cases, op, numpy.array([[2, -3, 4], [7, 0, -1]], dtype=dtype), 1, gradient=False)
        flags = numpy.array([True, True, False, True])
        cases.add(op, [flags], lambda v: SCANS[op][0](v.astype("int64"), 0), axis=0)
    large = numpy.array([2**31 - 1] * 3, dtype="int32")
    cases.add("cumsum", [large], lambda v: numpy.cumsum(v.astype("int64")), axis=0)
    cases.add("cumsum", [numpy.array([2**63 - 1, 1])], numpy.cumsum, axis=0)  # wraps
    cases.add("cumprod", [numpy.array([2**62, 3, 5])], numpy.cumprod, axis=0)
    for x in ([[2.0, 0, 3, 5], [0, 0, 5, 7], [0, 4, 0, 2]], [[0.0, 0, 0, 0]]):
        for exclusive in (False, True):
            scan(cases, "cumprod", x, 1, exclusive=exclusive)
            scan(cases, "cumprod", x, 1, exclusive=exclusive, reverse=True)
    for x in (
        [1000.0, 999, 1001],
        [-1000.0, -2000, 3000],
        [0.0, -INF, 1, -INF],
        [-1e155, 1e155],
        [710.0, -800, 1e300],
        [-1000.0, 0, 0],
    ):
        scan(cases, "logcumsumexp", x, 0)
        scan(cases, "logcumsumexp", x, 0, reverse=True)
    scan(cases, "logcumsumexp", [-INF, -INF, 0, 1], 0, gradient=False)
    scan(cases, "logcumsumexp", [-INF, INF, INF, 1], 0, gradient=False)
