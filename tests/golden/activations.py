"""The activations among the unary elementwise ops."""

import mpmath as mp

from formats import INF, NAN
from forms import Unary, between, constant, parts, piece


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


def selu(x):
    """Klambauer et al. 2017."""
    scale = mp.mpf("1.0507009873554804934193349852946")
    slope = scale * mp.mpf("1.6732632423543772848170429916717")
    if x > 0:
        return scale * x, scale, mp.mpf(0)
    return slope * mp.expm1(x), slope * mp.exp(x), slope * mp.exp(x)


FAR_OUT = ("999", "-999", "1000", "1001")
AT_SIX = ("6", "5.999", "6.001", "-2.999", "2.999")


def table(slope):
    """Name → op, for the format; `slope` is that of leaky_relu."""
    return {
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
    }
