#include "src/exec/finite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad::detail {

namespace {

constexpr std::int64_t piece_bytes = std::int64_t{1} << 17;

/// Whether no element has an exponent of ones only. To such an exponent the lowest bit of it is
/// added: the sum reaches the sign bit, and only then.
template <class Bits>
bool finite(const std::byte* data, std::int64_t begin, std::int64_t end, Bits exponent) {
  const auto lowest = static_cast<Bits>(exponent & (~exponent + 1));
  Bits sums = 0;
  for (std::int64_t i = begin; i < end; ++i) {
    Bits element;
    std::memcpy(&element, data + i * static_cast<std::int64_t>(sizeof(Bits)), sizeof(Bits));
    sums = static_cast<Bits>(sums | static_cast<Bits>((element & exponent) + lowest));
  }
  return sums >> (8 * sizeof(Bits) - 1) == 0;
}

bool finite(const View& view, std::int64_t begin, std::int64_t end) {
  const auto* const data = static_cast<const std::byte*>(view.data);
  switch (view.type.dtype) {
    case DType::float16:
      return finite<std::uint16_t>(data, begin, end, 0x7c00);
    case DType::bfloat16:
      return finite<std::uint16_t>(data, begin, end, 0x7f80);
    case DType::float32:
      return finite<std::uint32_t>(data, begin, end, 0x7f800000);
    case DType::float64:
      return finite<std::uint64_t>(data, begin, end, 0x7ff0000000000000);
    default:
      return true;
  }
}

std::vector<double> numbers(const View& view) {
  if (view.type.elements() == 0) return {};
  const auto keep = [](void*) {};
  return Tensor::adopt(view.type, const_cast<void*>(view.data), keep).cast(f64).to_vector<double>();
}

std::string range_text(const View& view) {
  const std::vector<double> all = numbers(view);
  if (all.empty()) return to_string(view.type) + ", is empty";
  const auto [least, most] = std::minmax_element(all.begin(), all.end());
  return fmt::format("{}, is from {:.6g} to {:.6g}", to_string(view.type), *least, *most);
}

class FiniteKernel final : public Kernel {
 public:
  FiniteKernel(std::unique_ptr<const Kernel> kernel, std::vector<std::size_t> operands)
      : Kernel(kernel->op(), kernel->in(), kernel->out()),
        kernel_(std::move(kernel)),
        operands_(std::move(operands)) {
    scratch_ = kernel_->scratch();
    cost_ = kernel_->cost();
    divides_ = kernel_->divides();
    overwrites_ = false;
  }

  void run(StepFrame& frame, const Parallel& parallel) const override {
    kernel_->run(frame, parallel);
    for (std::size_t i = 0; i < out().size(); ++i) {
      const View result{frame.out[i], out()[i]};
      if (all_finite(result, parallel)) continue;
      const bool known = std::all_of(operands_.begin(), operands_.end(), [&](std::size_t operand) {
        return all_finite({frame.in[operand], in()[operand]}, parallel);
      });
      if (known) fail(frame, i, result);
      return;
    }
  }
  std::string remark() const override { return kernel_->remark(); }

 private:
  [[noreturn]] void fail(const StepFrame& frame, std::size_t i, const View& result) const {
    const std::vector<double> all = numbers(result);
    const auto first =
        std::find_if(all.begin(), all.end(), [](double x) { return !std::isfinite(x); });
    std::string text =
        fmt::format("the result{}, {}, is not finite although all operands are: it has {} at {}",
                    out().size() > 1 ? fmt::format(" {}", i) : "", to_string(result.type),
                    std::isnan(*first) ? std::string("nan") : fmt::to_string(*first),
                    index_text(result.type.shape, first - all.begin()));
    for (const std::size_t operand : operands_)
      text += fmt::format("\n  operand {}, {}", operand,
                          range_text({frame.in[operand], in()[operand]}));
    throw RunError(text);
  }

  const std::unique_ptr<const Kernel> kernel_;
  const std::vector<std::size_t> operands_;  ///< of which more than the type is used
};

}  // namespace

bool all_finite(const View& view, const Parallel& parallel) {
  if (!is_float(view.type.dtype)) return true;
  std::atomic<bool> all{true};
  const std::int64_t piece = piece_bytes / static_cast<std::int64_t>(size_of(view.type.dtype));
  parallel.ranges(view.type.elements(), piece, [&](std::int64_t begin, std::int64_t end) {
    if (!finite(view, begin, end)) all.store(false, std::memory_order_relaxed);
  });
  return all.load(std::memory_order_relaxed);
}

std::unique_ptr<const Kernel> checking_finite(std::unique_ptr<const Kernel> kernel) {
  const auto makes_floats = [](const Type& type) { return is_float(type.dtype); };
  if (std::none_of(kernel->out().begin(), kernel->out().end(), makes_floats)) return kernel;
  std::vector<std::size_t> operands;
  for (std::size_t i = 0; i < kernel->in().size(); ++i)
    if (!kernel->op().traits().uses_type_only(i)) operands.push_back(i);
  if (operands.empty()) return kernel;
  return std::make_unique<const FiniteKernel>(std::move(kernel), std::move(operands));
}

}  // namespace dagrad::detail
