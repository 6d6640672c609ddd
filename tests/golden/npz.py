"""Writes npz/{savez,compressed,narrow}.npz as numpy does, and reads npz/dagrad.npz.

    python npz.py        (numpy)

The arrays are those of npy.py. dagrad.npz contains the same arrays, written by write_npz: dagrad's
tests compare the bytes, and this script checks that numpy reads them.
"""

import numpy as np

from npy import FOLDER as NPY
from npy import array

FOLDER = NPY.parent / "npz"
ARRAYS = {
    "hidden/w": array("float64", (2, 3, 4)),
    "hidden/b": array("float32", (5,)),
    "flags": array("bool", (3, 2)),
    "step": array("int64", ()),
    "nothing": array("int32", (0, 3)),
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    np.savez(FOLDER / "savez.npz", **ARRAYS)
    np.savez_compressed(FOLDER / "compressed.npz", **ARRAYS)
    np.savez(FOLDER / "narrow.npz", w=array("float16", (2, 2)), step=np.uint8(200))
    with np.load(FOLDER / "dagrad.npz") as file:
        assert sorted(file) == sorted(ARRAYS), sorted(file)
        for name, wanted in ARRAYS.items():
            got = file[name]
            assert got.dtype == wanted.dtype and got.shape == wanted.shape, name
            assert np.array_equal(got, wanted), name
