"""Golden cases of matmul, softmax, log_softmax and the losses; only mse is reduced."""

import numpy

from cases import numbers, undo_broadcast
from reductions import logsumexp

INF, NAN = numpy.inf, numpy.nan


def matmul_pullback(dout, a, b):
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    batch = numpy.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    d = dout.reshape(batch + (left.shape[-2], right.shape[-1]))
    da = undo_broadcast(d @ right.swapaxes(-1, -2), left.shape)
    db = undo_broadcast(left.swapaxes(-1, -2) @ d, right.shape)
    return [da.reshape(a.shape), db.reshape(b.shape)]


def add_matmul(cases):
    for left, right in (
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((1, 1), (1, 1)),
        ((5, 2, 3), (5, 3, 4)),
        ((1, 2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (4, 3, 2)),
        ((2, 3), (5, 3, 4)),
        ((5, 2, 3), (3, 4)),
        ((3,), (5, 3, 4)),
        ((5, 2, 3), (3,)),
        ((2, 0), (0, 3)),
        ((0,), (0,)),
        ((0, 3), (3, 2)),
        ((2, 3), (3, 0)),
        ((0, 2, 3), (0, 3, 4)),
        ((1, 2, 3), (0, 3, 2)),
        ((4, 0), (0,)),
        ((2, 3, 0), (2, 0, 1)),
        ((17, 19), (19, 13)),
    ):
        cases.add("matmul", [numbers(*left), numbers(*right)], numpy.matmul, matmul_pullback)
    for left, right in (((4, 5), (5, 3)), ((2, 4, 5), (5, 3))):
        cases.add(
            "matmul",
            [numbers(*left, dtype="float32"), numbers(*right, dtype="float32")],
            numpy.matmul,
            matmul_pullback,
        )
    cases.add("matmul", [[[0, 1], [INF, 2], [NAN, 0]], [[INF, 1], [2, 0.5]]], numpy.matmul)
    for dtype in ("int32", "int64"):
        cases.add(
            "matmul",
            [
                numpy.arange(6, dtype=dtype).reshape(2, 3),
                numpy.arange(-6, 6, dtype=dtype).reshape(3, 4),
            ],
            numpy.matmul,
        )
    for left, right in (
        ((2, 3), (4, 5)),
        ((3,), (4,)),
        ((2, 2, 3), (3, 3, 4)),
        ((2, 3), (2, 3)),
        ((), (3,)),
    ):
        cases.error("matmul", [numbers(*left), numbers(*right)], "ShapeError")


def log_softmax(x, axis):
    top = x.max(axis=axis, keepdims=True, initial=-INF)
    shifted = x - numpy.where(numpy.isfinite(top), top, 0)
    return shifted - numpy.log(numpy.exp(shifted).sum(axis=axis, keepdims=True))


def softmax(x, axis):
    return numpy.exp(log_softmax(x, axis))


def softmax_pullback(axis):
    def pullback(d, x):
        s = softmax(x, axis)
        return [s * (d - (d * s).sum(axis=axis, keepdims=True))]

    return pullback


def log_softmax_pullback(axis):
    return lambda d, x: [d - softmax(x, axis) * d.sum(axis=axis, keepdims=True)]


def add_softmax(cases):
    spread = [[1000.0, 1001, 999], [-1000, -1000, -999], [0, 0, 0], [800, -800, 0]]
    infinite = [[-INF, 0.0, 1], [-INF, -INF, 2], [-INF, -INF, -INF]]
    for op, function, pullback in (
        ("softmax", softmax, softmax_pullback),
        ("log_softmax", log_softmax, log_softmax_pullback),
    ):
        for x, axis in (
            (numbers(4), 0),
            (numbers(2, 3), -1),
            (numbers(2, 3), 0),
            (numbers(2, 3, 4), 1),
            (spread, 1),
            (numbers(3, 1), 1),
            (numpy.zeros((2, 0)), 0),
            (numpy.zeros((0, 3)), 1),
            (numbers(3, 4, dtype="float32"), 1),
        ):
            cases.add(op, [x], lambda v: function(v, axis), pullback(axis), axis=axis)
        cases.add(op, [infinite], lambda v: function(v, 1), axis=1)
        cases.add(op, [[[NAN, 1.0], [2, 3]]], lambda v: function(v, 1), axis=1)


def squared(op, function, pullback, cases):
    for p, t in (
        (numbers(3), numbers(3)),
        (numbers(2, 3), numbers(2, 3)),
        (numbers(), numbers()),
        (numbers(2, 2, dtype="float32"), numbers(2, 2, dtype="float32")),
    ):
        cases.add(op, [p, t], function, pullback)


def entropy_terms(p, y):
    """y·log p + (1−y)·log1p(−p), where 0·log 0 is 0."""
    log_p, log_q = numpy.log(p), numpy.log1p(-p)
    return numpy.where(y == 0, 0, y * log_p) + numpy.where(y == 1, 0, (1 - y) * log_q), log_p, log_q


def entropy_pullback(d, p, y):
    slope = numpy.where(y == 1, 0, (1 - y) / (1 - p)) - numpy.where(y == 0, 0, y / p)
    _, log_p, log_q = entropy_terms(p, y)
    return [d * slope, d * (log_q - log_p)]


def sigmoid(x):
    return numpy.where(
        x >= 0, 1 / (1 + numpy.exp(-abs(x))), numpy.exp(-abs(x)) / (1 + numpy.exp(-abs(x)))
    )


def add_binary_entropies(cases):
    loss = lambda p, y: -entropy_terms(p, y)[0]
    probabilities = lambda *shape, dtype="float64": numbers(
        *shape, low=0.01, high=0.99, dtype=dtype
    )
    for dtype in ("float64", "float32"):
        cases.add(
            "binary_cross_entropy",
            [probabilities(2, 3, dtype=dtype), probabilities(2, 3, dtype=dtype)],
            loss,
            entropy_pullback,
        )
    first = lambda d, p, y: [entropy_pullback(d, p, y)[0], None]  # ∂y is log of 0 at the edges
    cases.add(
        "binary_cross_entropy",
        [[0.0, 1, 0.5, 0.25, 1e-300, 1e-17], [0.0, 1, 0, 1, 0, 0]],
        loss,
        first,
        smooth=False,
    )
    cases.add("binary_cross_entropy", [[0.0, 1, 0, 1], [1.0, 0, 0.5, 0.5]], loss)
    logits_loss = lambda x, y: numpy.maximum(x, 0) - x * y + numpy.log1p(numpy.exp(-abs(x)))
    pullback = lambda d, x, y: [d * (sigmoid(x) - y), -d * x]
    for dtype in ("float64", "float32"):
        cases.add(
            "binary_cross_entropy_with_logits",
            [numbers(2, 3, dtype=dtype), probabilities(2, 3, dtype=dtype)],
            logits_loss,
            pullback,
        )
    cases.add(
        "binary_cross_entropy_with_logits",
        [[0.0, 0, 0, 800, -800, 800, -800, 40, -40, 1e155], [0.2, 0, 1, 1, 0, 0, 1, 0.5, 0.5, 0]],
        logits_loss,
        pullback,
    )


def add_cross_entropies(cases):
    """Classes lie on the last axis; targets are indices (int64) or probabilities."""

    def by_index(x, t):
        return -numpy.take_along_axis(log_softmax(x, -1), t[..., None], -1)[..., 0]

    def by_index_pullback(d, x, t):
        return [d[..., None] * (softmax(x, -1) - numpy.eye(x.shape[-1])[t]), None]

    def by_probability(x, p):
        return -(p * log_softmax(x, -1)).sum(axis=-1)

    def by_probability_pullback(d, x, p):
        d = d[..., None]
        return [d * (softmax(x, -1) * p.sum(axis=-1, keepdims=True) - p), -d * log_softmax(x, -1)]

    index = lambda *t: numpy.array(t, dtype="int64")
    for x, t in (
        (numbers(3, 4), index(0, 3, 1)),
        (numbers(1, 2), index(1)),
        (numbers(2, 3, dtype="float32"), index(2, 0)),
        ([[800.0, -800, 0], [0, 0, 0], [1e155, 0, 1]], index(1, 0, 0)),
        (numpy.zeros((0, 3)), index()),
    ):
        cases.add("cross_entropy", [x, t], by_index, by_index_pullback)
    for x, p in (
        (numbers(3, 4), numbers(3, 4, low=0, high=1)),
        (numbers(2, 3), [[1.0, 0, 0], [0, 0.5, 0.5]]),
        ([[800.0, -800], [0, 0]], [[0.5, 0.5], [0.3, 0.7]]),
    ):
        cases.add("cross_entropy", [x, p], by_probability, by_probability_pullback)


def add_all(cases):
    add_matmul(cases)
    add_softmax(cases)
    squared(
        "mse",
        lambda p, t: ((p - t) ** 2).mean(),
        lambda d, p, t: [2 * d * (p - t) / p.size, -2 * d * (p - t) / p.size],
        cases,
    )
    squared(
        "half_squared_error",
        lambda p, t: (p - t) ** 2 / 2,
        lambda d, p, t: [d * (p - t), -d * (p - t)],
        cases,
    )
    add_binary_entropies(cases)
    add_cross_entropies(cases)
