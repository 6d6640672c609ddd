"""Golden cases of ops that read and write at indices. Attribute: axis."""

import numpy
import torch

from cases import numbers, undo_broadcast

INF, NAN = numpy.inf, numpy.nan


def positive(indices, size):
    return numpy.where(indices < 0, indices + size, indices)


def at_slices(indices, axis):
    """The numpy key for the slices at indices of an axis."""
    return lambda x: (slice(None),) * (axis % x.ndim) + (indices,)


def at_elements(indices, axis):
    """The numpy key for the elements at indices along an axis."""

    def key(x):
        grid = list(numpy.indices(indices.shape, sparse=True))
        grid[axis % x.ndim] = positive(indices, x.shape[axis])
        return tuple(grid)

    return key


def read(x, key):
    return x[key(x)]


def add(x, key, values):
    out = x.copy()
    numpy.add.at(out, key(x), values)  # one after the other
    return out


def put(x, key, values):
    out = x.copy()
    spots = numpy.arange(x.size).reshape(x.shape)[key(x)]
    flat = out.reshape(-1)
    for spot, value in zip(spots.ravel(), numpy.broadcast_to(values, spots.shape).ravel()):
        flat[spot] = value  # numpy does not specify which one is last
    return out


def last(x, key):
    """Which of the written values remain."""
    spots = numpy.arange(x.size).reshape(x.shape)[key(x)]
    flat = spots.ravel()
    return numpy.array([s not in flat[i + 1 :] for i, s in enumerate(flat)], dtype=bool).reshape(
        spots.shape
    )


def add_reading(cases, op, x, indices, key, **attributes):
    cases.add(
        op,
        [x, indices],
        lambda v, i: read(v, key),
        (lambda d, v, i: [add(numpy.zeros_like(v), key, d), None])
        if numpy.asarray(x).dtype.kind == "f"
        else None,
        **attributes,
    )


def add_writing(cases, adds, puts, x, indices, values, key, **attributes):
    smooth = x.dtype.kind == "f"

    def keep(d, v):
        return put(d, key, numpy.zeros_like(d, shape=()))

    def add_pullback(d, v, i, w):
        return [d, None, undo_broadcast(read(d, key), w.shape)]

    def put_pullback(d, v, i, w):
        return [keep(d, v), None, undo_broadcast(numpy.where(last(v, key), read(d, key), 0), w.shape)]

    if x.dtype != bool:
        cases.add(
            adds,
            [x, indices, values],
            lambda v, i, w: add(v, key, w),
            add_pullback if smooth else None,
            **attributes,
        )
    cases.add(
        puts,
        [x, indices, values],
        lambda v, i, w: put(v, key, w),
        put_pullback if smooth else None,
        **attributes,
    )


def drawn(kind, *shape):
    """Elements of any dtype."""
    if kind == "bool":
        return numbers(*shape) > 0
    return numbers(*shape, low=-9, high=9, dtype=kind)


def add_slices(cases):
    for shape, indices, axis in (
        ((4, 3), [[0, 3, -1], [1, -4, 3]], 0),
        ((2, 3, 2), [2, 0, 0, -2], 1),
        ((2, 3), [[1]], -1),
        ((5,), 3, 0),
        ((2, 3), -1, 1),
        ((1,), [0, 0, 0], 0),
        ((3, 2), [], 0),
        ((0, 3), [1, 1], 1),
        ((3, 0), [1, 2, 1], 0),
        ((0,), [], 0),
    ):
        for kind in ("int64", "int32"):
            where = numpy.array(indices, dtype=kind)
            key = at_slices(where, axis)
            x = numbers(*shape)
            assert (numpy.take(x, where, axis) == read(x, key)).all()
            add_reading(cases, "take", x, where, key, axis=axis)
            values = numbers(*read(x, key).shape)
            add_writing(cases, "scatter_add", "scatter", x, where, values, key, axis=axis)
    where = numpy.array([[2, -1], [0, 2]])
    key = at_slices(where, 1)
    for kind in ("bool", "int32", "int64", "float32"):
        x = drawn(kind, 2, 3)
        add_reading(cases, "take", x, where, key, axis=1)
        add_writing(
            cases, "scatter_add", "scatter", x, where, drawn(kind, 2, 2, 2), key, axis=1
        )
    for shape in ((), (1,), (2,), (2, 1, 1)):  # values that broadcast
        add_writing(
            cases, "scatter_add", "scatter", numbers(2, 3), where, numbers(*shape), key, axis=1
        )
    table, rows = numbers(5, 3), numpy.array([[4, 0], [-1, 2]])
    peer = torch.nn.functional.embedding(torch.tensor(rows % 5), torch.tensor(table)).numpy()
    assert (peer == read(table, at_slices(rows, 0))).all()
    add_reading(cases, "embedding", table, rows, at_slices(rows, 0))
    top = numpy.array([2**31 - 1], dtype="int32")
    twice = numpy.array([0, 0])
    ones = numpy.array([1, 1], dtype="int32")
    with numpy.errstate(all="ignore"):
        add_writing(cases, "scatter_add", "scatter", top, twice, ones, at_slices(twice, 0), axis=0)
    x = numbers(2, 3)
    cases.error("take", [x, [0]], "ShapeError", axis=2)
    cases.error("take", [numbers(), [0]], "ShapeError", axis=0)
    cases.error("take", [x, [0.0]], "TypeError", axis=0)
    cases.error("take", [x, [2]], "RunError", axis=0)
    cases.error("take", [x, [-3]], "RunError", axis=0)
    cases.error("take", [numbers(0), [0]], "RunError", axis=0)
    for op in ("scatter", "scatter_add"):
        cases.error(op, [x, [3], numbers(2, 1)], "RunError", axis=1)
        cases.error(op, [x, [0], numbers(3, 1)], "ShapeError", axis=1)
        cases.error(op, [x, [0], numbers(2, 1, dtype="float32")], "TypeError", axis=1)
    cases.error("scatter_add", [x > 0, [0], numpy.ones((2, 1), bool)], "TypeError", axis=1)


def add_elements(cases):
    for shape, indices, axis in (
        ((2, 3), [[0, 2, -1, 0], [1, 1, 1, -3]], 1),
        ((3, 2), [[2, 0], [-1, 1]], 0),
        ((2, 4, 3), [[[3, 0, 1]], [[-1, 2, -4]]], -2),
        ((4,), [1, 1, 3], 0),
        ((1,), [0], 0),
        ((3,), [], 0),
        ((2, 0), numpy.zeros((2, 0)), 1),
        ((0, 3), numpy.zeros((0, 2)), 1),
        ((3, 0), numpy.zeros((2, 0)), 0),
    ):
        for kind in ("int64", "int32"):
            where = numpy.array(indices, dtype=kind)
            key = at_elements(where, axis)
            x = numbers(*shape)
            assert (numpy.take_along_axis(x, where, axis) == read(x, key)).all()
            add_reading(cases, "take_along_axis", x, where, key, axis=axis)
            values = numbers(*where.shape)
            add_writing(
                cases, "add_along_axis", "put_along_axis", x, where, values, key, axis=axis
            )
    where = numpy.array([[2, 0, 2], [-1, 1, 1]])
    key = at_elements(where, 1)
    for kind in ("bool", "int32", "int64", "float32"):
        x = drawn(kind, 2, 3)
        add_reading(cases, "take_along_axis", x, where, key, axis=1)
        add_writing(
            cases, "add_along_axis", "put_along_axis", x, where, drawn(kind, 2, 3), key, axis=1
        )
    for shape in ((), (1,), (3,), (2, 1)):
        add_writing(
            cases,
            "add_along_axis",
            "put_along_axis",
            numbers(2, 3),
            where,
            numbers(*shape),
            key,
            axis=1,
        )
    x = numbers(2, 3)
    cases.error("take_along_axis", [x, [0, 1]], "ShapeError", axis=0)
    cases.error("take_along_axis", [x, [[0, 1]]], "ShapeError", axis=1)
    cases.error("take_along_axis", [x, [[0.5], [1.0]]], "TypeError", axis=1)
    cases.error("take_along_axis", [x, [[0], [3]]], "RunError", axis=1)
    cases.error("put_along_axis", [x, [[0], [3]], numbers(2, 1)], "RunError", axis=1)
    cases.error("add_along_axis", [x, [[0], [3]], numbers(2, 1)], "RunError", axis=1)


def at_rows(indices):
    """The numpy key for rows of indices."""
    return lambda x: tuple(positive(indices[..., i], x.shape[i]) for i in range(indices.shape[-1]))


def add_rows(cases):
    for shape, indices in (
        ((2, 3), [[0, 2], [1, -1], [-2, 2]]),
        ((2, 3), [[1], [0], [1]]),
        ((2, 3, 4), [[[0, 1], [1, -3]], [[0, 1], [-1, 2]]]),
        ((2, 3, 2), [1, -1, 0]),
        ((2, 3, 2), [-1]),
        ((4,), [[3], [-4], [3]]),
        ((2, 3), numpy.zeros((2, 0))),
        ((), numpy.zeros((3, 0))),
        ((2, 3), numpy.zeros((0, 2))),
        ((0, 3), numpy.zeros((0, 1))),
        ((3, 0), [[1], [2]]),
    ):
        for kind in ("int64", "int32"):
            where = numpy.array(indices, dtype=kind)
            key = at_rows(where)
            x = numbers(*shape)

            def gather(v, where=where, key=key):
                whole = where.shape[-1] == 0
                return numpy.broadcast_to(v, where.shape[:-1] + v.shape) if whole else v[key(v)]

            def pullback(d, v, i, where=where, key=key):
                if where.shape[-1] == 0:
                    return [undo_broadcast(d, v.shape), None]
                return [add(numpy.zeros_like(v), key, d), None]

            cases.add("gather_nd", [x, where], lambda v, i: gather(v), pullback)
    where = numpy.array([[1, -1], [0, 0]])
    for kind in ("bool", "int32", "int64", "float32"):
        cases.add(
            "gather_nd", [drawn(kind, 2, 3), where], lambda v, i: read(v, at_rows(where))
        )
    x = numbers(2, 3)
    cases.error("gather_nd", [x, 1], "ShapeError")
    cases.error("gather_nd", [x, [[0, 0, 0]]], "ShapeError")
    cases.error("gather_nd", [numbers(), [[0]]], "ShapeError")
    cases.error("gather_nd", [x, [[0.0]]], "TypeError")
    cases.error("gather_nd", [x, [[0, 3]]], "RunError")
    cases.error("gather_nd", [x, [[-3, 0]]], "RunError")
    cases.error("gather_nd", [numbers(0, 2), [[0]]], "RunError")


def add_all(cases):
    add_slices(cases)
    add_elements(cases)
    add_rows(cases)
