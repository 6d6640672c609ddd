"""Golden cases of ops that flip, shift and repeat elements.

Attributes: axes (flip: absent for all; roll: absent for the flattened tensor), shifts (roll),
repeats (tile), count, axis (repeat: absent for the flattened tensor).
"""

import numpy
import torch

from cases import numbers


def add_flip(cases, x, axes=None):
    move = lambda v: numpy.flip(v, None if axes is None else tuple(axes))  # noqa: E731
    every = list(range(x.ndim)) if axes is None else axes
    assert (torch.flip(torch.tensor(x), every).numpy() == move(x)).all()
    add(cases, "flip", x, move, lambda d: move(d), **({} if axes is None else {"axes": axes}))


def add_roll(cases, x, shifts, axes=None):
    at = None if axes is None else tuple(axes)
    by = shifts[0] if axes is None else tuple(shifts)
    back = -shifts[0] if axes is None else tuple(-s for s in shifts)
    assert (torch.roll(torch.tensor(x), by, at).numpy() == numpy.roll(x, by, at)).all()
    add(
        cases,
        "roll",
        x,
        lambda v: numpy.roll(v, by, at),
        lambda d: numpy.roll(d, back, at),
        **{"shifts": shifts, **({} if axes is None else {"axes": axes})},
    )


def add_tile(cases, x, repeats):
    if len(repeats) >= x.ndim:
        assert (torch.tile(torch.tensor(x), repeats).numpy() == numpy.tile(x, repeats)).all()

    def pullback(d):
        rank = max(len(repeats), x.ndim)
        counts = [1] * (rank - len(repeats)) + repeats
        sizes = [1] * (rank - x.ndim) + list(x.shape)
        pairs = [n for pair in zip(counts, sizes) for n in pair]
        return d.reshape(pairs).sum(axis=tuple(range(0, 2 * rank, 2))).reshape(x.shape)

    add(cases, "tile", x, lambda v: numpy.tile(v, repeats), pullback, repeats=repeats)


def add_repeat(cases, x, count, axis=None):
    peer = torch.repeat_interleave(torch.tensor(x), count, axis).numpy()
    assert (peer == numpy.repeat(x, count, axis)).all()

    def pullback(d):
        shape = (x.size,) if axis is None else x.shape
        at = (0 if axis is None else axis % x.ndim) + 1
        return d.reshape(*shape[:at], count, *shape[at:]).sum(axis=at).reshape(x.shape)

    add(
        cases,
        "repeat",
        x,
        lambda v: numpy.repeat(v, count, axis),
        pullback,
        **{"count": count, **({} if axis is None else {"axis": axis})},
    )


def add(cases, op, x, function, pullback, **attributes):
    cases.add(
        op,
        [x],
        function,
        (lambda d, v: [pullback(d)]) if x.dtype.kind == "f" else None,
        **attributes,
    )


def add_all(cases):
    for shape in ((), (4,), (2, 3), (2, 1, 3), (0, 2)):
        add_flip(cases, numbers(*shape))
    for shape, axes in (((4,), [0]), ((2, 3), [1]), ((2, 3), [0, -1]), ((2, 3, 4), [2, 0])):
        add_flip(cases, numbers(*shape), axes)
    add_flip(cases, numbers(2, 3), [])
    for shape, shifts in (((5,), [2]), ((2, 3), [1]), ((2, 3), [-8]), ((), [3]), ((0, 2), [1])):
        add_roll(cases, numbers(*shape), shifts)
    for shape, shifts, axes in (
        ((5,), [2], [0]),
        ((5,), [-7], [-1]),
        ((3, 4), [1], [1]),
        ((3, 4), [1, -1], [0, 1]),
        ((2, 3, 4), [5, 2], [-1, 0]),
        ((2, 3, 4), [1, 3, 2], [0, 1, 2]),
        ((5,), [1, 2], [0, 0]),
        ((3, 0), [2, 1], [0, 1]),
        ((3, 2), [0], [0]),
    ):
        add_roll(cases, numbers(*shape), shifts, axes)
    for shape, repeats in (
        ((3,), [2]),
        ((2, 3), [2, 3]),
        ((2, 3), [2]),
        ((2, 3), [1, 1]),
        ((3,), [2, 1, 2]),
        ((), [3, 2]),
        ((2, 3), []),
        ((2, 3), [0, 2]),
        ((0, 3), [2, 2]),
        ((2, 1, 3), [3, 2, 1]),
    ):
        add_tile(cases, numbers(*shape), repeats)
    for shape, count in (((3,), 2), ((2, 3), 3), ((), 4), ((2, 3), 0), ((0, 2), 2), ((2,), 1)):
        add_repeat(cases, numbers(*shape), count)
    for shape, count, axis in (
        ((3,), 2, 0),
        ((2, 3), 3, 0),
        ((2, 3), 2, 1),
        ((2, 3, 4), 5, -2),
        ((2, 3), 0, 1),
        ((0, 3), 2, 0),
        ((3, 0), 2, 0),
    ):
        add_repeat(cases, numbers(*shape), count, axis)
    for kind in ("bool", "int32", "int64", "float32"):
        x = numbers(2, 3, low=-9, high=9) > 0 if kind == "bool" else numbers(2, 3, dtype=kind)
        add_flip(cases, x, [1])
        add_roll(cases, x, [1], [1])
        add_tile(cases, x, [2, 2])
        add_repeat(cases, x, 2, 1)
    x = numbers(2, 3)
    cases.error("flip", [x], "ShapeError", axes=[2])
    cases.error("flip", [x], "ShapeError", axes=[0, -2])
    cases.error("roll", [x], "ShapeError", shifts=[1], axes=[2])
    cases.error("roll", [x], "ArgumentError", shifts=[1, 2], axes=[0])
    cases.error("roll", [numbers()], "ShapeError", shifts=[1], axes=[0])
    cases.error("tile", [x], "ArgumentError", repeats=[2, -1])
    cases.error("repeat", [x], "ArgumentError", count=-1, axis=0)
    cases.error("repeat", [x], "ShapeError", count=2, axis=2)
