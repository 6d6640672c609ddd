"""Writes npy/*.npy: arrays as numpy saves them.

    python npy.py        (numpy, ml_dtypes)

Element i, in row-major order, is (7 i mod 11) - 5, of floats its quarter, of bools whether it is
positive; unsigned ints wrap around. Files are named by dtype and by what is special about them.
"""

import pathlib

import ml_dtypes
import numpy as np
from numpy.lib import format as npy

DTYPES = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")
WIDENED = ("uint16", "uint32")  # dagrad has no dtype for these
FOLDER = pathlib.Path(__file__).parent / "npy"


def array(dtype, shape):
    numbers = (7 * np.arange(np.prod(shape, dtype=int)) % 11 - 5).reshape(shape)
    if dtype == "bool":
        return numbers > 0
    return (numbers / 4 if dtype.startswith("float") else numbers).astype(dtype)


def save(name, numbers, version=(1, 0)):
    with open(FOLDER / f"{name}.npy", "wb") as file:
        npy.write_array(file, np.asanyarray(numbers), version)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for dtype in DTYPES + WIDENED:
        cube = array(dtype, (2, 3, 4))
        save(f"{dtype}", cube)
        save(f"{dtype}_fortran", np.asfortranarray(cube))
        if cube.itemsize > 1:
            save(f"{dtype}_big_endian", cube.astype(cube.dtype.newbyteorder(">")))
    np.save(FOLDER / "bfloat16", array("float32", (2, 3, 4)).astype(ml_dtypes.bfloat16))
    save("float64_scalar", array("float64", ()))
    save("float64_vector", array("float64", (5,)))
    save("float64_empty", array("float64", (3, 0)))
    save("float64_rank_8", array("float64", (1, 2, 1, 2, 1, 1, 3, 1)))
    save("float64_version_2", array("float64", (2, 3)), (2, 0))
    save("float64_version_3", array("float64", (2, 3)), (3, 0))
    save("int32_both_ends", np.asfortranarray(array("int32", (3, 4))).astype(">i4", order="K"))
    save("float64_odd", np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324]))
