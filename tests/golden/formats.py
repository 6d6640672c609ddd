"""The two float formats: reading points, rounding mpmath numbers correctly, writing C hexfloats."""

import math
import struct
from dataclasses import dataclass

INF, NAN = math.inf, math.nan


@dataclass(frozen=True)
class Format:
    name: str
    digits: int  # binary digits of the significand
    lowest: int  # exponent of the smallest normal number
    highest: int  # exponent of the largest number
    code: str  # in the struct module

    def read(self, text):
        """The number of the format nearest to a decimal (or hexadecimal) text."""
        value = float.fromhex(text) if "0x" in text else float(text)
        return struct.unpack(self.code, struct.pack(self.code, value))[0]

    def rounded(self, x):
        """An mpmath number rounded to nearest, ties to even, subnormals and overflow included."""
        if x != x:
            return NAN
        if x in (INF, -INF):
            return float(x)
        sign, significand, exponent, length = x._mpf_
        top = exponent + length - 1
        quantum = max(top, self.lowest) - (self.digits - 1)
        shift = quantum - exponent
        if significand == 0 or shift > length + 1:
            return -0.0 if sign else 0.0
        if shift <= 0:
            count = int(significand) << -shift
        else:
            count, rest = divmod(int(significand), 1 << shift)
            half = 1 << (shift - 1)
            count += rest > half or (rest == half and count % 2 == 1)
        if count.bit_length() - 1 + quantum > self.highest:
            return -INF if sign else INF
        return math.ldexp(-count if sign else count, quantum)

    @property
    def epsilon(self):
        return 2.0 ** (1 - self.digits)

    @property
    def smallest_normal(self):
        return 2.0**self.lowest


FLOAT32 = Format("float32", 24, -126, 127, "<f")
FLOAT64 = Format("float64", 53, -1022, 1023, "<d")


def hexfloat(x):
    """A C hexfloat without redundant zeros; empty for None (not compared)."""
    if x is None:
        return ""
    text = x.hex()
    if "0x" not in text:
        return text
    significand, exponent = text.split("p")
    if "." in significand:
        significand = significand.rstrip("0").rstrip(".")
    return f"{significand}p{exponent}"
