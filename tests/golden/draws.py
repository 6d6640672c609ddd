"""Golden cases of the random ops, by an independent Philox4x32-10 (Salmon et al., SC 2011).

Attributes: size (of the result), low, high, mean, deviation (truncated_normal), p (bernoulli of a
number), axis, samples (categorical).
"""

import math
import pathlib

import numpy

from cases import numbers

MASK = 2**32 - 1
UNIFORM, TRUNCATED, GUMBEL = 0, 3, 4


def philox(key, low, high):
    c = [low & MASK, low >> 32 & MASK, high & MASK, high >> 32 & MASK]
    k = [key & MASK, key >> 32 & MASK]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k[0], b & MASK, a >> 32 ^ c[3] ^ k[1], a & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def check_philox():
    rows = (pathlib.Path(__file__).parent / "philox.csv").read_text().split()[1:]
    for row in rows:
        word = [int(w, 16) for w in row.split(",")[1:]]
        counter, key, answer = word[:4], word[4:6], word[6:]
        join = lambda pair: pair[0] | pair[1] << 32
        assert philox(join(key), join(counter[:2]), join(counter[2:])) == answer


def words(key, element, stream):
    """Two words of 64 bits."""
    c = philox(key, element, stream)
    return c[0] | c[1] << 32, c[2] | c[3] << 32


def units(key, element, stream):
    return [(w >> 11) * 2.0**-53 for w in words(key, element, stream)]


def uniform(key, i):
    return units(key, i // 2, UNIFORM)[i % 2]


def gumbel(key, i):
    return -math.log(-math.log(((words(key, i // 2, GUMBEL)[i % 2] >> 12) + 0.5) * 2.0**-52))


def truncated(key, i, low, high):
    if high < 0:
        return -truncated(key, i, -high, -low)
    attempt = 0
    while True:
        u, v = units(key, i, TRUNCATED | attempt << 8)
        attempt += 1
        gauss = math.sqrt(-2 * math.log(1 - u)) * math.cos(2 * math.pi * v)
        width = high - low
        if (low <= 0 and width < 2.5) or (0 < low < 0.5 and width <= 1):
            x, mode = low + width * u, max(low, 0)
            accepted = v < math.exp((mode * mode - x * x) / 2)
        elif low >= 0.5:
            beyond = -math.log1p(u * math.expm1(-low * width)) / low
            x, accepted = low + beyond, v < math.exp(-beyond * beyond / 2)
        else:
            x = gauss if low <= 0 else abs(gauss)
            accepted = low <= x <= high
        if accepted:
            return x


def integer_below(key, i, n):
    """The upper part of a product with 128 random bits."""
    low, high = words(key, i, UNIFORM)
    return (low | high << 64) * n >> 128


def permutation(key, n):
    out = list(range(n))
    for i in range(n - 1, 0, -1):
        other = integer_below(key, i, i + 1)
        out[i], out[other] = out[other], out[i]
    return numpy.array(out, dtype="int64")


def categorical(key, logits, axis=-1, samples=None):
    lines = numpy.moveaxis(logits.astype("float64"), axis, -1)
    weights = numpy.exp(lines - lines.max(axis=-1, keepdims=True))
    sums = weights.cumsum(axis=-1)
    n = 1 if samples is None else samples
    shape = list(logits.shape)
    shape[axis] = n
    out = numpy.zeros(shape, dtype="int64")
    for i, at in enumerate(numpy.ndindex(*shape)):
        row = list(at)
        del row[axis % len(row)]
        line = sums[tuple(row)]
        out[at] = (line <= uniform(key, i) * line[-1]).sum()
    return out.squeeze(axis) if samples is None else out


def of_elements(n, draw):
    return numpy.array([draw(i) for i in range(n)])


def add_all(cases):
    check_philox()
    key = numpy.array(0x1234_5678_9ABC_DEF)
    negative = numpy.array(-7)
    for k in (key, negative):
        number = int(k) & (2**64 - 1)
        for dtype in ("float64", "float32"):
            cases.add(
                "gumbel",
                [k],
                lambda _: of_elements(40, lambda i: gumbel(number, i)),
                dtype=dtype,
                size=40,
            )
            for low, high in (
                (-2, 2),
                (-0.5, 1),
                (-9, 0.25),
                (0.25, 0.75),
                (0.25, 5),
                (3, 4),
                (40, 41),
                (-9, -8),
            ):
                cases.add(
                    "truncated_normal",
                    [k],
                    lambda _: of_elements(30, lambda i: 1 + 2 * truncated(number, i, low, high)),
                    dtype=dtype,
                    size=30,
                    mean=1.0,
                    deviation=2.0,
                    low=float(low),
                    high=float(high),
                )
        for n in (0, 1, 2, 7, 100):
            cases.add("permutation", [k], lambda _: permutation(number, n), size=n)
        for p in (0.0, 0.25, 0.75, 1.0):
            cases.add(
                "bernoulli",
                [k],
                lambda _: of_elements(50, lambda i: uniform(number, i) < p),
                size=50,
                p=p,
            )
        for dtype in ("float64", "float32"):
            p = numbers(40, low=0, high=1, dtype=dtype)
            cases.add(
                "bernoulli",
                [k, p],
                lambda _, p: of_elements(40, lambda i: uniform(number, i) < p[i]),
            )
            for shape, rest in (
                ((6, 4), {"axis": -1}),
                ((4, 6), {"axis": 0}),
                ((2, 5, 3), {"axis": 1, "samples": 7}),
                ((4,), {"axis": 0, "samples": 30}),
                ((4,), {"axis": 0}),
                ((3, 1), {"axis": 1, "samples": 2}),
                ((3, 2), {"axis": 1, "samples": 0}),
            ):
                logits = numbers(*shape, dtype=dtype)
                cases.add(
                    "categorical",
                    [k, logits],
                    lambda _, x: categorical(number, x, **rest),
                    **rest,
                )
