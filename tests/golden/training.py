"""Golden cases for the ops of optimisers, with default attributes."""

import numpy

from cases import numbers

RATE, SCALE, KEEP = 0.25, 0.5, 0.75


def adam(p, first, second, g, rate, scale, keep):
    beta1, beta2, epsilon = (numpy.float64(x) for x in (0.9, 0.999, 1e-8))
    m = first + (1 - beta1) * (g - first)
    v = beta2 * second + (1 - beta2) * g * g
    return keep * p - rate * m / (numpy.sqrt(v) / scale + epsilon), m, v


def rmsprop(p, square, g, rate, mean=None, velocity=None):
    decay, epsilon, momentum = (numpy.float64(x) for x in (0.99, 1e-8, 0.9))
    s, results = decay * square + (1 - decay) * g * g, []
    variance = s
    results.append(s)
    if mean is not None:
        m = mean + (1 - decay) * (g - mean)
        variance = numpy.where(s - m * m < 0, 0, s - m * m)
        results.append(m)
    step = g / (numpy.sqrt(variance) + epsilon)
    if velocity is not None:
        step = momentum * velocity + step
        results.append(step)
    return [p - rate * step, *results]


def add_steps(cases):
    draw = lambda **range: numbers(2, 3, **range)
    momentum = numpy.float64(0.9)
    squares = lambda: draw(low=3, high=4)
    cases.add("descend", [draw(), draw(), RATE], lambda p, g, r: p - r * g)
    cases.add(
        "descend_with_momentum",
        [draw(), draw(), draw(), RATE],
        lambda p, v, g, r: [p - r * (momentum * v + g), momentum * v + g],
    )
    cases.add("adam_step", [draw(), draw(), squares(), draw(), RATE, SCALE, KEEP], adam)
    cases.add("rmsprop_step", [draw(), squares(), draw(), RATE], rmsprop)
    cases.add(
        "centred_rmsprop_step",
        [draw(), squares(), draw(low=-1, high=1), draw(), RATE],
        lambda p, s, m, g, r: rmsprop(p, s, g, r, mean=m),
    )
    # a variance that is negative because of rounding or a foreign mean becomes 0
    cases.add(
        "centred_rmsprop_step",
        [numbers(3), [1.0, 2, 3], [4.0, 5, 6], [7.0, 8, 9], RATE],
        lambda p, s, m, g, r: rmsprop(p, s, g, r, mean=m),
    )
    cases.add(
        "rmsprop_step_with_momentum",
        [draw(), squares(), draw(), draw(), RATE],
        lambda p, s, v, g, r: rmsprop(p, s, g, r, velocity=v),
    )
    cases.add(
        "centred_rmsprop_step_with_momentum",
        [draw(), squares(), draw(low=-1, high=1), draw(), draw(), RATE],
        lambda p, s, m, v, g, r: rmsprop(p, s, g, r, mean=m, velocity=v),
    )


def add_norms(cases):
    norm = lambda *xs: numpy.sqrt(sum((x * x).sum() for x in xs))
    pullback = lambda d, *xs: [d * x / norm(*xs) for x in xs]
    for shapes in (((2, 3),), ((2, 3), (4,), (), (0, 2))):
        cases.add("global_norm", [numbers(*s) for s in shapes], norm, pullback)
    single = [numbers(3, dtype="float32"), numbers(2, dtype="float32")]
    cases.add("global_norm", single, norm, pullback, smooth=False)
    # squares beyond the dtype
    cases.add("global_norm", [numpy.array([3e30, 4e30], "float32")], norm)
    cases.add("global_norm", [[3e200, -4e200], [1e200]], norm, pullback, smooth=False)
    cases.add("global_norm", [[3e-200, -4e-200], [1e-200]], norm, pullback, smooth=False)
    cases.add("global_norm", [[5e-324, 0.0]], norm)
    cases.add("global_norm", [[numpy.inf, 1.0], [2.0]], norm)
    cases.add("global_norm", [[numpy.nan, numpy.inf], [2.0]], norm)
    cases.add("global_norm", [[0.0, -0.0]], norm)
    cases.error("global_norm", [numpy.arange(3)], "TypeError")


def add_adagrad(cases):
    def adagrad(p, square_sum, g, rate):
        s = square_sum + g * g
        return [p - rate * g / (numpy.sqrt(s) + numpy.float64(1e-10)), s]

    operands = [numbers(2, 3), numbers(2, 3, low=3, high=4), numbers(2, 3), RATE]
    cases.add("adagrad_step", operands, adagrad)


def add_all(cases):
    add_steps(cases)
    add_norms(cases)
    add_adagrad(cases)
