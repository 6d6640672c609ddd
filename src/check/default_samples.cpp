#include <cmath>
#include <cstring>
#include <optional>

#include "dagrad/apply.hpp"
#include "dagrad/check.hpp"
#include "dagrad/random.hpp"
#include "src/check/subject.hpp"

namespace dagrad {

namespace {

constexpr std::size_t most_operands = 8;

/// Makes random operands for an elementwise op, using only what its `infer` reveals.
class Sampler {
 public:
  Sampler(const Op& op, Rng& rng) : op_(op), rng_(rng) {}

  Samples samples() {
    Samples samples;
    for (const DType dtype : {f64, f32, i64, i32, b8}) {
      const auto count = operands_of(dtype);
      if (!count || (dtype == f32 && !samples.empty()))
        continue;  // the check derives float32 samples from float64
      for (const auto& shapes : is_float(dtype) ? float_shapes() : int_shapes())
        samples.push_back(sample(dtype, *count, shapes));
    }
    return samples;
  }

 private:
  using Shapes = std::vector<Shape>;
  static const std::vector<Shapes>& float_shapes() {
    static const std::vector<Shapes> all{{{2, 3}}, {{2, 1}, {3}, {2, 3}}, {{}}, {{}, {3}},
                                         {{0, 3}}, {{0, 1}, {3}}};
    return all;
  }
  static const std::vector<Shapes>& int_shapes() {
    static const std::vector<Shapes> all{{{2, 3}}, {{2, 1}, {3}}, {{}}, {{0}}};
    return all;
  }

  std::vector<Type> types(DType dtype, std::size_t count) const {
    std::vector<Type> types;
    for (std::size_t i = 0; i < count; ++i)
      types.push_back({i < op_.traits().conditions ? b8 : dtype, {}});
    return types;
  }

  /// How many operands of that dtype the op takes, if any.
  std::optional<std::size_t> operands_of(DType dtype) const {
    for (std::size_t count = 1; count <= most_operands; ++count) {
      try {
        std::vector<Type> out;
        op_->infer(types(dtype, count), out);
        return count;
      } catch (const Error&) {
      }
    }
    return {};
  }

  /// Operands cycle through the shapes.
  Sample sample(DType dtype, std::size_t count, const Shapes& shapes) {
    std::vector<Type> in = types(dtype, count);
    for (std::size_t i = 0; i < count; ++i) in[i].shape = shapes[i % shapes.size()];
    // Uses the widest range on which the op has finite values; the others suit log, asin, and
    // functions defined from 1 on.
    constexpr std::pair<double, double> ranges[] = {{-2, 2}, {0.1, 0.9}, {1.1, 3}, {-0.9, -0.1}};
    Sample sample;
    for (const auto& [low, high] : ranges) {
      sample = {op_, {}};
      for (const Type& type : in) sample.in.push_back(draw(type, low, high));
      if (!is_float(dtype) || has_value(sample)) break;
    }
    return sample;
  }

  Tensor draw(const Type& type, double low, double high) {
    if (is_float(type.dtype)) return rng_.uniform(type.shape, low, high, type.dtype);
    return type.dtype == b8 ? rng_.integers(type.shape, 0, 2, b8)
                            : rng_.integers(type.shape, 1, 6, type.dtype);
  }

  bool has_value(const Sample& sample) const {
    Graph graph;
    std::vector<Operand> operands;
    for (const Tensor& tensor : sample.in) operands.push_back(graph.constant(tensor));
    for (const Tensor& out : detail::evaluate_at(apply(op_, operands), {}, nullptr))
      for (std::int64_t i = 0; i < out.size(); ++i)
        if (!std::isfinite(out.at(i))) return false;
    return true;
  }

  const Op& op_;
  Rng& rng_;
};

/// The first elements of a tensor in that shape.
Tensor first_elements(const Tensor& tensor, const Shape& shape) {
  Tensor part(Type{tensor.dtype(), shape});
  const MutableView to = part.mutable_view();
  if (to.type.bytes() > 0) std::memcpy(to.data, tensor.data(), to.type.bytes());
  return part;
}

/// The operands of an elementwise sample as scalars, as operands that broadcast, and with no
/// elements; forms that the op refuses are left out.
Samples edges(const Op& op, const Sample& sample) {
  const std::vector<Shape> scalars{{}}, rows{{2, 1}, {3}}, empty{{0, 2}};
  Samples all;
  for (const auto* shapes : {&scalars, &rows, &empty}) {
    Sample edge{sample.op, {}};
    std::vector<Type> in, out;
    for (std::size_t i = 0; i < sample.in.size(); ++i) {
      const Shape& shape = (*shapes)[i % shapes->size()];
      if (shape.elements() > sample.in[i].size()) break;
      edge.in.push_back(first_elements(sample.in[i], shape));
      in.push_back(edge.in.back().type());
    }
    if (in.size() < sample.in.size()) continue;
    try {
      (sample.op ? sample.op : op)->infer(in, out);
      all.push_back(std::move(edge));
    } catch (const ShapeError&) {
    }
  }
  return all;
}

}  // namespace

Samples default_samples(const Op& op, Rng& rng) {
  Samples samples = op->samples(rng);
  if (samples.empty()) return op.traits().broadcasts ? Sampler(op, rng).samples() : samples;
  if (op.traits().elementwise && !samples.front().ties)
    for (Sample& edge : edges(op, samples.front())) samples.push_back(std::move(edge));
  return samples;
}

}  // namespace dagrad
