"""Writes elementwise_{unary,binary}_{float32,float64}.csv: the results of elementwise ops.

    python elementwise.py        (numpy, scipy, mpmath; a minute)

Columns: op,dtype,a,b,value,da,db,daa,dab,dbb. Numbers are C hexfloats, inf, -inf or nan; an empty
field does not apply (b, db, dab, dbb of a unary op) or is not compared. Operands are numbers of the
dtype; results are correctly rounded to it from 3,000 binary digits, so that the only error in a
comparison is that of the op. Ties, kinks and edges follow the conventions in unary.py,
activations.py and binary.py. The sign of a zero in a derivative column tells from which side it is
reached and is not guaranteed. Operands at which a derivative crosses zero are left out, because no
formula is accurate there in relative terms.

The script checks its own closed forms: it compares derivatives with mpmath's numerical ones at
ordinary points, and values with numpy and scipy at every operand, within 4 epsilons.
"""

import math
import pathlib

import mpmath as mp
import numpy
import scipy.special

import binary
import unary
from formats import FLOAT32, FLOAT64, INF, hexfloat

mp.mp.prec = 3000

ORDINARY = ("0.1", "0.3", "0.6", "0.9", "1.1", "2", "3", "3.7", "5", "7.25", "20", "25")
HARD = {
    "float64": (
        "1e-8",
        "1",
        "12",
        "40",
        "100",
        "710",
        "800",
        "1e155",
        "1.7976931348623157e308",
        "2.2250738585072014e-308",
        "1e-310",
        "5e-324",
    ),
    "float32": (
        "1e-4",
        "1",
        "12",
        "40",
        "88",
        "100",
        "710",
        "800",
        "1e19",
        "3.4028235e38",
        "1.17549435e-38",
        "1e-40",
        "1e-45",
    ),
}
GRID = {
    "float64": (
        "0",
        "-0",
        "1e-310",
        "0.6",
        "-1",
        "1",
        "-2.5",
        "3",
        "40",
        "-710",
        "1e155",
        "inf",
        "-inf",
    ),
    "float32": (
        "0",
        "-0",
        "1e-40",
        "0.6",
        "-1",
        "1",
        "-2.5",
        "3",
        "40",
        "-88",
        "1e19",
        "inf",
        "-inf",
    ),
}
CLIPPED = (
    ("e-200", "e-30"),
    ("e-300", "e-38"),
    ("e150", "e18"),
    ("e155", "e19"),
    ("e300", "e38"),
)
STEPPED = ("remainder", "floor_divide", "copysign")  # computed as floats
WITH_NAN = (
    ("nan", "1"),
    ("1", "nan"),
    ("nan", "nan"),
    ("nan", "0"),
    ("0", "nan"),
    ("-2", "nan"),
    ("nan", "-inf"),
    ("inf", "nan"),
)


def finish(fields, fmt):
    """Fields as numbers of the format; floats are edges and must survive rounding."""
    return [
        None if f is None else fmt.rounded(mp.mpf(f)) if f != 0 or isinstance(f, mp.mpf) else f
        for f in fields
    ]


def with_sign(value, like):
    return math.copysign(value, like) if value == 0 else value


def unary_fields(op, x, fmt):
    if math.isnan(x):
        return finish(op.nan, fmt)
    if math.isinf(x):
        return finish(op.plus_infinity if x > 0 else op.minus_infinity, fmt)
    for text, fields in op.edges.items():
        if x == float(text) and math.copysign(1, x) == math.copysign(1, float(text)):
            return finish(fields, fmt)
    if not op.domain(x):
        return finish(op.outside, fmt)
    fields = finish([formula(mp.mpf(x)) for formula in op.formulas], fmt)
    if op.signed_zero:
        fields[0] = with_sign(fields[0], x)
    return fields


def binary_fields(op, a, b, fmt):
    fields = op.edge(a, b)
    return finish(fields if fields is not None else op.formulas(mp.mpf(a), mp.mpf(b)), fmt)


def unary_operands(op, fmt):
    extra = op.points if fmt is FLOAT64 else op.float32_points
    texts = ("0", "-0", "inf", "-inf", "nan") + extra
    texts += tuple(s + t for t in HARD[fmt.name] + ORDINARY for s in ("", "-"))
    return dict.fromkeys(hexfloat(fmt.read(t)) for t in texts)


def clipped(text):
    """The text of a float64 with an exponent that float32 has."""
    for wide, narrow in CLIPPED:
        text = text.replace(wide, narrow)
    return text


def binary_operands(op, fmt):
    grid = GRID[fmt.name]
    pairs = [(a, b) for a in grid for b in grid] + list(WITH_NAN) + list(op.points)
    if fmt is FLOAT32:
        pairs = [(clipped(a), clipped(b)) for a, b in pairs]
    return dict.fromkeys((hexfloat(fmt.read(a)), hexfloat(fmt.read(b))) for a, b in pairs)


def rows(fmt, arity):
    table = unary.table(fmt.read("0.01")) if arity == 1 else binary.TABLE
    for name, op in table.items():
        for operands in (unary_operands if arity == 1 else binary_operands)(op, fmt):
            if arity == 1:
                value, d1, d2 = map(hexfloat, unary_fields(op, float.fromhex(operands), fmt))
                yield name, fmt.name, operands, "", value, d1, "", d2, "", ""
            else:
                fields = binary_fields(op, *map(float.fromhex, operands), fmt)
                yield name, fmt.name, *operands, *map(hexfloat, fields)


def library(name):
    return scipy.special.__dict__[name[8:]] if name.startswith("special.") else getattr(numpy, name)


def check_value(row, fmt, oracle):
    """Compares the value with numpy or scipy at every operand, including special ones."""
    operands, value = [float.fromhex(x) for x in row[2:4] if x], row[4]
    if not value:
        return
    value, kind = float.fromhex(value), numpy.float32 if fmt is FLOAT32 else numpy.float64
    with numpy.errstate(all="ignore"):
        theirs = float(library(oracle)(*map(kind, operands)))
    flushed = fmt.smallest_normal * (
        1 if oracle.startswith("special.") else fmt.epsilon
    )  # scipy drops subnormals
    near = abs(theirs - value) <= max(4 * fmt.epsilon * abs(value), flushed)
    assert near or theirs == value or (theirs != theirs and value != value), (row, theirs)


def check_derivatives(name, function, point, closed_forms):
    for order, closed in closed_forms:
        with mp.workprec(600):
            numeric = mp.diff(function, point, order)
        assert abs(numeric - closed) <= mp.mpf(10) ** -40 * (1 + abs(closed)), (name, point, order)


def check_closed_forms():
    """Compares derivatives with numerical ones at ordinary points, except integers (floor jumps)."""
    for name, op in unary.table(0.01).items():
        for x in (sign * mp.mpf(text) for text in ORDINARY if "." in text for sign in (1, -1)):
            if op.domain(x):
                check_derivatives(name, op.formulas[0], x, [(i, op.formulas[i](x)) for i in (1, 2)])
    pairs = [
        (mp.mpf(a), mp.mpf(b))
        for a in ("0.3", "2.2", "-3.1", "5.7")
        for b in ("0.7", "1.9", "-2.6", "7")
    ]
    orders = ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
    for name, op in binary.TABLE.items():
        for a, b in pairs:
            if name not in STEPPED and not (name == "pow" and a < 0):
                check_derivatives(
                    name, lambda *p: op.formulas(*p)[0], (a, b), zip(orders, op.formulas(a, b)[1:])
                )


def main():
    check_closed_forms()
    for fmt in (FLOAT32, FLOAT64):
        for arity, kind in ((1, "unary"), (2, "binary")):
            table = unary.table(0.01) if arity == 1 else binary.TABLE
            lines = ["op,dtype,a,b,value,da,db,daa,dab,dbb"]
            for row in rows(fmt, arity):
                if table[row[0]].oracle:
                    check_value(row, fmt, table[row[0]].oracle)
                lines.append(",".join(row))
            path = pathlib.Path(__file__).with_name(f"elementwise_{kind}_{fmt.name}.csv")
            path.write_text("\n".join(lines) + "\n")
            print(path.name, len(lines) - 1, "rows", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
