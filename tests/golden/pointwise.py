"""Golden cases that the elementwise CSV files leave out.

Ints and bools, broadcasting, comparisons, where, clamp, casts, lerp, isclose, celu.
"""

import numpy

from cases import numbers, undo_broadcast

INF, NAN = numpy.inf, numpy.nan


def add_broadcasting(cases):
    functions = {
        "add": (numpy.add, lambda d, a, b: (d, d)),
        "mul": (numpy.multiply, lambda d, a, b: (d * b, d * a)),
        "div": (numpy.divide, lambda d, a, b: (d / b, -d * a / b**2)),
    }
    for left, right in (
        ((2, 3), (3,)),
        ((2, 1), (1, 3)),
        ((), (2, 2)),
        ((4, 1, 2), (3, 1)),
        ((2, 3), (2, 3)),
        ((1,), (0,)),
        ((2, 1), (2, 0)),
        ((0, 3), (1, 3)),
        ((1, 0), (4, 1)),
    ):
        for op, (function, partials) in functions.items():
            pullback = lambda d, a, b: [
                undo_broadcast(p, x.shape) for p, x in zip(partials(d, a, b), (a, b))
            ]
            cases.add(op, [numbers(*left, low=0.5), numbers(*right, low=0.5)], function, pullback)
    cases.error("add", [numbers(2, 3), numbers(2)], "ShapeError")
    cases.error("mul", [numbers(0), numbers(2)], "ShapeError")
    cases.add("add_n", [numbers(2, 3) for _ in range(4)], lambda *x: sum(x), lambda d, *x: [d] * 4)
    cases.add("add_n", [numbers(2)], lambda x: x, lambda d, x: [d])


def floor_divide(a, b):
    """For integers that of numpy, which wraps around as products do."""
    with numpy.errstate(over="ignore"):
        return numpy.floor_divide(a, b)


def add_integers(cases):
    for dtype, bits in (("int32", 31), ("int64", 63)):
        edge = lambda *values: numpy.array(values, dtype=dtype)
        low, high = -(2**bits), 2**bits - 1
        a, b = edge(high, low, 7, -7, 7, -7, 0, low), edge(1, -1, 3, 3, -3, -3, 5, high)
        for op, function in (
            ("add", numpy.add),
            ("sub", numpy.subtract),
            ("mul", numpy.multiply),
            ("maximum", numpy.maximum),
            ("minimum", numpy.minimum),
            ("remainder", numpy.remainder),
            ("floor_divide", floor_divide),
        ):
            cases.add(op, [a, b], function)
        for op, function in (
            ("neg", numpy.negative),
            ("abs", numpy.abs),
            ("sign", numpy.sign),
            ("square", numpy.square),
            ("trunc", numpy.trunc),
        ):
            cases.add(op, [edge(0, 5, -5, high, low)], function)
        cases.error("div", [a, b], "TypeError")
        cases.error("exp", [a], "TypeError")
    cases.error("add", [numbers(2), numbers(2, dtype="float32")], "TypeError")
    for left, right in (
        ("bool", "int32"),
        ("int32", "int64"),
        ("int64", "float32"),
        ("bool", "float64"),
    ):
        wanted = {"int32": "int32", "int64": "int64", "float32": "float32", "float64": "float64"}[
            right
        ]
        cases.add(
            "add",
            [numpy.array([1, 0, 1], dtype=left), numpy.array([3, 4, 5], dtype=right)],
            lambda a, b: a + b,
            dtype=wanted,
        )


def add_tests(cases):
    a, b = [1.0, 2, NAN, INF, -0.0, NAN, -INF], [2.0, 2, 1, INF, 0, NAN, INF]
    comparisons = {
        "equal": numpy.equal,
        "not_equal": numpy.not_equal,
        "less": numpy.less,
        "less_equal": numpy.less_equal,
        "greater": numpy.greater,
        "greater_equal": numpy.greater_equal,
    }
    for op, function in comparisons.items():
        cases.add(op, [a, b], function)
        cases.add(op, [numpy.array([1, 2, 3]), numpy.array([2, 2, 2])], function)
    p, q = numpy.array([True, True, False, False]), numpy.array([True, False, True, False])
    for op in ("logical_and", "logical_or", "logical_xor"):
        cases.add(op, [p, q], getattr(numpy, op))
    cases.add("logical_not", [p], numpy.logical_not)
    special = [0.0, NAN, INF, -INF, 1.5, 5e-324]
    cases.add("is_nan", [special], numpy.isnan)
    cases.add("is_finite", [special], numpy.isfinite)


def add_selections(cases):
    flags = numpy.array([[True, False, True], [False, False, True]])
    choose = lambda c, a, b: numpy.where(c, a, b)
    pullback = lambda d, c, a, b: [
        None,
        undo_broadcast(numpy.where(c, d, 0), a.shape),
        undo_broadcast(numpy.where(c, 0, d), b.shape),
    ]
    cases.add("where", [flags, numbers(2, 3), numbers(2, 3)], choose, pullback)
    cases.add("where", [flags, numbers(), numbers(3)], choose, pullback)
    cases.add("where", [flags, [NAN, 1.0, INF], [[2.0, NAN, -INF], [3, 4, 5]]], choose, pullback)
    cases.add("where", [flags, numpy.arange(3), numpy.arange(3) + 10], choose)
    inside = lambda d, x, lo, hi: numpy.where((x >= lo) & (x <= hi), d, 0)
    bounds = lambda d, x, lo, hi: [
        inside(d, x, lo, hi),
        undo_broadcast(numpy.where(x < lo, d, 0), lo.shape),
        undo_broadcast(numpy.where(x > hi, d, 0), hi.shape),
    ]
    for lo, hi in ((-1.0, 1.0), (0.5, 0.5), (-INF, INF)):
        cases.add(
            "clamp", [[-2.0, -1, 0.5, 1, 3, -INF, INF], lo, hi], numpy.clip, bounds, smooth=False
        )
    cases.add("clamp", [[NAN, 0.0], 0.0, 1.0], numpy.clip)
    cases.add("clamp", [numpy.array([-5, 0, 9]), numpy.array(-1), numpy.array(3)], numpy.clip)


def saturated(x, dtype):
    """float → int: rounds towards zero, saturates, and turns NaN into 0."""
    limits = numpy.iinfo(dtype)
    return numpy.array(
        [
            (
                0
                if v != v
                else limits.max if v >= limits.max else limits.min if v <= limits.min else int(v)
            )
            for v in x.tolist()
        ],
        dtype=dtype,
    )


def add_casts(cases):
    x = numpy.array([0.0, -0.0, 1.9, -1.9, 1e10, -1e10, 1e300, -1e300, INF, -INF, NAN, 0.5])
    for dtype in ("int32", "int64"):
        cases.add(
            "cast", [x], lambda v: saturated(v.astype("float64"), dtype), dtype=dtype, to=dtype
        )
    cases.add("cast", [x], lambda v: v != 0, to="bool")
    cases.add(
        "cast",
        [numpy.array([0.1, 1e300, 1e-300, -0.0, NAN, 3.0])],
        lambda v: v,
        dtype="float32",
        to="float32",
    )
    cases.add(
        "cast",
        [numbers(3, dtype="float32")],
        lambda v: v,
        lambda d, v: [d],
        dtype="float64",
        to="float64",
    )
    for dtype in ("float32", "float64"):
        cases.add(
            "cast", [numpy.array([2**53 + 1, -3, 16777217])], lambda v: v, dtype=dtype, to=dtype
        )
        cases.add("cast", [numpy.array([True, False])], lambda v: v, dtype=dtype, to=dtype)


def add_lerp(cases):
    lerp = lambda a, b, t: a + t * (b - a)
    pullback = lambda d, a, b, t: [
        undo_broadcast(d * (1 - t), a.shape),
        undo_broadcast(d * t, b.shape),
        undo_broadcast(d * (b - a), t.shape),
    ]
    for shapes in (
        ((2, 3), (2, 3), (2, 3)),
        ((2, 1), (3,), ()),
        ((), (), (4,)),
        ((0, 2), (2,), ()),
    ):
        for dtype in ("float32", "float64"):
            operands = [numbers(*shape, dtype=dtype) for shape in shapes]
            cases.add("lerp", operands, lerp, pullback)
    ends = [numpy.array([0.0, 1, 2, -1]), numpy.array([0.1, -3e200, 5, 2])]
    for t in (0.0, 1.0):
        cases.add("lerp", [*ends, t], lambda a, b, t: (a, b)[int(t)], pullback)
    cases.error("lerp", [numpy.arange(2), numpy.arange(2), numpy.arange(2)], "TypeError")


def add_closeness(cases):
    a = [1.0, 1.0, 1.0, 0.0, 0.0, 100, 100, -100, INF, INF, -INF, NAN, NAN, 1, INF]
    b = [1.000009, 1.00001, 1.1, 1e-8, 1.1e-8, 101, 99, 100, INF, -INF, -INF, NAN, 1, NAN, 1]
    for attributes in (
        {"rtol": 1e-5, "atol": 1e-8, "equal_nan": False},
        {"rtol": 0.01, "atol": 0.0, "equal_nan": True},
        {"rtol": 0.0, "atol": 1.0, "equal_nan": False},
        {"rtol": 0.0, "atol": 0.0, "equal_nan": True},
    ):
        for x, y in ((a, b), (b, a)):
            isclose = lambda u, v: numpy.isclose(
                *(w.astype("float64") for w in (u, v)), **attributes
            )
            cases.add("isclose", [x, y], isclose, **attributes)
            narrow = [numpy.array(w, dtype="float32") for w in (x, y)]
            isclose = lambda u, v: numpy.isclose(
                *(w.astype("float32") for w in (u, v)), **attributes
            )
            cases.add("isclose", narrow, isclose, **attributes)
    default = {"rtol": 1e-5, "atol": 1e-8, "equal_nan": False}
    cases.add("isclose", [numbers(2, 1), numbers(3)], numpy.isclose, **default)
    cases.error("isclose", [a, b], "ArgumentError", rtol=-1.0, atol=0.0, equal_nan=False)
    cases.error("isclose", [numpy.arange(2), numpy.arange(2)], "TypeError", **default)


def add_celu(cases):
    for alpha in (0.25, 1.5, 30.0):
        celu = lambda x: numpy.where(x > 0, x, alpha * numpy.expm1(numpy.minimum(x, 0) / alpha))
        pullback = lambda d, x: [d * numpy.where(x > 0, 1, numpy.exp(numpy.minimum(x, 0) / alpha))]
        cases.add("celu", [[-50.0, -2, -0.01, 0.01, 0.5, 3]], celu, pullback, alpha=alpha)
        cases.add("celu", [[0.0, -0.0, -INF, INF]], celu, pullback, smooth=False, alpha=alpha)
    cases.error("celu", [[1.0]], "ArgumentError", alpha=0.0)


def add_signs(cases):
    a, b = numpy.array([[1.5], [-2.0], [0.0]]), numpy.array([-0.0, 3, -1, INF, -INF])
    cases.add("copysign", [a, b], numpy.copysign)


def add_all(cases):
    add_broadcasting(cases)
    add_integers(cases)
    add_tests(cases)
    add_selections(cases)
    add_casts(cases)
    add_lerp(cases)
    add_closeness(cases)
    add_celu(cases)
    add_signs(cases)
