"""Golden cases of the reductions. No axes means all axes."""

import numpy

from cases import numbers

INF, NAN = numpy.inf, numpy.nan


def axes_of(x, attributes):
    axes = attributes.get("axes")
    return tuple(range(x.ndim)) if axes is None else tuple(a % x.ndim for a in axes)


def kept(function):
    """The reduction, computed with its axes kept; they are dropped at the end unless requested."""

    def reduced(x, attributes):
        axes = axes_of(x, attributes)
        out = numpy.asarray(function(x, axes, attributes))
        return out if attributes.get("keep_dims") else out.squeeze(axes)

    return reduced


def spread(dout, x, attributes):
    """The cotangent in the shape with the axes kept."""
    return numpy.reshape(
        dout, [1 if i in axes_of(x, attributes) else n for i, n in enumerate(x.shape)]
    )


def count(x, axes):
    return int(numpy.prod([x.shape[a] for a in axes], initial=1))


def logsumexp(x, axes, attributes):
    top = x.max(axis=axes, keepdims=True, initial=-INF)
    shift = numpy.where(numpy.isfinite(top), top, 0)
    return shift + numpy.log(numpy.exp(x - shift).sum(axis=axes, keepdims=True))


def mean(x, axes, attributes):
    return x.sum(axis=axes, keepdims=True) / count(x, axes)


def variance(x, axes, attributes):
    return ((x - mean(x, axes, {})) ** 2).sum(axis=axes, keepdims=True) / (
        count(x, axes) - attributes.get("ddof", 0)
    )


def left_out(x, axes):
    """For each element of a group, the product of all others."""
    rest = [a for a in range(x.ndim) if a not in axes]
    moved = x.transpose(rest + list(axes))
    flat = moved.reshape([x.shape[a] for a in rest] + [count(x, axes)])
    out = numpy.ones_like(flat)
    for i in range(flat.shape[-1]):
        out[..., i] = numpy.delete(flat, i, axis=-1).prod(axis=-1)
    return out.reshape(moved.shape).transpose(numpy.argsort(rest + list(axes)))


def extremum_pullback(pick):
    def pullback(dout, x, axes, attributes):
        mask = (x == pick(x, axis=axes, keepdims=True)).astype(x.dtype)
        return dout * mask / mask.sum(axis=axes, keepdims=True)

    return pullback


VALUES = {
    "sum": kept(lambda x, axes, _: x.sum(axis=axes, keepdims=True)),
    "prod": kept(lambda x, axes, _: x.prod(axis=axes, keepdims=True)),
    "mean": kept(mean),
    "max": kept(lambda x, axes, _: x.max(axis=axes, keepdims=True)),
    "min": kept(lambda x, axes, _: x.min(axis=axes, keepdims=True)),
    "logsumexp": kept(logsumexp),
    "variance": kept(variance),
    "any": kept(lambda x, axes, _: x.any(axis=axes, keepdims=True)),
    "all": kept(lambda x, axes, _: x.all(axis=axes, keepdims=True)),
}
PULLBACKS = {
    "sum": lambda d, x, axes, _: d + 0 * x,
    "prod": lambda d, x, axes, _: d * left_out(x, axes),
    "mean": lambda d, x, axes, _: d / count(x, axes) + 0 * x,
    "max": extremum_pullback(numpy.max),
    "min": extremum_pullback(numpy.min),
    "logsumexp": lambda d, x, axes, _: d * numpy.exp(x - logsumexp(x, axes, {})),
    "variance": lambda d, x, axes, at: d
    * 2
    * (x - mean(x, axes, {}))
    / (count(x, axes) - at.get("ddof", 0)),
}


def reduce(cases, op, x, gradient=True, smooth=True, **attributes):
    x = numpy.asarray(x)
    pullback = None
    if gradient and op in PULLBACKS and x.dtype.kind == "f":
        pullback = lambda d, v: [
            PULLBACKS[op](spread(d, v, attributes), v, axes_of(v, attributes), attributes)
        ]
    whole = op in ("sum", "prod") and x.dtype.kind in "ib"
    widened = lambda v: v.astype("int64") if whole else v
    cases.add(
        op, [x], lambda v: VALUES[op](widened(v), attributes), pullback, smooth=smooth, **attributes
    )


def position(cases, op, x, **attributes):
    function = getattr(numpy, op)
    cases.add(
        op,
        [x],
        lambda v: function(
            v, axis=attributes.get("axis"), keepdims=attributes.get("keep_dims", False)
        ),
        dtype="int64",
        **attributes
    )


def add_all(cases):
    scalar, vector, matrix, cube = numbers(), numbers(4), numbers(2, 3), numbers(2, 3, 4)
    for op in ("sum", "mean", "prod", "max", "min", "logsumexp", "variance"):
        for x in (scalar, vector, matrix, cube, numbers(1, 1), numbers(2, 3, 2, 2)):
            reduce(cases, op, x)
        for axes in ([0], [-1], [1], [0, 2], [-1, -2], [2, 0], [0, 1, 2]):
            for keep_dims in (False, True):
                reduce(cases, op, cube, axes=axes, keep_dims=keep_dims)
        reduce(cases, op, numbers(3, 5, dtype="float32"), axes=[1])
        reduce(cases, op, numpy.zeros((2, 0, 3)), axes=[0])  # nothing to reduce and no result
        reduce(cases, op, [1.5, NAN, 2], gradient=False)
        reduce(cases, op, [[1.5, INF], [0.5, -INF]], gradient=False, axes=[1])
    for op in ("sum", "prod", "logsumexp"):
        for shape, attributes in (
            ((0,), {}),
            ((2, 0, 3), {"axes": [1]}),
            ((2, 0, 3), {}),
            ((0, 3), {"axes": [0], "keep_dims": True}),
        ):
            reduce(cases, op, numpy.zeros(shape), **attributes)
    for op in ("max", "min", "mean", "variance"):
        cases.error(op, [numpy.zeros(0)], "ShapeError")
        cases.error(op, [numpy.zeros((2, 0, 3))], "ShapeError", axes=[1])
    for op in ("argmax", "argmin"):
        cases.error(op, [numpy.zeros((2, 0))], "ShapeError", axis=1)
        cases.error(op, [numpy.zeros(0)], "ShapeError")
    edges(cases)
    integers(cases)


def edges(cases):
    for x in ([[2.0, 0, 3], [0, 0, 5], [1, 2, 4]], [[0.0, 0, 0], [-0.0, 1, 2], [7, -1, 0]]):
        reduce(cases, "prod", x, axes=[1])
        reduce(cases, "prod", x)
    reduce(cases, "prod", [1e200, 1e-200, 1e200, 1e-200])
    for op in ("max", "min"):
        reduce(cases, op, [[1.0, 3, 3], [2, 2, 2], [5, 1, 4]], smooth=False, axes=[1])
        reduce(cases, op, [[1.0, 3, 3], [3, 2, 2]], smooth=False)
        reduce(cases, op, [[NAN, 3.0], [2, NAN], [1, 0]], gradient=False, axes=[1])
        reduce(cases, op, [INF, -INF, 0])
    for x in (
        [1000.0, 1000],
        [-1000.0, -1001],
        [0.0, -INF],
        [-INF, 2, -INF, 2],
        [710.0, -800, 1e155],
        [-1e155, -1e155],
    ):
        reduce(cases, "logsumexp", x)
    reduce(cases, "logsumexp", [-INF, -INF], gradient=False)
    reduce(cases, "logsumexp", [INF, 1.0], gradient=False)
    reduce(cases, "logsumexp", [[-INF, -INF], [0, -INF], [INF, -INF]], gradient=False, axes=[1])
    for ddof in (0, 1, 2):
        reduce(cases, "variance", numbers(3, 4), axes=[1], ddof=ddof)
    reduce(cases, "variance", [1e8 + 0.25, 1e8 - 0.5, 1e8 + 1])  # one pass would lose all digits
    reduce(cases, "variance", [3.5])
    cases.error("variance", [[3.5]], "ShapeError", ddof=1)
    cases.error("variance", [numbers(2, 2)], "ShapeError", axes=[0], ddof=2)
    for op in ("argmax", "argmin"):
        tied = numpy.array([[3.0, 1, 3, 1], [2, 2, 2, 2], [0, -0.0, 5, -5]])
        for attributes in ({}, {"axis": 0}, {"axis": 1}, {"axis": -1, "keep_dims": True}):
            position(cases, op, tied, **attributes)
            position(
                cases,
                op,
                numpy.array([[1, NAN, 3, NAN], [NAN, 2, 2, 0], [5, 4, INF, -INF]]),
                **attributes
            )
        position(cases, op, numpy.array(2.5))
        position(cases, op, numbers(2, 3, 4), axis=1)
        position(cases, op, numpy.zeros((2, 0, 3)), axis=0)
        position(cases, op, numpy.array([3, 7, 7, -1, -1], dtype="int32"))
        position(cases, op, numbers(7, dtype="float32"))


def integers(cases):
    for dtype in ("int32", "int64"):
        x = numpy.array([[2, -3, 4], [7, 0, -1]], dtype=dtype)
        for op in ("sum", "prod", "max", "min"):
            reduce(cases, op, x)
            reduce(cases, op, x, axes=[1])
    reduce(cases, "sum", numpy.full(3, 2**31 - 1, dtype="int32"))  # summed in int64
    reduce(cases, "sum", numpy.array([2**63 - 1, 1], dtype="int64"))  # wraps
    reduce(cases, "prod", numpy.array([2**62, 3], dtype="int64"))
    flags = numpy.array([[True, False, True], [False, False, False], [True, True, True]])
    for op in ("any", "all"):
        for attributes in ({}, {"axes": [0]}, {"axes": [1], "keep_dims": True}, {"axes": [-1, 0]}):
            reduce(cases, op, flags, **attributes)
        reduce(cases, op, numpy.zeros(0, dtype=bool))
        reduce(cases, op, numpy.zeros((2, 0), dtype=bool), axes=[1])
    reduce(cases, "sum", flags, axes=[1])
    reduce(cases, "prod", flags, axes=[1])
