"""Weights and data by a formula, the same bits as in tests/models/weights.hpp, and the
format of the files: {"float32": [the loss before each step], "float64": [...]}."""

import json
import pathlib

import numpy


def bits_at(seed, count):
    """The bits of stream `seed`: the finalizer of SplitMix64 (Steele, Lea and Flood 2014)."""
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(seed << 32) + numpy.arange(1, count + 1, dtype=numpy.uint64)
        z = z * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        return z ^ (z >> numpy.uint64(31))


def uniform_at(seed, shape, bound, dtype):
    """Uniform in [-bound, bound), computed in float64 and rounded to the dtype."""
    bits = bits_at(seed, int(numpy.prod(shape, dtype=int)))
    values = bound * ((bits >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-52 - 1)
    return values.reshape(shape).astype(dtype)


def integers_at(seed, shape, end):
    """Integers in [0, end)."""
    bits = bits_at(seed, int(numpy.prod(shape, dtype=int)))
    return (bits % numpy.uint64(end)).astype(numpy.int64).reshape(shape)


def write_losses(model, losses_in):
    """Writes <model>.json; losses_in(dtype name) returns the losses of twenty steps."""
    losses = {dtype: [float(x) for x in losses_in(dtype)] for dtype in ("float32", "float64")}
    assert all(len(values) == 20 for values in losses.values())
    path = pathlib.Path(__file__).with_name(f"{model}.json")
    path.write_text(json.dumps(losses, indent=1) + "\n")
