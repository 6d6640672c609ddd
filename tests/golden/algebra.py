"""Golden cases of triangles, diagonals, and ops that factorise matrices.

numpy.linalg knows no 80-bit floats, so that LU and Cholesky are written out here, and held against
it in 64 bits.
"""

import numpy

from cases import numbers, wide
from shapes import move


def each(function, *operands):
    """Applies the function to the matrices of operands whose batches broadcast."""
    batch = numpy.broadcast_shapes(*(x.shape[:-2] for x in operands))
    spread = [numpy.broadcast_to(x, batch + x.shape[-2:]) for x in operands]
    results = [function(*(x[at] for x in spread)) for at in numpy.ndindex(batch)]
    return numpy.array(results).reshape(batch + numpy.shape(results[0]))


def t(x):
    return x.swapaxes(-1, -2)


def factor(a):
    lower = numpy.zeros_like(a)
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i, j] - (lower[i, :j] * lower[j, :j]).sum()
            lower[i, j] = numpy.sqrt(rest) if i == j else rest / lower[j, j]
    return lower


def eliminate(a, b):
    """Solves a x = b with row pivoting; returns x and the determinant of a."""
    a, b, determinant = a.copy(), b.copy(), a.dtype.type(1)
    n = len(a)
    for k in range(n):
        p = k + int(abs(a[k:, k]).argmax())
        if p != k:
            a[[k, p]], b[[k, p]], determinant = a[[p, k]], b[[p, k]], -determinant
        determinant *= a[k, k]
        for i in [i for i in range(n) if i != k]:
            ratio = a[i, k] / a[k, k]
            a[i] -= ratio * a[k]
            b[i] -= ratio * b[k]
    return b / a.diagonal()[:, None], determinant


def solve(a, b):
    return each(lambda m, v: eliminate(m, v)[0], a, b)


def inverse(a):
    return solve(a, numpy.eye(a.shape[-1], dtype=a.dtype))


def slogdet(a):
    one = lambda m: eliminate(m, m)[1]
    determinant = numpy.array([one(a[at]) for at in numpy.ndindex(a.shape[:-2])])
    determinant = determinant.reshape(a.shape[:-2])
    return [numpy.sign(determinant), numpy.log(abs(determinant))]


def leibniz(a):
    """The determinant, expanded along the first row without divisions."""
    if len(a) == 0:
        return a.dtype.type(1)
    minors = [leibniz(numpy.delete(a[1:], j, 1)) for j in range(len(a))]
    return sum((-1) ** j * a[0, j] * minor for j, minor in enumerate(minors))


def det(a):
    values = [leibniz(a[at]) for at in numpy.ndindex(a.shape[:-2])]
    return numpy.array(values, dtype=a.dtype).reshape(a.shape[:-2])


def cofactors(a):
    minors = numpy.empty_like(a)
    for *at, i, j in numpy.ndindex(a.shape):
        minor = numpy.delete(numpy.delete(a[tuple(at)], i, 0), j, 1)
        minors[(*at, i, j)] = (-1) ** (i + j) * leibniz(minor)
    return minors


def triangle(a, lower, transposed, unit_diagonal):
    part = numpy.tril(a) if lower else numpy.triu(a)
    if unit_diagonal:
        part = part - part * numpy.eye(a.shape[-1]) + numpy.eye(a.shape[-1])
    return t(part) if transposed else part


def unbroadcast(gradient, x):
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - x.ndim)))
    wide_axes = tuple(i for i, n in enumerate(x.shape) if n == 1 and gradient.shape[i] != 1)
    return gradient.sum(axis=wide_axes, keepdims=True)


def solve_pullback(d, a, b):
    back = solve(t(a), d)
    return [unbroadcast(-back @ t(solve(a, b)), a), unbroadcast(back, b)]


def cholesky_pullback(d, a):
    lower = each(factor, a)
    half = lambda x: (numpy.tril(x) + numpy.tril(x, -1)) / 2
    inner, back = half(t(lower) @ d), inverse(lower)
    return [half(t(back) @ (inner + t(inner)) @ back)]


def near_identity(*shape, dtype="float64"):
    return (numbers(*shape) + 3 * numpy.eye(shape[-1])).astype(dtype)


def add_triangles(cases):
    for x in (numbers(3, 4), numbers(4, 2), numbers(2, 3, 3), numpy.zeros((0, 2))):
        for k in (0, 1, -1, 5, -5):
            move(cases, "tril", [x], lambda v: kept(numpy.tril, v, k), offset=k)
            move(cases, "triu", [x], lambda v: kept(numpy.triu, v, k), offset=k)
    move(cases, "tril", [numpy.arange(6).reshape(2, 3)], numpy.tril, offset=0)
    for shape, k, rows, columns in (
        ((3, 4), 0, 0, 1), ((3, 4), 1, 0, 1), ((3, 4), -2, 0, 1), ((3, 4), 1, 1, 0),
        ((2, 3, 4), -1, 2, 0), ((2, 3, 3), 0, -2, -1), ((2, 2), 2, 0, 1), ((0, 2), 0, 0, 1),
    ):  # fmt: skip
        at = {"offset": k, "rows": rows, "columns": columns}
        x = numbers(*shape)
        move(cases, "diagonal", [x], lambda v: numpy.diagonal(v, k, rows, columns), **at)
        cases.add(
            "trace",
            [x],
            lambda v: numpy.trace(v, k, rows, columns),
            lambda d, v: numpy_trace_pullback(d, v, k, rows, columns),
            **at,
        )
    for k in (0, 2, -1):
        for x in (numbers(3), numbers(3, 4), numpy.zeros(0)):
            move(cases, "diag", [x], lambda v: diag(v, k), offset=k)
        move(cases, "diag_embed", [numbers(2, 3)],
             lambda v: numpy.array([diag(r, k) for r in v]), offset=k)  # fmt: skip
    cases.error("tril", [numbers(3)], "ShapeError", offset=0)
    cases.error("diagonal", [numbers(3)], "ShapeError", offset=0, rows=0, columns=1)
    cases.error("diagonal", [numbers(3, 3)], "ShapeError", offset=0, rows=1, columns=-1)
    cases.error("diag", [numbers(2, 2, 2)], "ShapeError", offset=0)


def kept(triangle, x, k):
    """A triangle; for positions, −1 marks elements that come from nowhere."""
    return triangle(x + 1, k) - 1 if x.dtype.kind == "i" else triangle(x, k)


def diag(x, k):
    """numpy.diag; for positions, −1 marks elements that come from nowhere."""
    if x.ndim == 2:
        return numpy.diagonal(x, k)
    return numpy.diag(x + 1, k) - 1 if x.dtype.kind == "i" else numpy.diag(x, k)


def numpy_trace_pullback(d, x, k, rows, columns):
    places = numpy.diagonal(numpy.arange(x.size).reshape(x.shape), k, rows, columns)
    out = numpy.zeros(x.size, dtype=d.dtype)
    out[places.ravel()] = numpy.broadcast_to(d[..., None], places.shape).ravel()
    return [out.reshape(x.shape)]


def add_factorizations(cases):
    for a in (near_identity(3, 3), near_identity(2, 4, 4), near_identity(1, 1),
              near_identity(5, 5, dtype="float32"), numbers(4, 4), numpy.eye(4)[::-1] * 2):  # fmt: skip
        singular = numpy.any(abs(numpy.linalg.det(a)) < 1e-3)
        assert not singular
        numpy.testing.assert_allclose(inverse(wide(a)).astype("f8"), numpy.linalg.inv(a), 1e-3)
        cases.add("inverse", [a], inverse, lambda d, v: [-t(inverse(v)) @ d @ t(inverse(v))])
        cases.add("slogdet", [a], slogdet,
                  lambda s, d, v: [d[..., None, None] * t(inverse(v))])  # fmt: skip
        definite = a @ t(a)
        numpy.testing.assert_allclose(
            each(factor, wide(definite)).astype("f8"), numpy.linalg.cholesky(definite), 1e-3, 1e-5
        )
        cases.add("cholesky", [definite], lambda v: each(factor, v), cholesky_pullback)
    for a, b in (((3, 3), (3, 2)), ((2, 3, 3), (3, 1)), ((2, 2), (3, 2, 2)),
                 ((2, 1, 2, 2), (3, 2, 3))):  # fmt: skip
        a, b = near_identity(*a), numbers(*b)
        numpy.testing.assert_allclose(solve(a, b), numpy.linalg.solve(a, b), 1e-9)
        cases.add("solve", [a, b], solve, solve_pullback)
        for flags in range(8):
            at = dict(zip(("lower", "transposed", "unit_diagonal"), map(bool, map(int, f"{flags:03b}"))))
            value = lambda m, v: solve(triangle(m, **at), v)

            def pullback(d, m, v):
                full = triangle(m, **at)
                back = solve(t(full), d)
                da = -back @ t(solve(full, v))
                da = t(da) if at["transposed"] else da
                inside = int(at["unit_diagonal"])
                da = numpy.tril(da, -inside) if at["lower"] else numpy.triu(da, inside)
                return [unbroadcast(da, m), unbroadcast(back, v)]

            cases.add("triangular_solve", [a, b], value, pullback, **at)
    cases.add("solve", [near_identity(3, 3), numbers(3)],
              lambda a, b: solve(a, b[:, None])[:, 0],
              lambda d, a, b: [g.reshape(s) for g, s in zip(
                  solve_pullback(d[:, None], a, b[:, None]), ((3, 3), (3,)))])  # fmt: skip
    for op in ("cholesky", "inverse", "slogdet"):
        cases.error(op, [numbers(2, 3)], "ShapeError")
        cases.error(op, [numbers(3)], "ShapeError")
    cases.error("cholesky", [[[1.0, 0], [2, 1]]], "RunError")
    cases.error("cholesky", [[[numpy.nan, 0], [2, 1]]], "RunError")
    cases.error("inverse", [[[1.0, 2], [2, 4]]], "RunError")
    cases.error("solve", [[[1.0, 2], [2, 4]], numbers(2, 1)], "RunError")
    cases.error("solve", [numbers(2, 2), numbers(3, 1)], "ShapeError")
    cases.error("solve", [numbers(2, 2, 2), numbers(3, 2, 1)], "ShapeError")


def add_determinants(cases):
    """Matrices of full rank and of rank n - 1, n - 2 and 0, for which elimination is exact."""
    for a in (near_identity(3, 3), numbers(2, 4, 4), numbers(1, 1), numpy.zeros((0, 0)),
              numbers(5, 5, dtype="float32"), numpy.eye(4)[::-1] * 2, [[1.0, 2], [2, 4]],
              numpy.arange(9.0).reshape(3, 3), numpy.outer([1.0, 2, 4], [1, 0.5, -1]),
              numpy.diag([1e200, 1e200, 1e-200, 1e-200]),
              numpy.zeros((2, 3, 3)), numpy.zeros((0, 2, 2))):  # fmt: skip
        cases.add("det", [a], det, lambda d, v: [d[..., None, None] * cofactors(v)])
    cases.error("det", [numbers(2, 3)], "ShapeError")
    cases.error("det", [numbers(3)], "ShapeError")


def add_all(cases):
    add_triangles(cases)
    add_factorizations(cases)
    add_determinants(cases)
