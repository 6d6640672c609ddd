"""The forms of unary elementwise ops and of their functions."""

from dataclasses import dataclass, field
from typing import Callable

import mpmath as mp

from formats import NAN

NOTHING = (NAN, NAN, NAN)


@dataclass(frozen=True)
class Unary:
    formulas: tuple  # mpf → value, first and second derivative
    minus_infinity: tuple
    plus_infinity: tuple
    nan: tuple = NOTHING
    edges: dict = field(default_factory=dict)  # operand as text ("0", "-0", "1") → fields
    domain: Callable = lambda x: True
    outside: tuple = NOTHING
    signed_zero: bool = False  # a zero result takes the operand's sign
    points: tuple = ()  # texts, in addition to those of every op
    float32_points: tuple = ()
    oracle: str = ""  # its name in numpy or scipy


def odd(function):
    """The formulas of a function that mpmath computes better to the right of 0."""
    return lambda x: function(x) if x >= 0 else -function(-x)


def between(low, high, left, middle, right):
    """Three pieces; at `low` and `high`, the outer ones count, including their slopes."""
    return lambda x: left(x) if x <= low else right(x) if x >= high else middle(x)


def piece(right, left):
    """A function of two pieces that meet at 0, where the left one counts."""
    return lambda x: right(x) if x > 0 else left(x)


def constant(c):
    return lambda x: mp.mpf(c)


def parts(function):
    return tuple(lambda x, i=i: function(x)[i] for i in range(3))
