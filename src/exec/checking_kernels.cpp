#include "src/exec/checking_kernels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/tensor.hpp"
#include "src/exec/all_finite.hpp"
#include "src/exec/float_flags.hpp"
#include "src/exec/raises_flags.hpp"

namespace dagrad::detail {

namespace {

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

/// The operands of which more than the type is used.
std::vector<std::size_t> operands_read_by(const Kernel& kernel) {
  std::vector<std::size_t> operands;
  for (std::size_t i = 0; i < kernel.in().size(); ++i)
    if (!kernel.op().traits().uses_type_only(i)) operands.push_back(i);
  return operands;
}

/// A kernel that runs another one and then looks at what it did.
class CheckingKernel : public Kernel {
 public:
  std::string remark() const override { return kernel_->remark(); }
  bool checks() const override { return true; }

 protected:
  explicit CheckingKernel(std::shared_ptr<const Kernel> kernel)
      : Kernel(kernel->op(), kernel->in(), kernel->out()), kernel_(std::move(kernel)) {
    scratch_ = kernel_->scratch();
    cost_ = kernel_->cost();
    divides_ = kernel_->divides();
    overwrites_ = kernel_->overwrites();
    leaves_out_ = kernel_->leaves_out();
  }
  /// Whether result i, unless it is left out, has only finite elements.
  bool is_finite(std::size_t i, const StepFrame& frame, const Parallel& parallel) const {
    return frame.out[i] == nullptr || all_finite({frame.out[i], out()[i]}, parallel);
  }
  const std::shared_ptr<const Kernel> kernel_;
};

/// Divides work among the threads of a run, and notes whether a task raises a flag on its thread.
class WatchedParallel final : public Parallel {
 public:
  explicit WatchedParallel(const Parallel& parallel) : parallel_(parallel) {}
  bool raised() const { return raised_.load(std::memory_order_relaxed); }

 protected:
  void run(std::int64_t tasks, Body body, const void* context) const override {
    parallel_(tasks, [&](std::int64_t task) {
      const float_flags::Scope scope;
      body(context, task);
      if (float_flags::raised()) raised_.store(true, std::memory_order_relaxed);
    });
  }

 private:
  const Parallel& parallel_;
  mutable std::atomic<bool> raised_{false};
};

class WatchingKernel final : public CheckingKernel {
 public:
  explicit WatchingKernel(std::shared_ptr<const Kernel> kernel)
      : CheckingKernel(std::move(kernel)), raises_flags_(detail::raises_flags(*kernel_)) {}

  void run(StepFrame& frame, const Parallel& parallel) const override {
    if (raises_flags_) {
      if (!raises(frame, parallel)) return;
    } else {
      kernel_->run(frame, parallel);
    }
    for (std::size_t i = 0; i < out().size(); ++i)
      if (!is_finite(i, frame, parallel)) throw NotFinite();
  }

 private:
  bool raises(StepFrame& frame, const Parallel& parallel) const {
    float_flags::clear();
    const WatchedParallel watched(parallel);
    kernel_->run(frame, watched);
    return float_flags::raised() || watched.raised();
  }

  const bool raises_flags_;
};

class SearchingKernel final : public CheckingKernel {
 public:
  explicit SearchingKernel(std::shared_ptr<const Kernel> kernel)
      : CheckingKernel(std::move(kernel)), operands_(operands_read_by(*this)) {
    overwrites_ = false;
  }

  void run(StepFrame& frame, const Parallel& parallel) const override {
    kernel_->run(frame, parallel);
    for (std::size_t i = 0; i < out().size(); ++i) {
      if (is_finite(i, frame, parallel)) continue;
      const bool known = std::all_of(operands_.begin(), operands_.end(), [&](std::size_t operand) {
        return all_finite({frame.in[operand], in()[operand]}, parallel);
      });
      if (known) fail(frame, i, {frame.out[i], out()[i]});
      return;
    }
  }

 private:
  [[noreturn]] void fail(const StepFrame& frame, std::size_t i, const View& result) const {
    const std::vector<double> all = numbers(result);
    const auto first =
        std::find_if(all.begin(), all.end(), [](double x) { return !std::isfinite(x); });
    std::string text =
        fmt::format("the result{}, {}, is not finite although all operands are: it has {} at {}",
                    out().size() > 1 ? fmt::format(" {}", i) : "", to_string(result.type),
                    std::isnan(*first) ? std::string("nan") : fmt::format("{}", *first),
                    index_text(result.type.shape, first - all.begin()));
    for (const std::size_t operand : operands_)
      text += fmt::format("\n  operand {}, {}", operand,
                          range_text({frame.in[operand], in()[operand]}));
    throw RunError(text);
  }

  const std::vector<std::size_t> operands_;
};

}  // namespace

bool can_be_checked(const Kernel& kernel) {
  const auto is_float_type = [](const Type& type) { return is_float(type.dtype); };
  return std::any_of(kernel.out().begin(), kernel.out().end(), is_float_type) &&
         !operands_read_by(kernel).empty();
}

std::shared_ptr<const Kernel> watching(std::shared_ptr<const Kernel> kernel) {
  return std::make_shared<const WatchingKernel>(std::move(kernel));
}

std::shared_ptr<const Kernel> searching(std::shared_ptr<const Kernel> kernel) {
  return std::make_shared<const SearchingKernel>(std::move(kernel));
}

}  // namespace dagrad::detail
