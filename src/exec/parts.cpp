#include "src/exec/parts.hpp"

#include <cstddef>
#include <cstring>
#include <utility>

#include "dagrad/axes.hpp"
#include "dagrad/ops/shape_ops.hpp"

namespace dagrad::detail {

namespace {

/// Parts keep the memory of the whole from being used again, which larger values are not worth.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

class PartsKernel final : public Kernel {
 public:
  PartsKernel(const Op& op, const std::vector<Type>& in, const std::vector<Type>& out,
              const Machine& machine, bool joins)
      : Kernel(op, in, out) {
    cost_ = this->op()->cost(PlanContext(this->in(), this->out(), machine));
    parts_.join = joins;
    parts_.begin.assign(1, 0);
    for (const Type& part : joins ? this->in() : this->out())
      parts_.begin.push_back(parts_.begin.back() + part.bytes());
  }

  void run(StepFrame& frame, const Parallel& /*parallel*/) const override {
    for (std::size_t i = 0; i + 1 < parts_.begin.size(); ++i) {
      const std::size_t begin = parts_.begin[i], size = parts_.begin[i + 1] - begin;
      parts_.join ? copy(frame.in[i], static_cast<std::byte*>(frame.out[0]) + begin, size)
                  : copy(static_cast<const std::byte*>(frame.in[0]) + begin, frame.out[i], size);
    }
  }
  const Parts* parts() const override { return &parts_; }
  bool unroll(Unrolled& code) const override { return op()->unroll(code); }

 private:
  static void copy(const void* from, void* to, std::size_t size) {
    if (from != to && size > 0) std::memcpy(to, from, size);
  }

  Parts parts_;
};

/// The axis along which the op joins or divides values; empty for other ops.
std::optional<std::int64_t> axis_of(const Op& op) {
  if (const auto* const concat = op.get_if<Concat>()) return concat->axis;
  if (const auto* const split = op.get_if<Split>()) return split->axis;
  if (const auto* const split = op.get_if<SplitLike>()) return split->axis;
  return {};
}

}  // namespace

std::unique_ptr<const Kernel> make_parts_kernel(const Op& op, const std::vector<Type>& in,
                                                const std::vector<Type>& out,
                                                const Machine& machine) {
  const std::optional<std::int64_t> given = axis_of(op);
  if (!given) return nullptr;
  const bool joins = op.get_if<Concat>() != nullptr;
  const Type& whole = joins ? out[0] : in[0];
  if (whole.bytes() > most_bytes || whole.elements() == 0) return nullptr;
  const int axis = normalize_axis(*given, whole.shape.rank());
  for (int outer = 0; outer < axis; ++outer)
    if (whole.shape[outer] != 1) return nullptr;
  return std::make_unique<const PartsKernel>(op, in, out, machine, joins);
}

}  // namespace dagrad::detail
