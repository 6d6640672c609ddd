"""Golden cases of the normalisations, compared with torch.nn.functional in float64."""

import numpy
import torch
from torch.nn import functional

from cases import WIDE, numbers


def moments(x, axes):
    mean = x.mean(axis=axes, keepdims=True)
    return mean, ((x - mean) ** 2).mean(axis=axes, keepdims=True)


def standardize(x, axes, epsilon):
    mean, variance = moments(x, axes)
    return (x - mean) / numpy.sqrt(variance + epsilon)


def standardize_pullback(d, x, axes, epsilon):
    _, variance = moments(x, axes)
    y = standardize(x, axes, epsilon)
    average = lambda v: v.mean(axis=axes, keepdims=True)
    return (d - average(d) - y * average(d * y)) / numpy.sqrt(variance + epsilon)


def root_mean_square(x, axes, epsilon):
    return numpy.sqrt((x**2).mean(axis=axes, keepdims=True) + epsilon)


def rms_pullback(d, x, axes, epsilon):
    r = root_mean_square(x, axes, epsilon)
    return (d - x * (d * x).mean(axis=axes, keepdims=True) / r**2) / r


def assert_torch(reference, function, operands):
    """Compares with a reference in float64, which takes and returns torch tensors."""
    theirs = reference(*(torch.tensor(numpy.asarray(x, dtype="float64")) for x in operands))
    ours = function(*(numpy.asarray(x, dtype=WIDE) for x in operands))
    assert numpy.allclose(theirs.numpy(), ours.astype("float64"), rtol=1e-10, atol=1e-12)


def add_standardize(cases):
    for shape, axes, epsilon, dtype in (
        ((2, 5), (1,), 1e-5, "float64"),
        ((4, 3), (0,), 0.25, "float64"),
        ((2, 3, 2, 2), (0, 2, 3), 1e-3, "float64"),
        ((3, 2, 4), (1, 2), 0.0, "float32"),
    ):
        x = numbers(*shape, dtype=dtype)

        def centred(x):
            mean, variance = moments(x, axes)
            return [standardize(x, axes, epsilon), variance, mean]

        def centred_pullback(d, dvariance, dmean, x):
            n = x.size / dmean.size
            rest = (dmean + 2 * dvariance * (x - moments(x, axes)[0])) / n
            return [standardize_pullback(d, x, axes, epsilon) + rest]

        def square(x):
            r = root_mean_square(x, axes, epsilon)
            return [x / r, (x**2).mean(axis=axes, keepdims=True)]

        def square_pullback(d, dsquare, x):
            return [rms_pullback(d, x, axes, epsilon) + 2 * dsquare * x / (x.size / dsquare.size)]

        attributes = {"axes": list(axes), "epsilon": epsilon}
        cases.add("standardize", [x], centred, centred_pullback, **attributes, centred=True)
        cases.add("standardize", [x], square, square_pullback, **attributes, centred=False)
    for shape, axes in (((3, 0), [1]), ((2, 3), [2])):
        cases.error(
            "standardize", [numpy.zeros(shape)], "ShapeError", axes=axes, epsilon=0.1, centred=True
        )


def channels(v, x):
    return v.reshape((-1,) + (1,) * (x.ndim - 2))


def over_channels(v):
    return v.sum(axis=tuple(i for i in range(v.ndim) if i != 1))


def add_batch_norm(cases):
    for shape, momentum, epsilon, dtype in (
        ((4, 3), 0.1, 1e-5, "float64"),
        ((2, 3, 4), 0.25, 1e-3, "float64"),
        ((2, 3, 2, 2), 0.0, 0.5, "float64"),
        ((1, 2, 2, 3), 1.0, 1e-5, "float32"),
        ((3, 0, 2), 0.1, 1e-5, "float64"),
    ):
        axes = (0,) + tuple(range(2, len(shape)))
        n = numpy.prod(shape) / max(shape[1], 1) or 6
        c = shape[1]
        operands = [numbers(*shape, dtype=dtype)] + [numbers(c, dtype=dtype) for _ in range(3)]
        operands.append(numbers(c, low=0.5, high=2, dtype=dtype))

        def training(x, scale, shift, mean, variance):
            return standardize(x, axes, epsilon) * channels(scale, x) + channels(shift, x)

        def training_pullback(d, x, scale, shift, mean, variance):
            dx = standardize_pullback(d * channels(scale, x), x, axes, epsilon)
            y = standardize(x, axes, epsilon)
            return [dx, over_channels(d * y), over_channels(d), None, None]

        def statistics(x, scale, shift, mean, variance):
            m, v = moments(x, axes)
            v = v.ravel() * n / (n - 1)
            return [
                (1 - WIDE(momentum)) * mean + WIDE(momentum) * m.ravel(),
                (1 - WIDE(momentum)) * variance + WIDE(momentum) * v,
            ]

        def inference(x, scale, shift, mean, variance):
            r = 1 / numpy.sqrt(channels(variance, x) + epsilon)
            return (x - channels(mean, x)) * r * channels(scale, x) + channels(shift, x)

        def inference_pullback(d, x, scale, shift, mean, variance):
            r = 1 / numpy.sqrt(variance + epsilon)
            dx = d * channels(r * scale, x)
            dscale = over_channels(d * (x - channels(mean, x))) * r
            dvariance = -dscale * scale * r**2 / 2
            return [dx, dscale, over_channels(d), -over_channels(dx), dvariance]

        attributes = {"momentum": momentum, "epsilon": epsilon}
        cases.add("batch_norm", operands, training, training_pullback, **attributes)
        cases.add("batch_norm_statistics", operands, statistics, **attributes)
        cases.add(
            "batch_norm_inference", operands, inference, inference_pullback, epsilon=epsilon
        )
        if c == 0:
            continue

        def theirs(x, scale, shift, mean, variance, train=True):
            return functional.batch_norm(
                x, mean, variance, scale, shift, train, momentum, epsilon
            )

        def their_statistics(i):
            def run(*tensors):
                theirs(*tensors)
                return tensors[3 + i]

            return run

        assert_torch(theirs, training, operands)
        assert_torch(lambda *t: theirs(*t, train=False), inference, operands)
        for i in range(2):
            assert_torch(their_statistics(i), lambda *x: statistics(*x)[i], operands)


def add_layer_norms(cases):
    for shape, k, epsilon, dtype in (
        ((3, 5), 1, 1e-5, "float64"),
        ((2, 3, 4), 2, 0.5, "float64"),
        ((4,), 1, 1e-3, "float64"),
        ((2, 2, 3), 1, 1e-5, "float32"),
        ((0, 3), 1, 1e-5, "float64"),
    ):
        axes = tuple(range(len(shape) - k, len(shape)))
        outer = tuple(range(len(shape) - k))
        x, scale, shift = (numbers(*s, dtype=dtype) for s in (shape, shape[-k:], shape[-k:]))
        attributes = {"axes": k, "epsilon": epsilon}
        plain = lambda x: standardize(x, axes, epsilon)
        scaled = lambda x, scale, shift: plain(x) * scale + shift
        rms = lambda x: x / root_mean_square(x, axes, epsilon)
        cases.add(
            "layer_norm",
            [x],
            plain,
            lambda d, x: [standardize_pullback(d, x, axes, epsilon)],
            **attributes,
        )
        cases.add(
            "layer_norm",
            [x, scale, shift],
            scaled,
            lambda d, x, scale, shift: [
                standardize_pullback(d * scale, x, axes, epsilon),
                (d * plain(x)).sum(axis=outer),
                d.sum(axis=outer),
            ],
            **attributes,
        )
        cases.add("rms_norm", [x], rms, lambda d, x: [rms_pullback(d, x, axes, epsilon)], **attributes)
        cases.add(
            "rms_norm",
            [x, scale],
            lambda x, scale: rms(x) * scale,
            lambda d, x, scale: [
                rms_pullback(d * scale, x, axes, epsilon),
                (d * rms(x)).sum(axis=outer),
            ],
            **attributes,
        )
        theirs = lambda x, scale, shift: functional.layer_norm(x, shape[-k:], scale, shift, epsilon)
        assert_torch(theirs, scaled, [x, scale, shift])
        assert_torch(
            lambda x, scale: functional.rms_norm(x, shape[-k:], scale, epsilon),
            lambda x, scale: rms(x) * scale,
            [x, scale],
        )


def add_group_norm(cases):
    for shape, groups, epsilon, dtype in (
        ((2, 4, 3), 2, 1e-5, "float64"),
        ((2, 6), 3, 0.5, "float64"),
        ((2, 3, 2, 2), 3, 1e-3, "float64"),
        ((1, 4, 2, 2), 1, 1e-5, "float32"),
        ((0, 4, 2), 2, 1e-5, "float64"),
    ):
        grouped = lambda v: v.reshape(shape[0], groups, shape[1] // groups, *shape[2:])
        axes = tuple(range(2, len(shape) + 1))
        x, scale, shift = (numbers(*s, dtype=dtype) for s in (shape, shape[1:2], shape[1:2]))
        plain = lambda x: standardize(grouped(x), axes, epsilon).reshape(shape)
        pullback = lambda d, x: standardize_pullback(grouped(d), grouped(x), axes, epsilon).reshape(
            shape
        )
        scaled = lambda x, scale, shift: plain(x) * channels(scale, x) + channels(shift, x)
        attributes = {"groups": groups, "epsilon": epsilon}
        cases.add("group_norm", [x], plain, lambda d, x: [pullback(d, x)], **attributes)
        cases.add(
            "group_norm",
            [x, scale, shift],
            scaled,
            lambda d, x, scale, shift: [
                pullback(d * channels(scale, x), x),
                over_channels(d * plain(x)),
                over_channels(d),
            ],
            **attributes,
        )
        if shape[0]:
            theirs = lambda x, scale, shift: functional.group_norm(x, groups, scale, shift, epsilon)
            assert_torch(theirs, scaled, [x, scale, shift])


def add_elementwise(cases):
    for dtype in ("float64", "float32"):
        x, mean, scale, shift = (numbers(2, 3, dtype=dtype) for _ in range(4))
        cases.add(
            "scale_shift",
            [x, scale, shift],
            lambda x, scale, shift: x * scale + shift,
            lambda d, x, scale, shift: [d * scale, d * x, d],
        )
        cases.add(
            "normalize",
            [x, mean, scale, shift],
            lambda x, mean, scale, shift: (x - mean) * scale + shift,
            lambda d, x, mean, scale, shift: [d * scale, -d * scale, d * (x - mean), d],
        )


def add_all(cases):
    add_standardize(cases)
    add_elementwise(cases)
    add_batch_norm(cases)
    add_layer_norms(cases)
    add_group_norm(cases)
