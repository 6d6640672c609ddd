#include "dagrad/host.hpp"

#include <string_view>

#include "dagrad/apply.hpp"
#include "dagrad/evaluate_op.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "ops/joins.hpp"

namespace dagrad {

namespace {

/// Converted to the dtype that ops compute in.
Tensor computable(const Tensor& x) { return x.cast(compute_dtype(x.dtype())); }

template <class Comparison>
Tensor compared(const HostOperand& a, const HostOperand& b) {
  const Tensor left = a.is_literal() ? a.beside(b.tensor().dtype()) : a.tensor();
  const Tensor right = b.beside(left.dtype());
  return evaluate_op(Comparison{}, {computable(left), computable(right)}, {}, a.where())[0];
}

template <class Op>
Tensor reduced(const HostOperand& x, const Tensor& computed, const Axes& axes, bool keep_dims) {
  return evaluate_op(Op{{axes.of(computed.rank()), keep_dims}}, {computed}, {}, x.where())[0];
}

/// A reduction whose results do not depend on the dtype that it computes in.
template <class Op>
Tensor reduced(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<Op>(x, computable(x.tensor()), axes, keep_dims);
}

/// Names the function in the errors of its own checks.
Building checking(std::string_view name, Location where) {
  return {name, std::span<const Value>(), where};
}

}  // namespace

Tensor equal(const HostOperand& a, const HostOperand& b) { return compared<Equal>(a, b); }
Tensor not_equal(const HostOperand& a, const HostOperand& b) { return compared<NotEqual>(a, b); }
Tensor less(const HostOperand& a, const HostOperand& b) { return compared<Less>(a, b); }
Tensor less_equal(const HostOperand& a, const HostOperand& b) { return compared<LessEqual>(a, b); }
Tensor greater(const HostOperand& a, const HostOperand& b) { return compared<Greater>(a, b); }
Tensor greater_equal(const HostOperand& a, const HostOperand& b) {
  return compared<GreaterEqual>(a, b);
}

Tensor sum(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<Sum>(x, x.tensor(), axes, keep_dims);
}
Tensor mean(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<Mean>(x, x.tensor(), axes, keep_dims);
}
Tensor max(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<Max>(x, axes, keep_dims).cast(x.tensor().dtype());
}
Tensor min(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<Min>(x, axes, keep_dims).cast(x.tensor().dtype());
}
Tensor argmax(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<ArgMax>(x, axes, keep_dims);
}
Tensor argmin(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<ArgMin>(x, axes, keep_dims);
}
Tensor any(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<Any>(x, axes, keep_dims);
}
Tensor all(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<All>(x, axes, keep_dims);
}
Tensor count_nonzero(const HostOperand& x, const Axes& axes, bool keep_dims) {
  return reduced<CountNonzero>(x, axes, keep_dims);
}

Tensor take(const HostOperand& x, const HostOperand& indices, std::int64_t axis) {
  return evaluate_op(Take{{axis}}, {x.tensor(), indices.tensor()}, {}, x.where())[0];
}

Tensor slice(const HostOperand& x, const std::vector<Range>& ranges) {
  return evaluate_op(Slice{ranges}, {x.tensor()}, {}, x.where())[0];
}
Tensor slice(const HostOperand& x, std::int64_t axis, const Range& range) {
  const int along =
      checking("slice", x.where()).checked([&] { return normalize_axis(axis, x.tensor().rank()); });
  std::vector<Range> ranges(static_cast<std::size_t>(along) + 1);
  ranges.back() = range;
  return slice(x, ranges);
}

Tensor concat(std::span<const Tensor> tensors, std::int64_t axis, Location where) {
  return evaluate_op(Concat{axis}, tensors, {}, where)[0];
}

Tensor stack(std::span<const Tensor> tensors, std::int64_t axis, Location where) {
  std::vector<Type> types;
  for (const Tensor& tensor : tensors) types.push_back(tensor.type());
  const int along = checking("stack", where).checked([&] { return stacked_axis(types, axis); });
  std::vector<std::int64_t> dims(types[0].shape.begin(), types[0].shape.end());
  dims.insert(dims.begin() + along, 1);
  std::vector<Tensor> parts;
  for (const Tensor& tensor : tensors) parts.push_back(tensor.reshaped(Shape(dims)));
  return concat(parts, along, where);
}

}  // namespace dagrad
