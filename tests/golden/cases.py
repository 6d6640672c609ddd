"""Helpers for the golden cases of ops that are not elementwise."""

import json
import math

import numpy

WIDE = numpy.longdouble
random = None


def numbers(*shape, low=-2, high=2, dtype="float64"):
    """Random numbers with three decimals: short to write, and not special."""
    return numpy.round(random.uniform(low, high, size=shape), 3).astype(dtype)


def wide(x):
    """Converts floats to 80 bits, so that results are nearly exact; leaves other types unchanged."""
    x = numpy.asarray(x)
    return x.astype(WIDE) if x.dtype.kind == "f" else x


def narrow(x, dtype):
    with numpy.errstate(over="ignore"):
        return numpy.asarray(x).astype(dtype)


def undo_broadcast(gradient, shape):
    """Sums a gradient to the shape that was broadcast."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    return gradient.sum(axis=stretched, keepdims=True) if stretched else gradient


def element(x):
    if isinstance(x, float) and not math.isfinite(x):
        return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"
    return x


def tensor(x):
    x = numpy.asarray(x)
    values = (
        x.astype("int64") if x.dtype == bool else x.astype("float64") if x.dtype.kind == "f" else x
    )
    return {
        "dtype": x.dtype.name,
        "shape": list(x.shape),
        "data": [element(v) for v in values.ravel().tolist()],
    }


def check_pullback(op, function, operands, dout, din):
    """Along one random direction, by central differences in wide floats.

    Large operands and empty ones have none to speak of.
    """

    def seeded(step):
        moved = [x + step * v if v is not None else x for x, v in zip(operands, direction)]
        results = function(*moved)
        results = results if isinstance(results, (list, tuple)) else [results]
        return sum((wide(d) * r).sum() for d, r in zip(dout, results))

    direction = [None if d is None else wide(numbers(*x.shape)) for d, x in zip(din, operands)]
    if any(x.dtype.kind == "f" and not (x.size and abs(x).max() < 1e4) for x in operands):
        return
    step = WIDE(2) ** -16
    numeric = (4 * (seeded(step / 2) - seeded(-step / 2)) - (seeded(step) - seeded(-step)) / 2) / (
        3 * step
    )
    closed = sum((d * v).sum() for d, v in zip(din, direction) if d is not None)
    assert abs(numeric - closed) <= 1e-10 * (1 + abs(closed)), (op, operands, numeric, closed)


class Cases:
    """Collects records.

    `add` takes operands, the op in wide floats, and its pullback if one is wanted: a function of
    the cotangents and operands that gives one gradient per operand, None where not compared. It is
    held against finite differences unless the case sits on a kink (`smooth` is False).
    """

    def __init__(self):
        global random
        random = numpy.random.default_rng(20240414)  # each family has its own numbers
        self.records = []

    def add(self, op, operands, function, pullback=None, dtype=None, smooth=True, **attributes):
        operands = [numpy.asarray(x) for x in operands]
        with numpy.errstate(all="ignore"):
            results = function(*map(wide, operands))
            results = results if isinstance(results, (list, tuple)) else [results]
            float_dtype = next(
                (x.dtype for x in operands if x.dtype.kind == "f"), numpy.dtype("float64")
            )
            out = [
                narrow(
                    r,
                    dtype
                    or (
                        float_dtype
                        if numpy.asarray(r).dtype.kind == "f"
                        else numpy.asarray(r).dtype
                    ),
                )
                for r in results
            ]
            record = self.record(op, operands, attributes, out=[tensor(x) for x in out])
            if pullback:
                dout = [numbers(*x.shape, dtype=x.dtype) for x in out]
                din = pullback(*map(wide, dout), *map(wide, operands))
                din = [None if d is None else numpy.asarray(d) for d in din]
                for d, x in zip(din, operands, strict=True):
                    assert d is None or d.shape == x.shape, (op, d.shape, x.shape)
                if smooth:
                    check_pullback(op, function, [wide(x) for x in operands], dout, din)
                record["dout"] = [tensor(x) for x in dout]
                record["din"] = [
                    None if d is None else tensor(narrow(d, x.dtype)) for d, x in zip(din, operands)
                ]
        self.records.append(record)

    def error(self, op, operands, kind, **attributes):
        self.records.append(self.record(op, map(numpy.asarray, operands), attributes, error=kind))

    @staticmethod
    def record(op, operands, attributes, **rest):
        return {"op": op, "attributes": attributes, "in": [tensor(x) for x in operands], **rest}

    def write(self, path):
        path.write_text(
            "[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in self.records) + "\n]\n"
        )
