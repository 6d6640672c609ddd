"""The binary elementwise ops: value and all partials to second order, and their edges.

Fields are (value, da, db, daa, dab, dbb). None means that no convention defines the field, so it is
not compared. At an infinite operand, a field is the limit if there is one.
"""

import math
from dataclasses import dataclass
from typing import Callable

import mpmath as mp

from formats import INF, NAN

UNKNOWN = (None,) * 6
ALL_NAN = (NAN, NAN, NAN, None, None, None)


@dataclass(frozen=True)
class Binary:
    formulas: Callable  # two mpfs → the six fields
    edge: Callable = lambda a, b: None  # two floats → the six fields, or None if the formulas hold
    points: tuple = ()  # pairs of texts, in addition to those of every op
    oracle: str = ""  # its name in numpy


def sign_of(x):
    return math.copysign(1.0, x)


def times(a, b):
    return (
        NAN
        if a != a or b != b or (a == 0 and abs(b) == INF) or (b == 0 and abs(a) == INF)
        else a * b
    )


def over(a, b):
    """a / b by IEEE 754."""
    if b != 0:
        return NAN if abs(a) == INF == abs(b) else a / b
    return NAN if a == 0 or a != a else sign_of(a) * sign_of(b) * INF


def special(a, b):
    return not (math.isfinite(a) and math.isfinite(b))


def add_edge(a, b):
    return (a + b, 1.0, 1.0, 0.0, 0.0, 0.0) if special(a, b) or a + b == 0 else None


def sub_edge(a, b):
    return (a - b, 1.0, -1.0, 0.0, 0.0, 0.0) if special(a, b) or a - b == 0 else None


def mul_edge(a, b):
    return (times(a, b), b, a, 0.0, 1.0, 0.0) if special(a, b) or a == 0 or b == 0 else None


def pull_edge(c, p):
    """Exactly 0 if c is 0, else bilinear, with the partials of a product."""
    if c == 0:
        return 0.0, p, c, 0.0, 1.0, 0.0
    return mul_edge(c, p)


def div_edge(a, b):
    if a != a or b != b:
        return NAN, NAN if b != b else None, *ALL_NAN[2:]  # ∂a is 1/b for any a
    if abs(b) == INF:  # −out/b etc. vanish for finite a
        rest = (-0.0 * sign_of(a), 0.0, -0.0, 0.0) if abs(a) != INF else (None, 0.0, -0.0, None)
        return (over(a, b), over(1.0, b), *rest)
    if b == 0:
        out, steep = over(a, b), over(1.0, b)
        if a == 0:
            return NAN, steep, None, 0.0, -INF, None
        return out, steep, -sign_of(a) * INF, 0.0, -INF, out
    if abs(a) == INF:
        out = over(a, b)
        return out, 1 / mp.mpf(b), -sign_of(a) * INF, 0.0, -1 / mp.mpf(b) ** 2, out
    if a == 0:
        return a / b, 1 / mp.mpf(b), -0.0 * a, 0.0, -1 / mp.mpf(b) ** 2, 0.0 * a / b
    return None


def pow_value(x, y):
    """pow by IEEE 754 if an operand is zero, infinite or NaN."""
    odd = math.isfinite(y) and y % 2 == 1
    if x == 1 or y == 0:
        return 1.0
    if x != x or y != y:
        return NAN
    if abs(y) == INF:
        return 1.0 if abs(x) == 1 else INF if (abs(x) > 1) == (y > 0) else 0.0
    magnitude = 0.0 if (x == 0) == (y > 0) else INF
    return sign_of(x) * magnitude if odd else magnitude


def pow_edge(x, y):
    if x != x or y != y:
        return pow_nan(x, y)
    if abs(y) == INF:
        return (pow_value(x, y), *UNKNOWN[1:])
    if x == 0 or abs(x) == INF:
        return pow_limits(x, y)
    return pow_left(x, y) if x < 0 else None


def pow_nan(x, y):
    out = pow_value(x, y)
    if y == 0:
        return out, 0.0, *UNKNOWN[2:]
    return (out, *UNKNOWN[1:]) if out == 1 or x == 0 or y == 1 else ALL_NAN


def keeps_parity(y):
    """Whether y − 1 is odd if y is even, as numbers of either format."""
    return abs(y) < 2**24


def pow_left(x, y):
    """The fields for x < 0, where ∂y is NaN."""
    if y != math.floor(y):
        slope = NAN if y - 1 != math.floor(y - 1) else None
        return NAN, slope, NAN, slope, None, None
    m, sign, y = abs(mp.mpf(x)), -1 if y % 2 == 1 else 1, mp.mpf(y)
    slope = -sign * y * m ** (y - 1) if keeps_parity(y) else None
    return sign * m**y, slope, NAN, sign * y * (y - 1) * m ** (y - 2), None, None


def pow_limits(x, y):
    """The fields if x is zero or infinite."""
    out, left = pow_value(x, y), sign_of(x) < 0
    dx = 0.0 if y == 0 else y * pow_value(x, y - 1)
    dxx = 0.0 if y in (0, 1) else y * times(y - 1, pow_value(x, y - 2))
    if left and y != math.floor(y):  # outside the domain
        dx = dxx = None
    elif left and not keeps_parity(y):
        dx = None
    if x == 0:  # ∂y is 0 for y ≥ 0
        dy = 0.0 if y >= 0 else None if left else -INF
        return out, dx, dy, dxx, None, 0.0 if y > 0 else None
    if left:
        return out, dx, NAN if y == math.floor(y) else None, dxx, None, None
    dy = INF if y >= 0 else 0.0
    return out, dx, dy, dxx, INF if y >= 1 else 0.0, dy


def pow_formulas(x, y):
    log = mp.log(x)
    power = lambda e: mp.exp(e * log)
    return (
        power(y),
        y * power(y - 1),
        power(y) * log,
        y * (y - 1) * power(y - 2),
        power(y - 1) * (1 + y * log),
        power(y) * log**2,
    )


def extremum(pick):
    def formulas(a, b):
        first = mp.mpf(0.5) if a == b else mp.mpf(pick(a, b) == a)
        return (pick(a, b), first, 1 - first) + (mp.mpf(0),) * 3

    def edge(a, b):
        if a != a or b != b:
            return ALL_NAN
        if a == b:
            value = a if sign_of(a) == sign_of(b) else None  # the sign of zero is unspecified
            return value, 0.5, 0.5, 0.0, 0.0, 0.0
        if special(a, b) or 0 in (a, b):
            first = 1.0 if pick(a, b) == a else 0.0
            return pick(a, b), first, 1 - first, 0.0, 0.0, 0.0
        return None

    return formulas, edge


def atan2_formulas(y, x):
    r2 = x * x + y * y
    second = 2 * x * y / r2**2
    mixed = (y * y - x * x) / r2**2 if abs(y) != abs(x) else None  # it crosses zero there
    return mp.atan2(y, x), x / r2, -y / r2, -second, mixed, second


def atan2_edge(y, x):
    if y != y or x != x:
        return (NAN, *UNKNOWN[1:]) if INF in (abs(y), abs(x)) else ALL_NAN
    half = sign_of(y) * mp.pi / 2
    if y == 0 and x == 0:
        return (y if sign_of(x) > 0 else 2 * half), 0.0, 0.0, None, None, None
    flat = (0.0,) * 5
    if abs(y) == INF:
        return (half if abs(x) != INF else half / 2 if x > 0 else half * 3 / 2, *flat)
    if abs(x) == INF:
        return (sign_of(y) * 0.0 if x > 0 else 2 * half, *flat)
    if y == 0:
        return ((y if x > 0 else 2 * half), 1 / mp.mpf(x), 0.0, 0.0, -1 / mp.mpf(x) ** 2, 0.0)
    return None


def hypot_formulas(a, b):
    h = mp.sqrt(a * a + b * b)
    return h, a / h, b / h, b * b / h**3, -a * b / h**3, a * a / h**3


def hypot_edge(a, b):
    if INF in (abs(a), abs(b)):
        if a != a or b != b:
            return UNKNOWN
        if abs(a) == abs(b):
            return INF, *UNKNOWN[1:]
        return (
            INF,
            sign_of(a) if abs(a) == INF else 0.0,
            sign_of(b) if abs(b) == INF else 0.0,
            0.0,
            0.0,
            0.0,
        )
    if a != a or b != b:
        return ALL_NAN
    return (0.0, *UNKNOWN[1:]) if a == 0 and b == 0 else None


def logaddexp_formulas(a, b):
    small = mp.exp(-abs(a - b))
    large, less = 1 / (1 + small), small / (1 + small)
    da, db = (large, less) if a >= b else (less, large)
    return mp.log1p(small) + max(a, b), da, db, da * db, -da * db, da * db


def logaddexp_edge(a, b):
    if a != a or b != b:
        return ALL_NAN
    if not special(a, b):
        return None
    if a == b:
        return a, 0.5, 0.5, None, None, None
    first = 1.0 if a > b else 0.0
    return max(a, b), first, 1 - first, 0.0, -0.0, 0.0


def exact_remainder(a, b):
    """a − b·⌊a/b⌋ and the floor, exactly: both numbers are multiples of one power of two."""
    (an, ad), (bn, bd) = a.as_integer_ratio(), b.as_integer_ratio()
    quotient, rest = divmod(an * bd, bn * ad)
    return quotient, mp.mpf(rest) / (mp.mpf(ad) * bd)


def remainder_edge(a, b):
    if a != a or b != b or abs(a) == INF or b == 0:
        return (NAN, *UNKNOWN[1:])
    if abs(b) == INF:
        if a == 0 or sign_of(a) == sign_of(b):
            return a, 1.0, -0.0, 0.0, 0.0, 0.0
        return b, 1.0, None, 0.0, 0.0, 0.0
    quotient, rest = exact_remainder(a, b)
    return (rest if rest else 0.0 * sign_of(b)), 1.0, mp.mpf(-quotient), 0.0, 0.0, 0.0


def floor_divide_edge(a, b):
    """⌊a/b⌋, a step function, whose slopes are 0 everywhere."""
    if b == 0:
        value = over(a, b)
    elif a != a or b != b or abs(a) == INF:
        value = NAN
    elif abs(b) == INF:
        value = 0.0 * over(a, b) if a == 0 or sign_of(a) == sign_of(b) else -1.0
    else:
        quotient = mp.mpf(exact_remainder(a, b)[0])
        value = quotient if quotient else sign_of(a) * sign_of(b) * 0.0
    return value, *(0.0,) * 5


def copysign_edge(a, b):
    """|a| with the sign bit of b; the slope of |a|, which is 0 at 0."""
    if b != b:  # the sign bit of NaN is unspecified
        return UNKNOWN
    if a != a:
        return NAN, None, 0.0, 0.0, 0.0, 0.0
    return math.copysign(a, b), (a > 0) * sign_of(b) - (a < 0) * sign_of(b), *(0.0,) * 4


def linear(function, da, db):
    return lambda a, b: (function(a, b), mp.mpf(da), mp.mpf(db)) + (mp.mpf(0),) * 3


def product(a, b):
    return a * b, b, a, mp.mpf(0), mp.mpf(1), mp.mpf(0)


def quotient(a, b):
    return a / b, 1 / b, -a / b**2, mp.mpf(0), -1 / b**2, 2 * a / b**3


POWERS = tuple(
    (x, y)
    for x in ("-3", "-0.7", "0.3", "1.1", "2", "100", "0", "-0")
    for y in ("-2", "-1", "-0.5", "2", "3.7", "4", "-7")
) + (
    ("1.0000001", "1e8"),
    ("0.9999", "-40000"),
    ("2", "1000"),
    ("1", "1e155"),
    ("-1", "1e155"),
    ("10", "-300"),
    ("2", "-1074"),
    ("1e150", "2"),
    ("-2", "1023"),
    ("1e-5", "1e-5"),
    ("7", "1e-300"),
)
REMAINDERS = tuple(
    (a, b)
    for a in ("7", "-7", "5.5", "-5.5", "1", "-0.3", "1e10")
    for b in ("2", "-2", "0.1", "-0.7")
)
ANGLES = tuple(
    (y, x) for y in ("1e-200", "-2e-200", "0.3", "-7") for x in ("2e-200", "-1e-200", "0.4", "-5")
)
SUMS = (
    ("0.3", "0.7"),
    ("-12", "12"),
    ("100", "100"),
    ("-800", "-800"),
    ("-800", "-801"),
    ("710", "709"),
    ("5", "4.5"),
    ("1e-3", "-1e-3"),
    ("3", "3"),
)

TABLE = {
    "add": Binary(linear(lambda a, b: a + b, 1, 1), add_edge, oracle="add"),
    "sub": Binary(linear(lambda a, b: a - b, 1, -1), sub_edge, oracle="subtract"),
    "mul": Binary(product, mul_edge, oracle="multiply"),
    "pull": Binary(product, pull_edge, points=(("0", "nan"), ("-0", "nan"), ("0", "inf"))),
    "div": Binary(
        quotient,
        div_edge,
        points=(("1e-310", "1e-310"), ("7", "-3"), ("1e300", "1e-8")),
        oracle="divide",
    ),
    "pow": Binary(pow_formulas, pow_edge, points=POWERS, oracle="power"),
    "maximum": Binary(
        *extremum(max), points=(("0.3", "0.3"), ("-7", "-7"), ("2", "2.0000001")), oracle="maximum"
    ),
    "minimum": Binary(
        *extremum(min), points=(("0.3", "0.3"), ("-7", "-7"), ("2", "2.0000001")), oracle="minimum"
    ),
    "atan2": Binary(atan2_formulas, atan2_edge, points=ANGLES, oracle="arctan2"),
    "hypot": Binary(hypot_formulas, hypot_edge, points=ANGLES, oracle="hypot"),
    "logaddexp": Binary(logaddexp_formulas, logaddexp_edge, points=SUMS, oracle="logaddexp"),
    "remainder": Binary(
        lambda a, b: remainder_edge(float(a), float(b)),
        remainder_edge,
        points=REMAINDERS,
        oracle="remainder",
    ),
    "floor_divide": Binary(
        lambda a, b: floor_divide_edge(float(a), float(b)),
        floor_divide_edge,
        points=REMAINDERS,
        oracle="floor_divide",
    ),
    "copysign": Binary(
        lambda a, b: copysign_edge(float(a), float(b)),
        copysign_edge,
        points=(("0.3", "-0.7"), ("-0.3", "-0.7"), ("0.3", "0.7"), ("-0.3", "0.7")),
        oracle="copysign",
    ),
}
