"""Golden cases of the shape ops, whose gradients scatter the cotangent, and of sources."""

import numpy

from cases import numbers, undo_broadcast


def ints(*shape):
    return numpy.arange(numpy.prod(shape, dtype=int)).reshape(shape)


def scattered(function):
    """The pullback of an op that only moves, repeats or drops elements."""

    def pullback(dout, *operands):
        start, gradients = 0, [numpy.zeros(x.size, dtype=dout[0].dtype) for x in operands]
        places = []
        for x in operands:  # −1 marks elements that come from nowhere
            places.append(numpy.arange(start, start + x.size).reshape(x.shape))
            start += x.size
        flat = numpy.zeros(start, dtype=dout[0].dtype)
        results = function(*places)
        for d, places_out in zip(dout, results if isinstance(results, list) else [results]):
            for value, place in zip(d.ravel(), numpy.asarray(places_out).ravel()):
                if place >= 0:
                    flat[place] += value
        ends = numpy.cumsum([g.size for g in gradients])
        return [flat[e - x.size : e].reshape(x.shape) for e, x in zip(ends, operands)]

    return pullback


def move(cases, op, operands, function, **attributes):
    """A case, with its gradient if the operands are floats."""
    operands = [numpy.asarray(x) for x in operands]
    pullback = None
    if operands[0].dtype.kind == "f":
        results = function(*operands)
        n = len(results) if isinstance(results, list) else 1
        pullback = lambda *a: scattered(function)(a[:n], *a[n:])
    cases.add(op, operands, function, pullback, **attributes)


def slices(x, starts, stops, steps):
    return x[tuple(slice(*s) for s in zip(starts, stops, steps))]


def pad(x, before, after, value):
    filler = value if x.dtype.kind == "f" else -1  # positions, see `scattered`
    return numpy.pad(x, list(zip(before, after)), constant_values=filler)


def add_reshapes(cases):
    cube = numbers(2, 3, 4)
    for shape in ([6, 4], [24], [-1], [4, -1, 2], [2, 3, 4, 1], [1, 24]):
        move(cases, "reshape", [cube], lambda x: x.reshape(shape), shape=shape)
    move(cases, "reshape", [numbers()], lambda x: x.reshape(1, 1), shape=[1, 1])
    move(cases, "reshape", [numbers(1)], lambda x: x.reshape(()), shape=[])
    move(cases, "reshape", [numpy.zeros((2, 0, 3))], lambda x: x.reshape(0, 5), shape=[0, 5])
    move(cases, "reshape", [ints(2, 3)], lambda x: x.reshape(3, 2), shape=[3, 2])
    cases.error("reshape", [cube], "ShapeError", shape=[5, -1])
    cases.error("reshape", [cube], "ShapeError", shape=[23])
    cases.error("reshape", [numpy.zeros((2, 0))], "ShapeError", shape=[0, -1])
    for x in (cube, numbers(), numpy.zeros((2, 0))):
        move(cases, "flatten", [x], lambda x: x.ravel())
    thin = numbers(1, 3, 1, 2)
    move(cases, "squeeze", [thin], lambda x: x.squeeze())
    move(cases, "squeeze", [thin], lambda x: x.squeeze(0), axes=[0])
    move(cases, "squeeze", [thin], lambda x: x.squeeze((0, 2)), axes=[-2, 0])
    cases.error("squeeze", [thin], "ShapeError", axes=[1])
    for axes in ([0], [-1], [0, 2], [3]):
        move(
            cases,
            "unsqueeze",
            [numbers(2, 3)] if axes != [3] else [numbers(2, 3, 2)],
            lambda x: numpy.expand_dims(x, tuple(axes)),
            axes=axes,
        )
    for permutation in ([0, 1, 2], [2, 1, 0], [1, 2, 0], [-1, 0, 1]):
        move(
            cases, "transpose", [cube], lambda x: x.transpose(permutation), permutation=permutation
        )
    move(cases, "transpose", [numbers(2, 3, dtype="float32")], lambda x: x.T)
    move(cases, "transpose", [numpy.zeros((3, 0, 2))], lambda x: x.T)
    move(cases, "transpose", [ints(2, 3)], lambda x: x.T)


def add_broadcasts(cases):
    for x, shape in (
        (numbers(), [2, 3]),
        (numbers(3), [2, 3]),
        (numbers(2, 1), [2, 3]),
        (numbers(1, 3), [4, 2, 3]),
        (numbers(2, 3), [2, 3]),
        (numbers(1), [0]),
        (numbers(2, 1), [2, 0]),
        (numbers(1, 1), [3, 2]),
    ):
        cases.add(
            "broadcast_to",
            [x],
            lambda v: numpy.broadcast_to(v, shape),
            lambda d, v: [undo_broadcast(d, v.shape)],
            shape=shape,
        )
    cases.error("broadcast_to", [numbers(2)], "ShapeError", shape=[3])
    cases.error("broadcast_to", [numbers(2, 3)], "ShapeError", shape=[3])


def add_joins(cases):
    a, b, c = numbers(2, 3), numbers(2, 1), numbers(2, 4)
    for axis in (1, -1):
        move(cases, "concat", [a, b, c], lambda *x: numpy.concatenate(x, axis), axis=axis)
    move(cases, "concat", [a, numbers(3, 3)], lambda *x: numpy.concatenate(x, 0), axis=0)
    move(cases, "concat", [a], lambda *x: numpy.concatenate(x, 0), axis=0)
    move(cases, "concat", [numpy.zeros((0, 3)), a], lambda *x: numpy.concatenate(x, 0), axis=0)
    move(
        cases,
        "concat",
        [numbers(2, 2, 2), numbers(2, 1, 2)],
        lambda *x: numpy.concatenate(x, 1),
        axis=1,
    )
    move(cases, "concat", [ints(3), ints(2)], lambda *x: numpy.concatenate(x, 0), axis=0)
    cases.error("concat", [a, numbers(3, 2)], "ShapeError", axis=0)
    for axis in (0, 1, 2, -1, -2):
        move(
            cases,
            "stack",
            [a, numbers(2, 3), numbers(2, 3)],
            lambda *x: numpy.stack(x, axis),
            axis=axis,
        )
    move(cases, "stack", [numbers(), numbers()], lambda *x: numpy.stack(x, 0), axis=0)
    cases.error("stack", [a, c], "ShapeError", axis=0)
    for axis in (0, 1, 2, -1, -2):
        move(
            cases,
            "unstack",
            [numbers(2, 3, 4)],
            lambda v: list(numpy.moveaxis(v, axis, 0)),
            axis=axis,
        )
    move(cases, "unstack", [ints(3)], lambda v: list(v), axis=0)
    cases.error("unstack", [a], "ShapeError", axis=2)
    for x, axis, sizes in (
        (numbers(2, 6), 1, [1, 2, 3]),
        (numbers(2, 6), -1, [6]),
        (numbers(4, 2), 0, [2, 2]),
        (numbers(3, 2), 0, [1, 0, 2]),
        (ints(5), 0, [4, 1]),
    ):
        move(
            cases,
            "split",
            [x],
            lambda v: numpy.split(v, numpy.cumsum(sizes)[:-1], axis),
            axis=axis,
            sizes=sizes,
        )
    cases.error("split", [numbers(5)], "ShapeError", axis=0, sizes=[2, 2])


def add_slices(cases):
    x = numbers(4, 5)
    for starts, stops, steps in (
        ([1, 0], [3, 5], [1, 1]),
        ([0, 1], [4, 5], [2, 3]),
        ([-2, -4], [4, -1], [1, 1]),
        ([None, None], [None, None], [-1, 1]),
        ([3, 4], [0, None], [-1, -2]),
        ([None, -1], [None, None], [-2, -1]),
        ([2, 0], [2, 5], [1, 1]),
        ([0, 3], [9, 99], [1, 1]),
        ([-99, 1], [2, 2], [1, 1]),
    ):
        at = {"starts": starts, "stops": stops, "steps": steps}
        move(cases, "slice", [x], lambda v: slices(v, **at), **at)
    move(cases, "slice", [ints(7)], lambda v: v[5:1:-2], starts=[5], stops=[1], steps=[-2])
    for before, after, value in (
        ([1, 0], [0, 2], 0.0),
        ([0, 0], [0, 0], 0.0),
        ([2, 1], [1, 1], -1.5),
    ):
        at = {"before": before, "after": after, "value": value}
        move(cases, "pad", [numbers(2, 3)], lambda v: pad(v, **at), **at)
    move(
        cases,
        "pad",
        [numpy.zeros((0, 2))],
        lambda v: pad(v, [1, 1], [1, 0], 4.0),
        before=[1, 1],
        after=[1, 0],
        value=4.0,
    )


def add_sources(cases):
    for classes, indices in (
        (4, [0, 3, 1]),
        (3, [[2, 0], [1, 1]]),
        (2, numpy.zeros(0, dtype=int)),
        (5, 2),
        (1, [0, 0]),
    ):
        cases.add(
            "one_hot",
            [numpy.asarray(indices, dtype="int64")],
            lambda v: numpy.eye(classes)[v].reshape(v.shape + (classes,)),
            classes=classes,
            dtype="float64",
        )
    for size in (0, 1, 5):
        for dtype in ("int64", "float64", "int32"):
            cases.add("iota", [], lambda: numpy.arange(size), dtype=dtype, size=size)
    for shape, value in (([2, 3], 1.5), ([], -2.0), ([0, 2], 1.0)):
        cases.add("full", [], lambda: numpy.full(shape, value), shape=shape, value=value)


def add_all(cases):
    add_reshapes(cases)
    add_broadcasts(cases)
    add_joins(cases)
    add_slices(cases)
    add_sources(cases)
