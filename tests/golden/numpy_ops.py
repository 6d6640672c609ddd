"""Writes ops/*.json: cases of all ops that the elementwise CSV files do not cover.

    python numpy_ops.py [FAMILY...]        (numpy; a second)

One file per family with an array of records, one record per line:

    {"op": "sum", "attributes": {"axes": [1], "keep_dims": true},
     "in": [tensor…], "out": [tensor…], "dout": [tensor…], "din": [tensor or null…]}
    {"op": "max", "attributes": {}, "in": [tensor…], "error": "ShapeError"}

A tensor is {"dtype": "float64", "shape": [2, 3], "data": [row-major…]}; bools are 0 and 1;
numbers that JSON lacks are the strings "nan", "inf", "-inf". "din" contains the gradients of the
operands for the cotangents "dout" of the results, null if not compared. "error" names the exception
that building or running the op throws.

Attributes: axes, keep_dims, ddof (variance), axis (argmax, argmin: absent for the flattened tensor;
concat, stack, unstack, split, softmax, log_softmax), sizes (split), shape (reshape, broadcast_to,
full), permutation (transpose; absent: reversed), starts, stops, steps (slice, as in numpy; null:
absent),
before, after, value (pad; value: full), classes (one_hot), size (iota), to (cast),
rtol, atol, equal_nan (isclose), alpha (celu).
subscripts (einsum), offset, rows, columns (tril, triu, diagonal, trace, diag, diag_embed), lower,
transposed, unit_diagonal (triangular_solve).
before, after, value (pad; value: full), classes (one_hot), size (iota), to (cast).
Attributes of scans, norms, losses, draws, orders and rearrangements are described in their scripts.

Results are computed in 80-bit floats and rounded once to the operands' dtype.
"""

import importlib
import pathlib
import sys

from cases import Cases

FAMILIES = (
    "pointwise",
    "reductions",
    "shapes",
    "networks",
    "algebra",
    "training",
    "normalizations",
    "attentions",
    "scans",
    "norms",
    "losses",
    "draws",
    "convolutions",
    "poolings",
    "indexing",
    "ordering",
    "rearranging",
    "einsums",
)


def main():
    for family in sys.argv[1:] or FAMILIES:
        cases = Cases()
        importlib.import_module(family).add_all(cases)
        path = pathlib.Path(__file__).parent / "ops" / f"{family}.json"
        cases.write(path)
        print(path.name, len(cases.records), "cases", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
