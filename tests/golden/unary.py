"""The unary elementwise ops: value, first and second derivative in closed form, and their edges.

An edge maps a class of operands to (value, d1, d2). None means that no convention defines the
field, so it is not compared. At an infinite operand, a field is the limit. The operand NaN gives NaN,
also in derivatives that depend on the operand unless the op's formula has guards.
"""

import mpmath as mp

import activations
from formats import INF, NAN
from forms import NOTHING, Unary, constant, odd


def lgamma(x):
    return mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x)))


def digamma(order):
    """The derivative of that order."""
    return lambda x: mp.psi(order, x)


def has_no_pole(x):
    return x > 0 or x != mp.floor(x)


def logarithm(base, oracle):
    scale = 1 / mp.log(base)
    return Unary(
        (lambda x: mp.log(x) * scale, lambda x: scale / x, lambda x: -scale / x**2),
        (NAN, None, None),
        (INF, 0.0, -0.0),
        domain=lambda x: x > 0,
        outside=(NAN, None, None),
        oracle=oracle,
        points=AROUND_ONE + ("1000", "1024"),
        float32_points=AROUND_ONE_32 + ("1000", "1024"),
        edges={"0": (-INF, INF, -INF), "-0": (-INF, None, None)},
    )


def erf_slope(x):
    return 2 / mp.sqrt(mp.pi) * mp.exp(-x * x)


def erfc(x):
    return mp.mpf(0 if x > 0 else 2) if abs(x) > 1000 else mp.erfc(x)


def jumps(function, oracle):
    """A step function that keeps ±inf, with slope 0 everywhere, jumps and NaN included."""
    return Unary(
        (function, constant(0), constant(0)),
        (-INF, 0.0, 0.0),
        (INF, 0.0, 0.0),
        (NAN, 0.0, 0.0),
        signed_zero=True,
        points=(
            "1.5",
            "-1.5",
            "2.5",
            "-2.5",
            "0.49999999999999994",
            "4503599627370495.5",
            "-4503599627370495.5",
            "9007199254740993",
        ),
        float32_points=(
            "1.5",
            "-1.5",
            "2.5",
            "-2.5",
            "0.49999997",
            "8388607.5",
            "-4194304.5",
            "16777217",
        ),
        oracle=oracle,
    )


NEAR_ONE = ("0.999", "0.9999999999999999", "-0.999", "-0.9999999999999999")
NEAR_ONE_32 = ("0.999", "0.99999994", "-0.999", "-0.99999994")
AROUND_ONE = ("0.999", "1.001", "0.9999999999999999", "1.0000000000000002")
AROUND_ONE_32 = ("0.999", "1.001", "0.99999994", "1.0000001")
OVERFLOW = ("709.782712893384", "-708.39", "-745.13", "-746")
OVERFLOW_32 = ("88.72283", "-87.33", "-103.97", "-104")
BINARY_OVERFLOW = ("1023.9", "1024", "-1022.5", "-1074", "-1076")
BINARY_OVERFLOW_32 = ("127.9", "128", "-126.5", "-149", "-151")
BESIDE_ONE = ("1.001", "1.0000000000000002")
BESIDE_ONE_32 = ("1.001", "1.0000001")
GAMMAS = ("1.5", "-0.5", "-1.5", "-2.25", "-20.5", "-170.3", "171.7", "1e10", "-1000000.25")
TURNS = ("1.5707963267948966", "3.141592653589793", "-4.71238898038469", "1e5", "-1e16")
TURNS_32 = ("1.5707964", "3.1415927", "-4.712389", "1e5", "-1e10")


def table(slope):
    """Name → op, for the format; `slope` is that of leaky_relu."""
    inside = lambda x: abs(x) <= 1
    positive = lambda x: x > 0
    return {
        "neg": Unary(
            (lambda x: -x, constant(-1), constant(0)),
            (INF, -1.0, 0.0),
            (-INF, -1.0, 0.0),
            (NAN, -1.0, 0.0),
            edges={"0": (-0.0, -1.0, 0.0), "-0": (0.0, -1.0, 0.0)},
            oracle="negative",
        ),
        "abs": Unary(
            (abs, mp.sign, constant(0)),
            (INF, -1.0, 0.0),
            (INF, 1.0, 0.0),
            (NAN, None, None),
            oracle="abs",
        ),
        "sign": Unary(
            (mp.sign, constant(0), constant(0)),
            (-1.0, 0.0, 0.0),
            (1.0, 0.0, 0.0),
            (NAN, 0.0, 0.0),
            signed_zero=True,
            oracle="sign",
        ),
        "sqrt": Unary(
            (mp.sqrt, lambda x: 1 / (2 * mp.sqrt(x)), lambda x: -1 / (4 * x * mp.sqrt(x))),
            NOTHING,
            (INF, 0.0, -0.0),
            domain=positive,
            oracle="sqrt",
            edges={"0": (0.0, INF, -INF), "-0": (-0.0, None, None)},
        ),
        "rsqrt": Unary(
            (
                lambda x: 1 / mp.sqrt(x),
                lambda x: -1 / (2 * x * mp.sqrt(x)),
                lambda x: 3 / (4 * x * x * mp.sqrt(x)),
            ),
            NOTHING,
            (0.0, -0.0, 0.0),
            domain=positive,
            edges={"0": (INF, -INF, INF), "-0": (-INF, None, None)},
        ),
        "square": Unary(
            (lambda x: x * x, lambda x: 2 * x, constant(2)),
            (INF, -INF, 2.0),
            (INF, INF, 2.0),
            (NAN, NAN, 2.0),
            oracle="square",
        ),
        "reciprocal": Unary(
            (lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3),
            (-0.0, -0.0, -0.0),
            (0.0, -0.0, 0.0),
            oracle="reciprocal",
            edges={"0": (INF, -INF, INF), "-0": (-INF, -INF, -INF)},
        ),
        "exp": Unary(
            (mp.exp,) * 3,
            (0.0,) * 3,
            (INF,) * 3,
            oracle="exp",
            points=OVERFLOW,
            float32_points=OVERFLOW_32,
        ),
        "exp2": Unary(
            tuple(lambda x, i=i: mp.log(2) ** i * mp.mpf(2) ** x for i in range(3)),
            (0.0,) * 3,
            (INF,) * 3,
            oracle="exp2",
            points=BINARY_OVERFLOW,
            float32_points=BINARY_OVERFLOW_32,
        ),
        "expm1": Unary(
            (mp.expm1, mp.exp, mp.exp),
            (-1.0, 0.0, 0.0),
            (INF,) * 3,
            signed_zero=True,
            oracle="expm1",
            points=OVERFLOW,
            float32_points=OVERFLOW_32,
        ),
        "log": Unary(
            (mp.log, lambda x: 1 / x, lambda x: -1 / x**2),
            (NAN, None, None),
            (INF, 0.0, -0.0),
            domain=positive,
            outside=(NAN, None, None),
            oracle="log",
            points=AROUND_ONE,
            float32_points=AROUND_ONE_32,
            edges={"0": (-INF, INF, -INF), "-0": (-INF, None, None)},
        ),
        "log2": logarithm(2, "log2"),
        "log10": logarithm(10, "log10"),
        "log1p": Unary(
            (mp.log1p, lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2),
            (NAN, None, None),
            (INF, 0.0, -0.0),
            domain=lambda x: x > -1,
            outside=(NAN, None, None),
            signed_zero=True,
            edges={"-1": (-INF, INF, -INF)},
            oracle="log1p",
            points=NEAR_ONE[2:],
            float32_points=NEAR_ONE_32[2:],
        ),
        "cbrt": Unary(
            (
                odd(mp.cbrt),
                lambda x: 1 / (3 * mp.cbrt(abs(x)) ** 2),
                odd(lambda x: -2 / (9 * mp.cbrt(x) ** 5)),
            ),
            (-INF, 0.0, 0.0),
            (INF, 0.0, -0.0),
            oracle="cbrt",
            edges={"0": (0.0, INF, -INF), "-0": (-0.0, INF, INF)},
        ),
        "sin": Unary(
            (mp.sin, mp.cos, lambda x: -mp.sin(x)),
            NOTHING,
            NOTHING,
            signed_zero=True,
            oracle="sin",
            points=TURNS,
            float32_points=TURNS_32,
        ),
        "cos": Unary(
            (mp.cos, lambda x: -mp.sin(x), lambda x: -mp.cos(x)),
            NOTHING,
            NOTHING,
            oracle="cos",
            points=TURNS,
            float32_points=TURNS_32,
        ),
        "tan": Unary(
            (mp.tan, lambda x: mp.sec(x) ** 2, lambda x: 2 * mp.tan(x) * mp.sec(x) ** 2),
            NOTHING,
            NOTHING,
            signed_zero=True,
            oracle="tan",
            points=TURNS,
            float32_points=TURNS_32,
        ),
        "asin": Unary(
            (mp.asin, lambda x: 1 / mp.sqrt(1 - x * x), lambda x: x / mp.sqrt(1 - x * x) ** 3),
            NOTHING,
            NOTHING,
            domain=inside,
            signed_zero=True,
            oracle="arcsin",
            points=NEAR_ONE,
            float32_points=NEAR_ONE_32,
            edges={"1": (mp.pi / 2, INF, INF), "-1": (-mp.pi / 2, INF, -INF)},
        ),
        "acos": Unary(
            (mp.acos, lambda x: -1 / mp.sqrt(1 - x * x), lambda x: -x / mp.sqrt(1 - x * x) ** 3),
            NOTHING,
            NOTHING,
            domain=inside,
            oracle="arccos",
            points=NEAR_ONE,
            float32_points=NEAR_ONE_32,
            edges={"1": (0.0, -INF, -INF), "-1": (mp.pi, -INF, INF)},
        ),
        "atan": Unary(
            (mp.atan, lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
            (-mp.pi / 2, 0.0, 0.0),
            (mp.pi / 2, 0.0, -0.0),
            signed_zero=True,
            oracle="arctan",
        ),
        "sinh": Unary(
            (mp.sinh, mp.cosh, mp.sinh),
            (-INF, INF, -INF),
            (INF, INF, INF),
            signed_zero=True,
            oracle="sinh",
        ),
        "cosh": Unary(
            (mp.cosh, mp.sinh, mp.cosh), (INF, -INF, INF), (INF, INF, INF), oracle="cosh"
        ),
        "tanh": Unary(
            (mp.tanh, lambda x: mp.sech(x) ** 2, lambda x: -2 * mp.tanh(x) * mp.sech(x) ** 2),
            (-1.0, 0.0, 0.0),
            (1.0, 0.0, -0.0),
            signed_zero=True,
            oracle="tanh",
        ),
        "asinh": Unary(
            (
                odd(mp.asinh),
                lambda x: 1 / mp.sqrt(1 + x * x),
                lambda x: -x / mp.sqrt(1 + x * x) ** 3,
            ),
            (-INF, 0.0, 0.0),
            (INF, 0.0, -0.0),
            signed_zero=True,
            oracle="arcsinh",
        ),
        "acosh": Unary(
            (
                mp.acosh,
                lambda x: 1 / mp.sqrt(x * x - 1),
                lambda x: -x / mp.sqrt(x * x - 1) ** 3,
            ),
            NOTHING,
            (INF, 0.0, -0.0),
            domain=lambda x: x > 1,
            oracle="arccosh",
            points=BESIDE_ONE,
            float32_points=BESIDE_ONE_32,
            edges={"1": (0.0, INF, -INF)},
        ),
        "atanh": Unary(
            (
                odd(mp.atanh),
                lambda x: 1 / (1 - x * x),
                lambda x: 2 * x / (1 - x * x) ** 2,
            ),
            (NAN, None, None),
            (NAN, None, None),
            domain=lambda x: abs(x) < 1,
            outside=(NAN, None, None),
            signed_zero=True,
            oracle="arctanh",
            points=NEAR_ONE,
            float32_points=NEAR_ONE_32,
            edges={"1": (INF, INF, INF), "-1": (-INF, INF, -INF)},
        ),
        "lgamma": Unary(
            (lgamma, digamma(0), digamma(1)),
            (INF, None, None),
            (INF, INF, 0.0),
            domain=has_no_pole,
            outside=(INF, NAN, INF),
            edges={"0": (INF, -INF, INF), "-0": (INF, INF, INF)},
            points=GAMMAS + BESIDE_ONE + ("1.9999999999999998", "-2.457", "-2.748"),
            float32_points=GAMMAS + BESIDE_ONE_32 + ("1.9999999", "-2.457", "-2.748"),
        ),
        "digamma": Unary(
            tuple(map(digamma, range(3))),
            (NAN, None, None),
            (INF, 0.0, -0.0),
            domain=has_no_pole,
            outside=(NAN, INF, NAN),
            edges={"0": (-INF, INF, -INF), "-0": (INF, INF, INF)},
            points=GAMMAS + ("1.4616", "-0.504", "-1.573"),
            float32_points=GAMMAS + ("1.4616", "-0.504", "-1.573"),
        ),
        **activations.table(slope),
        "erf": Unary(
            (mp.erf, erf_slope, lambda x: -2 * x * erf_slope(x)),
            (-1.0, 0.0, 0.0),
            (1.0, 0.0, -0.0),
            signed_zero=True,
            oracle="special.erf",
        ),
        "erfc": Unary(
            (erfc, lambda x: -erf_slope(x), lambda x: 2 * x * erf_slope(x)),
            (2.0, -0.0, -0.0),
            (0.0, -0.0, 0.0),
            oracle="special.erfc",
        ),
        "floor": jumps(mp.floor, "floor"),
        "ceil": jumps(mp.ceil, "ceil"),
        "round": jumps(mp.nint, "rint"),
        "trunc": jumps(odd(mp.floor), "trunc"),
    }
