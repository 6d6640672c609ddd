"""Golden cases of attention, compared with torch.nn.functional in float64.

Masks and causality are aligned as in dagrad: the last query sees every key. A query that may not
attend to any key gives 0.
"""

import math

import numpy
import torch
from torch.nn import functional

from cases import WIDE, numbers, undo_broadcast


def allowed_of(rows, columns, causal, mask):
    allowed = numpy.ones((rows, columns), dtype=bool)
    if causal:
        allowed = numpy.tri(rows, columns, columns - rows, dtype=bool)
    return allowed if mask is None else allowed & mask


def masked_softmax(x, allowed):
    allowed = numpy.broadcast_to(allowed, x.shape)
    top = numpy.where(allowed, x, -numpy.inf).max(axis=-1, keepdims=True, initial=-numpy.inf)
    powers = numpy.where(allowed, numpy.exp(x - numpy.where(numpy.isfinite(top), top, 0)), 0)
    total = powers.sum(axis=-1, keepdims=True)
    return powers / numpy.where(total == 0, 1, total)


def softmax_pullback(d, weights):
    return weights * (d - (d * weights).sum(axis=-1, keepdims=True))


def add_masked_softmax(cases):
    for shape, causal, mask in (
        ((2, 3), False, [[True, False, True], [False, False, False]]),
        ((3, 3), True, None),
        ((2, 4), True, None),
        ((2, 4, 2), True, None),
        ((2, 2, 3), True, [True, False, True]),
    ):
        mask = None if mask is None else numpy.array(mask)
        allowed = allowed_of(*shape[-2:], causal, mask)
        cases.add(
            "masked_softmax",
            [numbers(*shape)] + ([] if mask is None else [mask]),
            lambda x, *_: masked_softmax(x, allowed),
            lambda d, x, *m: [softmax_pullback(d, masked_softmax(x, allowed))] + [None for _ in m],
            causal=causal,
        )


def add_attention(cases):
    mask = numpy.array([[True, True, False], [False, True, False]])
    none = numpy.array([[True, False, True], [False, False, False]])
    some = numpy.array([[[True, True, True]], [[False, True, True]]])
    for q, k, v, causal, mask, scale, dtype in (
        ((2, 3), (3, 3), (3, 4), False, None, None, "float64"),
        ((2, 3), (3, 3), (3, 4), False, None, 0.3, "float64"),
        ((3, 2), (3, 2), (3, 2), True, None, None, "float64"),
        ((2, 2), (4, 2), (4, 3), True, None, None, "float64"),
        ((4, 2), (2, 2), (2, 1), True, None, None, "float64"),
        ((2, 2), (3, 2), (3, 2), False, mask, None, "float64"),
        ((2, 2), (3, 2), (3, 2), True, none, None, "float64"),
        ((2, 2, 2), (2, 3, 2), (2, 3, 2), False, some, None, "float64"),
        ((2, 1, 2, 3), (2, 3, 3), (2, 3, 2), True, None, None, "float64"),
        ((2, 2, 4, 3), (2, 2, 4, 3), (2, 2, 4, 3), True, None, None, "float32"),
        ((0, 3), (2, 3), (2, 4), True, None, None, "float64"),
        ((2, 3), (0, 3), (0, 2), False, None, None, "float64"),
    ):
        factor = WIDE(scale if scale is not None else 1 / math.sqrt(q[-1]))
        allowed = allowed_of(q[-2], k[-2], causal, mask)

        def weights_of(q, k):
            return masked_softmax(factor * (q @ k.swapaxes(-1, -2)), allowed)

        def function(q, k, v, *_):
            return weights_of(q, k) @ v

        def pullback(d, q, k, v, *masks):
            weights = weights_of(q, k)
            dscores = factor * softmax_pullback(d @ v.swapaxes(-1, -2), weights)
            return [
                undo_broadcast(dscores @ k, q.shape),
                undo_broadcast(dscores.swapaxes(-1, -2) @ q, k.shape),
                undo_broadcast(weights.swapaxes(-1, -2) @ d, v.shape),
            ] + [None for _ in masks]

        operands = [numbers(*shape, dtype=dtype) for shape in (q, k, v)]
        attributes = {} if scale is None else {"scale": scale}
        cases.add(
            "attention",
            operands + ([] if mask is None else [mask]),
            function,
            pullback,
            causal=causal,
            **attributes,
        )
        if not k[-2] or not allowed.any(axis=-1).all():
            continue  # NaN in some versions of torch
        wide = [numpy.asarray(x, dtype="float64") for x in operands]
        theirs = functional.scaled_dot_product_attention(
            *map(torch.tensor, wide), attn_mask=torch.tensor(allowed), scale=scale
        )
        assert numpy.allclose(theirs, function(*map(WIDE, wide)).astype("float64"), rtol=1e-10)


def add_all(cases):
    add_masked_softmax(cases)
    add_attention(cases)
