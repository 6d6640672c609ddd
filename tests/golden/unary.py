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


def mish(x):
    """x·tanh(log(1 + eˣ)) = x·p(1 + q)/(1 + q²), p = σ(x), q = σ(−x)."""
    p, q = powers(x)
    t, t1 = p * (1 + q) / (1 + q * q), 4 * p * (q / (1 + q * q)) ** 2
    t2 = t1 * (q - 2 * p + 4 * p * q * q / (1 + q * q))
    return x * t, t + x * t1, 2 * t1 + x * t2


def lgamma(x):
    return mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x)))


def digamma(order):
    """Its derivative of that order."""
    return lambda x: mp.psi(order, x)


def has_no_pole(x):
    return x > 0 or x != mp.floor(x)


def odd(function):
    """Of a function that mpmath computes better to the right of 0."""
    return lambda x: function(x) if x >= 0 else -function(-x)


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


def between(low, high, left, middle, right):
    """Three pieces; at `low` and `high` the outer ones count, slopes too."""
    return lambda x: left(x) if x <= low else right(x) if x >= high else middle(x)


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
BINARY_OVERFLOW = ("1023.9", "1024", "-1022.5", "-1074", "-1076")
BINARY_OVERFLOW_32 = ("127.9", "128", "-126.5", "-149", "-151")
BESIDE_ONE = ("1.001", "1.0000000000000002")
BESIDE_ONE_32 = ("1.001", "1.0000001")
GAMMAS = ("1.5", "-0.5", "-1.5", "-2.25", "-20.5", "-170.3", "171.7", "1e10", "-1000000.25")
FAR_OUT = ("999", "-999", "1000", "1001")
AT_SIX = ("6", "5.999", "6.001", "-2.999", "2.999")
TURNS = ("1.5707963267948966", "3.141592653589793", "-4.71238898038469", "1e5", "-1e16")
TURNS_32 = ("1.5707964", "3.1415927", "-4.712389", "1e5", "-1e10")


def selu(x):
    """By Klambauer et al. 2017."""
    scale = mp.mpf("1.0507009873554804934193349852946")
    slope = scale * mp.mpf("1.6732632423543772848170429916717")
    if x > 0:
        return scale * x, scale, mp.mpf(0)
    return slope * mp.expm1(x), slope * mp.exp(x), slope * mp.exp(x)


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
        "relu6": Unary(
            (
                between(0, 6, constant(0), lambda x: x, constant(6)),
                between(0, 6, constant(0), constant(1), constant(0)),
                constant(0),
            ),
            (0.0,) * 3,
            (6.0, 0.0, 0.0),
            (NAN, None, None),
            points=AT_SIX,
            float32_points=AT_SIX,
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
        "celu": Unary(
            (piece(lambda x: x, mp.expm1), piece(constant(1), mp.exp), piece(constant(0), mp.exp)),
            (-1.0, 0.0, 0.0),
            (INF, 1.0, 0.0),
            (NAN, None, None),
            signed_zero=True,
        ),
        "selu": Unary(
            parts(selu),
            (selu(mp.mpf(-INF))[0], 0.0, 0.0),
            (INF, selu(mp.mpf(1))[1], 0.0),
            (NAN, None, None),
            signed_zero=True,
        ),
        "hard_sigmoid": Unary(
            (
                between(-3, 3, constant(0), lambda x: (x + 3) / 6, constant(1)),
                between(-3, 3, constant(0), lambda x: mp.mpf(1) / 6, constant(0)),
                constant(0),
            ),
            (0.0,) * 3,
            (1.0, 0.0, 0.0),
            (NAN, None, None),
            points=AT_SIX,
            float32_points=AT_SIX,
        ),
        "hard_swish": Unary(
            (
                between(-3, 3, constant(0), lambda x: x * (x + 3) / 6, lambda x: x),
                between(-3, 3, constant(0), lambda x: (2 * x + 3) / 6, constant(1)),
                between(-3, 3, constant(0), lambda x: mp.mpf(1) / 3, constant(0)),
            ),
            (0.0,) * 3,
            (INF, 1.0, 0.0),
            (NAN, None, None),
            points=AT_SIX,
            float32_points=AT_SIX,
        ),
        "softsign": Unary(
            (
                lambda x: x / (1 + abs(x)),
                lambda x: 1 / (1 + abs(x)) ** 2,
                lambda x: -2 * mp.sign(x) / (1 + abs(x)) ** 3,
            ),
            (-1.0, 0.0, 0.0),
            (1.0, 0.0, -0.0),
            signed_zero=True,
        ),
        "mish": Unary(
            parts(mish),
            (-0.0, 0.0, 0.0),
            (INF, 1.0, 0.0),
            (NAN, None, None),
            signed_zero=True,
            points=FAR_OUT,
            float32_points=FAR_OUT,
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
        "trunc": jumps(odd(mp.floor), "trunc"),
    }
