"""Golden cases of huber, hinge, kl_divergence, nll and smoothed cross_entropy, none reduced.

Attributes: delta (huber), smoothing (cross_entropy).
"""

import numpy
import torch

from cases import numbers, undo_broadcast
from networks import log_softmax, softmax

INF, NAN = numpy.inf, numpy.nan
functional = torch.nn.functional


def same(ours, theirs):
    theirs = theirs.detach().numpy()
    assert numpy.allclose(numpy.asarray(ours, dtype="float64"), theirs, rtol=1e-6, equal_nan=True)


def hold(function, pullback, peer, *operands):
    """Compares with values and gradients of PyTorch, where it has them."""
    with numpy.errstate(all="ignore"):
        out = numpy.asarray(function(*operands))
        tensors = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in operands]
        result = peer(*tensors)
        same(out, result)
        result.sum().backward()
        for d, t in zip(pullback(numpy.ones_like(out), *operands), tensors):
            if d is not None:
                same(d, t.grad)


def add_huber(cases):
    for delta in (1.0, 0.5, 3.0):

        def huber(p, t):
            d = p - t
            return numpy.where(abs(d) <= delta, d * d / 2, delta * (abs(d) - delta / 2))

        def pullback(dout, p, t):
            slope = dout * numpy.clip(p - t, -delta, delta)
            return [undo_broadcast(slope, p.shape), undo_broadcast(-slope, t.shape)]

        peer = lambda p, t: functional.huber_loss(p, t, reduction="none", delta=delta)
        kinks = numpy.array([0.0, delta, -delta, 2 * delta, 1e300, -INF, INF])
        for p, t in (
            (numbers(2, 3), numbers(2, 3)),
            (numbers(2, 3, dtype="float32"), numbers(2, 3, dtype="float32")),
            (kinks, numpy.zeros(7)),
        ):
            hold(huber, pullback, peer, p, t)
            cases.add("huber", [p, t], huber, pullback, smooth=p is not kinks, delta=delta)
            smooth_l1 = functional.smooth_l1_loss(
                torch.tensor(p), torch.tensor(t), reduction="none", beta=delta
            )
            with numpy.errstate(all="ignore"):
                same(huber(p, t) / delta, smooth_l1)
        cases.add("huber", [numbers(2, 1), numbers(3)], huber, pullback, delta=delta)
        cases.add("huber", [[NAN, 1.0, INF], [1.0, NAN, INF]], huber, delta=delta)
    for delta in (0.0, -1.0):
        cases.error("huber", [numbers(2), numbers(2)], "ArgumentError", delta=delta)


def add_hinge(cases):
    hinge = lambda x, t: numpy.where(1 - t * x <= 0, 0, 1 - t * x)

    def pullback(d, x, t):
        inside = 1 - t * x > 0
        return [numpy.where(inside, -t * d, 0), numpy.where(inside, -x * d, 0)]

    signs = numpy.array([[1.0, -1, 1], [-1, -1, 1]])
    peer = lambda x, t: torch.relu(1 - t * x)
    for x in (numbers(2, 3), numpy.array([[0.0, 0, 5], [5, -5, -5]])):
        hold(hinge, pullback, peer, x, signs)
        cases.add("hinge", [x, signs], hinge, pullback)
    cases.add(
        "hinge",
        [numbers(2, 3, dtype="float32"), signs.astype("float32")],
        hinge,
        pullback,
    )
    cases.add("hinge", [[1.0, -1, INF, -INF], [1.0, -1, 1, 1]], hinge, pullback, smooth=False)
    cases.add("hinge", [[NAN, 0.5], [1.0, NAN]], hinge)


def add_kl_divergence(cases):
    def divergence(q, p):
        return numpy.where(p == 0, 0, p * (numpy.log(p) - q))

    def pullback(d, q, p):
        return [-d * p, d * (numpy.log(p) - q + 1)]

    first = lambda d, q, p: [-d * p, None]  # the other would be log of 0
    peer = lambda q, p: functional.kl_div(q, p, reduction="none")
    q = numpy.round(log_softmax(numbers(2, 3), -1), 3)
    for q, p in (
        (q, numbers(2, 3, low=0.01, high=1)),
        (q.astype("float32"), numbers(2, 3, low=0.01, high=1, dtype="float32")),
    ):
        hold(divergence, pullback, peer, q, p)
        cases.add("kl_divergence", [q, p], divergence, pullback)
    q, p = numpy.array([-1.0, -INF, -INF, -0.5, -1e300]), numpy.array([0.0, 0, 0.5, 1, 0])
    cases.add("kl_divergence", [q, p], divergence, first, smooth=False)
    hold(divergence, first, peer, q[[0, 3]], p[[0, 3]])


def index(*t):
    return numpy.array(t, dtype="int64")


def add_nll(cases):
    nll = lambda x, t: -numpy.take_along_axis(x, t[..., None], -1)[..., 0]
    pullback = lambda d, x, t: [-d[..., None] * numpy.eye(x.shape[-1])[t], None]
    peer = lambda x, t: functional.nll_loss(x, t, reduction="none")
    for x, t in (
        (numbers(3, 4), index(0, 3, 1)),
        (numbers(1, 2), index(1)),
        (numbers(2, 3, dtype="float32"), index(2, 0)),
        (numpy.array([[-INF, -0.5], [-1e300, 0]]), index(0, 0)),
        (numpy.zeros((0, 3)), index()),
    ):
        if x.size:
            hold(nll, pullback, peer, x, t)
        cases.add("nll", [x, t], nll, pullback)
    cases.add("nll", [numbers(2, 2, 3), index([0, 2], [1, 1])], nll, pullback)
    for t in (index(0, 4, 1), index(0, -1, 1)):
        cases.error("nll", [numbers(3, 4), t], "RunError")
    cases.error("nll", [numbers(3, 4), index(0, 1)], "ShapeError")
    cases.error("nll", [numbers(3, 4), numbers(3, 4)], "TypeError")


def add_smoothing(cases):
    for smoothing in (0.1, 0.5):
        mixed = lambda p: p * (1 - smoothing) + numpy.longdouble(smoothing) / p.shape[-1]

        def by_probability(x, p):
            return -(mixed(p) * log_softmax(x, -1)).sum(axis=-1)

        def by_probability_pullback(d, x, p):
            d, p = d[..., None], mixed(p)
            return [
                d * (softmax(x, -1) * p.sum(axis=-1, keepdims=True) - p),
                -(1 - smoothing) * d * log_softmax(x, -1),
            ]

        hot = lambda x, t: numpy.eye(x.shape[-1])[t]
        by_index = lambda x, t: by_probability(x, hot(x, t))
        by_index_pullback = lambda d, x, t: [by_probability_pullback(d, x, hot(x, t))[0], None]
        peer = lambda x, t: functional.cross_entropy(
            x, t, reduction="none", label_smoothing=smoothing
        )
        for x, t in (
            (numbers(3, 4), index(0, 3, 1)),
            (numbers(1, 2), index(1)),
            (numbers(2, 3, dtype="float32"), index(2, 0)),
            (numpy.array([[800.0, -800, 0], [0, 0, 0]]), index(1, 0)),
            (numbers(3, 4), numbers(3, 4, low=0, high=1)),
            (numbers(2, 3), numpy.array([[1.0, 0, 0], [0, 0.5, 0.5]])),
        ):
            indices = t.dtype.kind == "i"
            function = by_index if indices else by_probability
            pullback = by_index_pullback if indices else by_probability_pullback
            hold(function, pullback, peer, x, t)
            cases.add("cross_entropy", [x, t], function, pullback, smoothing=smoothing)
    for smoothing in (1.0, -0.1):
        cases.error(
            "cross_entropy", [numbers(2, 3), index(0, 1)], "ArgumentError", smoothing=smoothing
        )


def add_all(cases):
    add_huber(cases)
    add_hinge(cases)
    add_kl_divergence(cases)
    add_nll(cases)
    add_smoothing(cases)
