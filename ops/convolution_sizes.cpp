#include "ops/convolution_sizes.hpp"

#include <string>

#include "dagrad/error.hpp"

namespace dagrad {

namespace {

using Sizes = kernels::ConvolutionSizes;
using Numbers = std::span<const std::int64_t>;

/// With one spatial axis, that axis is the width of an image one pixel high.
std::size_t place(int axis, int spatial) { return static_cast<std::size_t>(axis + 2 - spatial); }

/// Checks that the operands have the ranks of images and kernels; `what` is the first.
int spatial_axes(const char* what, const Shape& x, const Shape& kernel) {
  if (x.rank() < 3 || x.rank() > 4 || kernel.rank() != x.rank())
    throw ShapeError("needs " + std::string(what) +
                     " and kernel with 1 or 2 spatial axes after two others, got " + to_string(x) +
                     " and " + to_string(kernel));
  return x.rank() - 2;
}

/// A product of sizes, saturated at a size that no shape accepts.
std::int64_t times(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t most = std::int64_t{1} << 60;
  return a > 0 && b > most / a ? most : a * b;
}

/// Everything but the channels and the sizes of the images.
Sizes sizes_of(const Convolution& options, const Shape& x, const Shape& kernel, int spatial) {
  Sizes s;
  s.batch = x[0];
  s.groups = options.groups;
  if (s.groups < 1)
    throw ArgumentError("groups must be at least 1, got " + std::to_string(s.groups));
  s.in = s.out = s.kernel = {1, 1};
  s.stride = spatial_numbers("stride", options.stride, spatial, 1, 1);
  s.padding = spatial_numbers("padding", options.padding, spatial, 0, 0);
  s.dilation = spatial_numbers("dilation", options.dilation, spatial, 1, 1);
  for (int axis = 0; axis < spatial; ++axis) {
    s.kernel[place(axis, spatial)] = kernel[axis + 2];
    if (kernel[axis + 2] == 0)
      throw ShapeError("the kernel " + to_string(kernel) + " has an axis of size 0");
  }
  s.out_channels = kernel[0];
  s.in_channels = times(kernel[1], s.groups);
  if (s.out_channels % s.groups != 0)
    throw ShapeError(std::to_string(s.groups) + " groups do not divide the " +
                     std::to_string(s.out_channels) + " rows of the kernel " + to_string(kernel));
  return s;
}

/// The distance from the first to the last tap of a kernel, both included.
std::int64_t reach(const Sizes& s, std::size_t i) {
  return times(s.kernel[i] - 1, s.dilation[i]) + 1;
}

Shape shape_of(const Sizes& s, int spatial, std::int64_t channels,
               const std::array<std::int64_t, 2>& picture) {
  if (spatial == 1) return {s.batch, channels, picture[1]};
  return {s.batch, channels, picture[0], picture[1]};
}

}  // namespace

std::array<std::int64_t, 2> spatial_numbers(const char* name, Numbers given, int spatial,
                                            std::int64_t least, std::int64_t unused) {
  const auto axes = static_cast<std::size_t>(spatial);
  if (given.size() != 1 && given.size() != axes)
    throw ArgumentError(std::string(name) + " needs one number, or one for each of " +
                        std::to_string(axes) + " spatial axes, got " +
                        attribute_text(std::vector(given.begin(), given.end())));
  std::array<std::int64_t, 2> all{unused, unused};
  for (int axis = 0; axis < spatial; ++axis) {
    const std::int64_t n = given[given.size() == 1 ? 0 : static_cast<std::size_t>(axis)];
    constexpr std::int64_t most = std::int64_t{1} << 31;
    if (n < least || n > most)
      throw ArgumentError(
          std::string(name) + " must be at " +
          (n < least ? "least " + std::to_string(least) : "most " + std::to_string(most)) +
          ", got " + std::to_string(n));
    all[place(axis, spatial)] = n;
  }
  return all;
}

Sizes convolution_sizes(const Convolution& options, const Shape& in, const Shape& kernel) {
  const int spatial = spatial_axes("input", in, kernel);
  Sizes s = sizes_of(options, in, kernel, spatial);
  if (in[1] % s.groups != 0)
    throw ShapeError(std::to_string(s.groups) + " groups do not divide the " +
                     std::to_string(in[1]) + " channels of the input " + to_string(in));
  if (in[1] != s.in_channels)
    throw ShapeError("the input " + to_string(in) + " in " + std::to_string(s.groups) +
                     " groups needs a kernel of " + std::to_string(in[1] / s.groups) +
                     " channels, got " + to_string(kernel));
  for (int axis = 0; axis < spatial; ++axis) {
    const std::size_t i = place(axis, spatial);
    s.in[i] = in[axis + 2];
    const std::int64_t room = s.in[i] + 2 * s.padding[i] - reach(s, i);
    if (room < 0)
      throw ShapeError("the kernel " + to_string(kernel) + " spans " + std::to_string(reach(s, i)) +
                       " elements, but spatial axis " + std::to_string(axis) + " of the input " +
                       to_string(in) + " has " + std::to_string(s.in[i] + 2 * s.padding[i]) +
                       " with its padding");
    s.out[i] = room / s.stride[i] + 1;
  }
  return s;
}

Sizes transposed_sizes(const Convolution& options, Numbers output_padding, const Shape& out,
                       const Shape& kernel) {
  const int spatial = spatial_axes("input", out, kernel);
  Sizes s = sizes_of(options, out, kernel, spatial);
  if (out[1] != s.out_channels)
    throw ShapeError("the input " + to_string(out) + " needs a kernel of " +
                     std::to_string(out[1]) + " rows, got " + to_string(kernel));
  const auto more = spatial_numbers("output_padding", output_padding, spatial, 0, 0);
  for (int axis = 0; axis < spatial; ++axis) {
    const std::size_t i = place(axis, spatial);
    s.out[i] = out[axis + 2];
    if (more[i] >= s.stride[i])
      throw ArgumentError("output_padding must be less than the stride " +
                          std::to_string(s.stride[i]) + ", got " + std::to_string(more[i]));
    s.in[i] = times(s.out[i] - 1, s.stride[i]) - 2 * s.padding[i] + reach(s, i) + more[i];
    if (s.out[i] == 0 || s.in[i] < 0)
      throw ShapeError("the padding of spatial axis " + std::to_string(axis) +
                       " leaves nothing of the result of the input " + to_string(out) +
                       " and the kernel " + to_string(kernel));
  }
  return s;
}

Shape in_shape(const Sizes& s, int spatial) { return shape_of(s, spatial, s.in_channels, s.in); }
Shape out_shape(const Sizes& s, int spatial) { return shape_of(s, spatial, s.out_channels, s.out); }

}  // namespace dagrad
