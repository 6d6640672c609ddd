#include "dagrad/ops/convolution.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "ops/convolution_sizes.hpp"
#include "ops/families.hpp"

namespace dagrad {

namespace {

using kernels::ConvolutionResult;
using Kernel = std::shared_ptr<const kernels::ConvolutionKernel>;

/// Refuses operands of different dtypes: an int next to a float would be promoted but not
/// converted.
DType one_dtype(std::span<const Type> in) {
  for (const Type& type : in)
    if (type.dtype != in[0].dtype)
      throw TypeError("operands must have the same dtype, got " +
                      std::string(dagrad::name(in[0].dtype)) + " and " +
                      std::string(dagrad::name(type.dtype)) + "; convert with cast");
  return in[0].dtype;
}

/// Checks that an operand has the shape that the convolution of the others gives.
void check_result(const char* what, const Shape& is, const Shape& wanted) {
  if (is != wanted)
    throw ShapeError("needs " + std::string(what) + " of " + to_string(wanted) + ", got " +
                     to_string(is));
}

void run(const EvalContext& c) {
  c.state<kernels::ConvolutionKernel>().run(c.parallel, c.ins[0].data, c.ins[1].data,
                                            c.outs[0].data, c.scratch());
}

/// With few output channels, gathering the elements that they are computed from does not pay.
double cost_of(const kernels::ConvolutionSizes& sizes, DType dtype) {
  const auto channels = static_cast<double>(sizes.out_channels / sizes.groups);
  const double bytes = sizes.work() * static_cast<double>(size_of(dtype));
  return 1000 + bytes / 150 + bytes / std::max(channels, 1.0) / 2;
}

kernels::ConvolutionSizes sizes_of(const Conv& op, const PlanContext& plan) {
  return convolution_sizes(op, plan.in[0].shape, plan.in[1].shape);
}
kernels::ConvolutionSizes sizes_of(const ConvTranspose& op, const PlanContext& plan) {
  return convolution_sizes(op, plan.out[0].shape, plan.in[1].shape);
}
kernels::ConvolutionSizes sizes_of(const ConvKernel& op, const PlanContext& plan) {
  return convolution_sizes(op, plan.in[0].shape, plan.out[0].shape);
}

template <class Op>
Kernel kernel_of(ConvolutionResult result, const Op& op, const PlanContext& plan) {
  return kernels::convolution(plan.machine(), result, plan.out[0].dtype, sizes_of(op, plan));
}

/// Each of the three ops is linear in both operands, and the other two are its gradients.
Value convolve(const Convolution& options, const Value& in, const Value& kernel) {
  return apply(Conv{options}, {in, kernel});
}
Value by_input(const Convolution& options, const Value& dout, const Value& kernel,
               const Value& like) {
  return apply(ConvTranspose{options}, {dout, kernel, like});
}
Value by_kernel(const Convolution& options, const Value& in, const Value& dout, const Value& like) {
  return apply(ConvKernel{options}, {in, dout, like});
}

}  // namespace

Type Conv::infer(std::span<const Type> in) const {
  return {one_dtype(in),
          out_shape(convolution_sizes(*this, in[0].shape, in[1].shape), in[0].shape.rank() - 2)};
}
std::size_t Conv::scratch(const PlanContext& plan) const { return prepare(plan)->scratch(); }
Kernel Conv::prepare(const PlanContext& plan) const {
  return kernel_of(ConvolutionResult::out, *this, plan);
}
void Conv::eval(const EvalContext& c) const { run(c); }
double Conv::cost(const PlanContext& plan) const {
  return cost_of(sizes_of(*this, plan), plan.out[0].dtype);
}
double Conv::flops(const PlanContext& plan) const { return 2 * sizes_of(*this, plan).work(); }

Grads Conv::grad(const GradContext& g) const {
  return {g.if_wanted(0, [&] { return by_input(*this, g.dout, g.in[1], g.in[0]); }),
          g.if_wanted(1, [&] { return by_kernel(*this, g.in[0], g.dout, g.in[1]); })};
}

Type ConvTranspose::infer(std::span<const Type> in) const {
  if (in.size() < 2 || in.size() > 3)
    throw ArgumentError("takes 2 or 3 operands, got " + std::to_string(in.size()));
  const int spatial = in[0].shape.rank() - 2;
  if (in.size() == 2)
    return {one_dtype(in),
            in_shape(transposed_sizes(*this, output_padding, in[0].shape, in[1].shape), spatial)};
  const auto sizes = convolution_sizes(*this, in[2].shape, in[1].shape);
  check_result("a cotangent", in[0].shape, out_shape(sizes, in[2].shape.rank() - 2));
  return {one_dtype(in), in[2].shape};
}
std::size_t ConvTranspose::scratch(const PlanContext& plan) const {
  return prepare(plan)->scratch();
}
Kernel ConvTranspose::prepare(const PlanContext& plan) const {
  // The kernel comes before the output, which is the input of this op.
  return kernel_of(ConvolutionResult::in, *this, plan);
}
void ConvTranspose::eval(const EvalContext& c) const {
  c.state<kernels::ConvolutionKernel>().run(c.parallel, c.ins[1].data, c.ins[0].data,
                                            c.outs[0].data, c.scratch());
}
double ConvTranspose::cost(const PlanContext& plan) const {
  return cost_of(sizes_of(*this, plan), plan.out[0].dtype);
}
double ConvTranspose::flops(const PlanContext& plan) const {
  return 2 * sizes_of(*this, plan).work();
}

Grads ConvTranspose::grad(const GradContext& g) const {
  Grads grads(g.in.size(), zero);
  grads[0] = g.if_wanted(0, [&] { return convolve(*this, g.dout, g.in[1]); });
  grads[1] = g.if_wanted(1, [&] { return by_kernel(*this, g.dout, g.in[0], g.in[1]); });
  return grads;
}

Type ConvKernel::infer(std::span<const Type> in) const {
  const auto sizes = convolution_sizes(*this, in[0].shape, in[2].shape);
  check_result("a cotangent", in[1].shape, out_shape(sizes, in[0].shape.rank() - 2));
  return {one_dtype(in), in[2].shape};
}
std::size_t ConvKernel::scratch(const PlanContext& plan) const { return prepare(plan)->scratch(); }
Kernel ConvKernel::prepare(const PlanContext& plan) const {
  return kernel_of(ConvolutionResult::kernel, *this, plan);
}
void ConvKernel::eval(const EvalContext& c) const { run(c); }
double ConvKernel::cost(const PlanContext& plan) const {
  return cost_of(sizes_of(*this, plan), plan.out[0].dtype);
}
double ConvKernel::flops(const PlanContext& plan) const { return 2 * sizes_of(*this, plan).work(); }

Grads ConvKernel::grad(const GradContext& g) const {
  return {g.if_wanted(0, [&] { return by_input(*this, g.in[1], g.dout, g.in[0]); }),
          g.if_wanted(1, [&] { return convolve(*this, g.in[0], g.dout); }), zero};
}

namespace {

Tensor tensor(const Shape& shape, const std::vector<double>& elements) { return {shape, elements}; }

}  // namespace

Samples Conv::samples(Rng& rng) {
  const auto sample = [&](const Shape& in, const Shape& kernel, const Convolution& options = {}) {
    return Sample{Conv{options}, {rng.uniform(in, -2, 2), rng.uniform(kernel, -2, 2)}};
  };
  return {sample({2, 2, 4, 5}, {3, 2, 2, 3}),
          sample({1, 2, 5, 4}, {2, 2, 3, 2}, {.stride = {2, 3}, .padding = {1, 2}}),
          sample({2, 1, 6, 5}, {1, 1, 2, 3}, {.padding = {0, 1}, .dilation = {3, 2}}),
          sample({1, 4, 3, 3}, {6, 2, 2, 2}, {.groups = 2}),
          sample({2, 3, 3, 2}, {3, 1, 2, 1}, {.stride = {2}, .groups = 3}),
          sample({2, 3, 2, 3}, {2, 3, 1, 1}),
          sample({2, 2, 3, 2}, {2, 2, 3, 2}),
          sample({2, 2, 7}, {3, 2, 3}, {.stride = {2}, .padding = {1}}),
          sample({0, 2, 3, 3}, {1, 2, 2, 2}),
          sample({1, 0, 3, 3}, {2, 0, 2, 2}),
          {.op = Conv{{.stride = {2}, .padding = {1}}},
           .in = {tensor({1, 1, 3}, {1, 2, 3}), tensor({1, 1, 2}, {10, 1})},
           .out = {tensor({1, 1, 2}, {1, 23})}}};
}

Samples ConvTranspose::samples(Rng& rng) {
  const auto sample = [&](const Shape& in, const Shape& kernel, const ConvTranspose& op,
                          const Shape& like) {
    return Sample{op, {rng.uniform(in, -2, 2), rng.uniform(kernel, -2, 2), rng.uniform(like)}};
  };
  const auto alone = [&](const Shape& in, const Shape& kernel, const ConvTranspose& op) {
    return Sample{op, {rng.uniform(in, -2, 2), rng.uniform(kernel, -2, 2)}};
  };
  const Convolution strided{.stride = {2, 3}, .padding = {1, 0}};
  return {sample({2, 3, 2, 2}, {3, 2, 3, 2}, {strided}, {2, 2, 4, 6}),
          sample({1, 4, 2, 3}, {4, 1, 2, 2}, {{.groups = 2}}, {1, 2, 3, 4}),
          alone({2, 2, 2, 3}, {2, 3, 2, 3}, {}),
          alone({1, 2, 3, 2}, {2, 1, 3, 2}, {strided, {1, 2}}),
          alone({1, 4, 2, 2}, {4, 2, 2, 1}, {{.dilation = {2}, .groups = 2}}),
          alone({2, 2, 3}, {2, 1, 3}, {{.stride = {2}, .padding = {1}}, {1}}),
          alone({0, 2, 3}, {2, 1, 3}, {}),
          {.op = ConvTranspose{{.stride = {2}}},
           .in = {tensor({1, 1, 2}, {1, 2}), tensor({1, 1, 3}, {10, 1, 3})},
           .out = {tensor({1, 1, 5}, {10, 1, 23, 2, 6})}}};
}

Samples ConvKernel::samples(Rng& rng) {
  const auto sample = [&](const Shape& in, const Shape& dout, const Shape& kernel,
                          const Convolution& options = {}) {
    return Sample{ConvKernel{options},
                  {rng.uniform(in, -2, 2), rng.uniform(dout, -2, 2), rng.uniform(kernel)}};
  };
  return {
      sample({2, 2, 3, 4}, {2, 3, 2, 2}, {3, 2, 2, 3}),
      sample({1, 2, 5, 4}, {1, 1, 3, 3}, {1, 2, 3, 2}, {.stride = {2, 3}, .padding = {1, 2}}),
      sample({2, 4, 3, 3}, {2, 2, 2, 2}, {2, 2, 2, 2}, {.groups = 2}),
      sample({3, 1, 6}, {3, 2, 2}, {2, 1, 3}, {.dilation = {2}}),
      sample({0, 2, 3}, {0, 1, 2}, {1, 2, 2}),
      {.op = ConvKernel{},
       .in = {tensor({1, 1, 3}, {1, 2, 3}), tensor({1, 1, 2}, {10, 1}), Tensor({f64, {1, 1, 2}})},
       .out = {tensor({1, 1, 2}, {12, 23})}}};
}

namespace {

/// The call of a builder: its name, for errors, and its number of spatial axes.
struct Call {
  const char* builder;
  int spatial;

  void check(const Operand& in, const Operand& kernel) const {
    const int rank = spatial + 2;
    if (in.rank() == rank && kernel.rank() == rank) return;
    throw ShapeError(std::string(builder) + ": needs input and kernel of " + std::to_string(rank) +
                     " axes, got " + to_string(in.shape()) + " and " + to_string(kernel.shape()) +
                     made_at(in));
  }
  Value add_bias(const Operand& x, const Operand& bias) const {
    if (bias.shape() != Shape{x.shape()[1]})
      throw ShapeError(std::string(builder) + ": needs a bias of " +
                       to_string(Shape{x.shape()[1]}) + ", got " + to_string(bias.shape()) +
                       made_at(x));
    std::vector<std::int64_t> axes;
    for (int axis = 1; axis <= spatial; ++axis) axes.push_back(axis);
    return add(x, unsqueeze(bias, axes));
  }
  template <class Op>
  Value operator()(const Operand& in, const Operand& kernel, Op op) const {
    const Building building(builder, {in, kernel});
    check(in, kernel);
    return apply(std::move(op), {in, kernel});
  }
  template <class Op>
  Value operator()(const Operand& in, const Operand& kernel, const Operand& bias, Op op) const {
    const Building building(builder, {in, kernel, bias});
    return add_bias((*this)(in, kernel, std::move(op)), bias);
  }
};

constexpr Call call_conv1d{"conv1d", 1}, call_conv2d{"conv2d", 2};
constexpr Call call_conv_transpose2d{"conv_transpose2d", 2};

}  // namespace

Value conv1d(const Operand& in, const Operand& kernel, const Convolution& options) {
  return call_conv1d(in, kernel, Conv{options});
}
Value conv1d(const Operand& in, const Operand& kernel, const Operand& bias,
             const Convolution& options) {
  return call_conv1d(in, kernel, bias, Conv{options});
}
Value conv2d(const Operand& in, const Operand& kernel, const Convolution& options) {
  return call_conv2d(in, kernel, Conv{options});
}
Value conv2d(const Operand& in, const Operand& kernel, const Operand& bias,
             const Convolution& options) {
  return call_conv2d(in, kernel, bias, Conv{options});
}
Value conv_transpose2d(const Operand& in, const Operand& kernel, const Convolution& options,
                       const std::vector<std::int64_t>& output_padding) {
  return call_conv_transpose2d(in, kernel, ConvTranspose{options, output_padding});
}
Value conv_transpose2d(const Operand& in, const Operand& kernel, const Operand& bias,
                       const Convolution& options,
                       const std::vector<std::int64_t>& output_padding) {
  return call_conv_transpose2d(in, kernel, bias, ConvTranspose{options, output_padding});
}

void list_convolution(Catalog& catalog) {
  catalog.add<Conv, ConvTranspose, ConvKernel>("convolution");
}

}  // namespace dagrad
