#pragma once

#include <cstdint>
#include <functional>

#include "dagrad/config.hpp"
#include "dagrad/tensor.hpp"

/// Initial values of weights. They depend on the key, the shape and the options alone, and are the
/// same to the bit on every machine and on any thread: only additions, products, quotients and
/// square roots are used, which IEEE 754 defines exactly. Those of float32 are those of float64,
/// rounded.
namespace dagrad {

/// Draws the initial value of a parameter of this type from a key; any function with these operands
/// will do. Those of `initializers` throw TypeError unless the dtype is float32 or float64, and
/// ArgumentError if an element is beyond its range.
using Initializer = std::function<Tensor(const Type& type, std::int64_t key)>;

/// How many elements contribute to one output of a layer, and to how many outputs one of its inputs
/// contributes.
struct Fans {
  double in = 0, out = 0;
};
/// The fans of weights [in, out], or of a convolution's kernel [out, in, ...], where the sizes of
/// the kernel count too. Throws ShapeError for fewer than two axes.
Fans fans(const Shape& shape);

/// Each of these throws ArgumentError if a number is not finite or out of range. Below, `in` and
/// `out` are the `fans` of the weights; those that use them need at least two axes and throw
/// ShapeError otherwise, as does `orthogonal`.
namespace initializers {

/// Every element is `value`.
Initializer constant(double value, Location where = Location::here());
/// Uniform in [low, high), low < high.
Initializer uniform(double low, double high, Location where = Location::here());
/// Normal; the deviation is at least 0.
Initializer normal(double mean, double deviation, Location where = Location::here());
/// Normal, conditional on lying within two deviations of the mean. The result has 0.8796 times the
/// deviation given.
Initializer truncated_normal(double mean, double deviation, Location where = Location::here());

/// Variance gain² · 2 / (in + out), uniform or normal (Glorot and Bengio 2010): a compromise which
/// keeps the variance of activations and of gradients near 1 if the activation is the identity near
/// 0, as tanh is. For sigmoid, whose slope at 0 is 1/4, a gain of 4 does the same.
Initializer glorot_uniform(double gain = 1, Location where = Location::here());
Initializer glorot_normal(double gain = 1, Location where = Location::here());
/// Variance 2 / ((1 + slope²) · in), uniform or normal (He et al. 2015): keeps the mean square of
/// activations through `relu`, or through `leaky_relu` with this slope.
Initializer he_uniform(double slope = 0, Location where = Location::here());
Initializer he_normal(double slope = 0, Location where = Location::here());
/// Variance 1 / in, uniform or normal (LeCun et al. 1998): keeps the variance of activations
/// through linear layers, and is what `selu` needs (Klambauer et al. 2017).
Initializer lecun_uniform(Location where = Location::here());
Initializer lecun_normal(Location where = Location::here());

/// gain times a random matrix with orthonormal rows or columns, whichever are fewer, uniformly
/// distributed over all such matrices (Saxe et al. 2014). Weights with more than two axes are
/// flattened to [first axis, others]. Takes time in proportion to rows · columns · min(rows,
/// columns): a second or so for [1024, 1024].
Initializer orthogonal(double gain = 1, Location where = Location::here());

}  // namespace initializers

}  // namespace dagrad
