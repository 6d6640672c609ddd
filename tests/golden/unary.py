"""The unary elementwise ops: value, first and second derivative in closed form, and their edges.

An edge maps a class of operands to (value, d1, d2). None means that no convention fixes the field:
it is not compared. At an infinite operand a field holds the limit. The operand NaN gives NaN, in
derivatives too where they depend on the operand and the op's formula has no guards.
"""

from dataclasses import dataclass, field
from typing import Callable

import mpmath as mp

from formats import INF, NAN

NOTHING = (NAN, NAN, NAN)


@dataclass(frozen=True)
class Unary:
    formulas: tuple  # of an mpf: value, first, second derivative
    minus_infinity: tuple
    plus_infinity: tuple
    nan: tuple = NOTHING
    edges: dict = field(default_factory=dict)  # operand as text ("0", "-0", "1") → fields
    domain: Callable = lambda x: True
    outside: tuple = NOTHING
    signed_zero: bool = False  # a zero result takes the operand's sign
    points: tuple = ()  # texts, beside those of every op
    float32_points: tuple = ()
    oracle: str = ""  # what numpy or scipy call it


def powers(x):
    """σ(x) and σ(−x), each to full precision."""
    e = mp.exp(-abs(x))
    large, small = 1 / (1 + e), e / (1 + e)
    return (large, small) if x >= 0 else (small, large)


def sigmoid_family(x):
    p, q = powers(x)
    return p, p * q, p * q * (q - p)


def silu(x):
    p, q = powers(x)
    return x * p, p * (1 + x * q), p * q * (2 + x * (q - p))


def gelu(x):
    """x·Φ(x)."""
    far = abs(x) > 1000
    cdf = mp.mpf(x > 0) if far else mp.erfc(-x / mp.sqrt(2)) / 2
    density = mp.mpf(0) if far else mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)
    return x * cdf, cdf + x * density, density * (2 - x * x)


def gelu_tanh(x):
    """½x(1 + tanh u) = x·σ(2u), u = √(2/π)(x + 0.044715x³)."""
    scale, cubic = mp.sqrt(2 / mp.pi), mp.mpf("0.044715")
    u, u1, u2 = scale * (x + cubic * x**3), scale * (1 + 3 * cubic * x * x), scale * 6 * cubic * x
    s, s1, s2 = sigmoid_family(2 * u)
    d1, d2 = 2 * u1 * s1, 2 * u2 * s1 + 4 * u1 * u1 * s2
    return x * s, s + x * d1, 2 * d1 + x * d2


def erf_slope(x):
    return 2 / mp.sqrt(mp.pi) * mp.exp(-x * x)


def erfc(x):
    return mp.mpf(0 if x > 0 else 2) if abs(x) > 1000 else mp.erfc(x)


def piece(right, left):
    """A function of two pieces that meet at 0, where the left one counts."""
    return lambda x: right(x) if x > 0 else left(x)


def constant(c):
    return lambda x: mp.mpf(c)


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


def parts(function):
    return tuple(lambda x, i=i: function(x)[i] for i in range(3))


NEAR_ONE = ("0.999", "0.9999999999999999", "-0.999", "-0.9999999999999999")
NEAR_ONE_32 = ("0.999", "0.99999994", "-0.999", "-0.99999994")
AROUND_ONE = ("0.999", "1.001", "0.9999999999999999", "1.0000000000000002")
AROUND_ONE_32 = ("0.999", "1.001", "0.99999994", "1.0000001")
OVERFLOW = ("709.782712893384", "-708.39", "-745.13", "-746")
OVERFLOW_32 = ("88.72283", "-87.33", "-103.97", "-104")
TURNS = ("1.5707963267948966", "3.141592653589793", "-4.71238898038469", "1e5", "-1e16")
TURNS_32 = ("1.5707964", "3.1415927", "-4.712389", "1e5", "-1e10")


def table(slope):
    """Name → op, for the format in which `slope` is leaky_relu's."""
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
        "sigmoid": Unary(
            parts(sigmoid_family), (0.0,) * 3, (1.0, 0.0, -0.0), oracle="special.expit"
        ),
        "softplus": Unary(
            (
                lambda x: mp.log1p(mp.exp(-abs(x))) + max(x, 0),
                lambda x: powers(x)[0],
                lambda x: mp.fprod(powers(x)),
            ),
            (0.0,) * 3,
            (INF, 1.0, 0.0),
        ),
        "relu": Unary(
            (piece(lambda x: x, constant(0)), piece(constant(1), constant(0)), constant(0)),
            (0.0,) * 3,
            (INF, 1.0, 0.0),
            (NAN, None, None),
        ),
        "leaky_relu": Unary(
            (
                piece(lambda x: x, lambda x: slope * x),
                piece(constant(1), constant(slope)),
                constant(0),
            ),
            (-INF, slope, 0.0),
            (INF, 1.0, 0.0),
            (NAN, None, None),
            signed_zero=True,
        ),
        "elu": Unary(
            (piece(lambda x: x, mp.expm1), piece(constant(1), mp.exp), piece(constant(0), mp.exp)),
            (-1.0, 0.0, 0.0),
            (INF, 1.0, 0.0),
            (NAN, None, None),
            signed_zero=True,
        ),
        "gelu": Unary(
            parts(gelu), (-0.0, 0.0, 0.0), (INF, 1.0, 0.0), (NAN, None, None), signed_zero=True
        ),
        "gelu_tanh": Unary(
            parts(gelu_tanh), (-0.0, 0.0, 0.0), (INF, 1.0, 0.0), (NAN, None, None), signed_zero=True
        ),
        "silu": Unary(
            parts(silu),
            (-0.0, 0.0, 0.0),
            (INF, 1.0, 0.0),
            (NAN, None, None),
            signed_zero=True,
            points=("999", "-999", "1000", "1001"),
            float32_points=("999", "-999", "1000", "1001"),
        ),
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
    }
