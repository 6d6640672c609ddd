#include "src/loops/broadcast_loop.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "src/program/lower.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

constexpr double memory_byte = 0.04, cache_byte = 0.01;  // nanoseconds

/// Rough estimate of nanoseconds per element, sufficient for deciding how much work makes a task.
double estimate(const Program& program, double byte) {
  double bytes = 0, work = 0;
  for (DType dtype : program.inputs) bytes += static_cast<double>(size_of(dtype));
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    bytes += static_cast<double>(size_of(program.output_dtype(i)));
  }
  for (const Instruction& i : program.steps) {
    work += (is_function(i.primitive) ? 0.15 : 0.01) * static_cast<double>(size_of(i.dtype));
  }
  return byte * bytes + work;
}

constexpr double task_nanoseconds = 40'000;
constexpr double call_nanoseconds = 10;

}  // namespace

BroadcastLoop::BroadcastLoop(LoopCache& cache, ProgramPtr program, std::span<const Type> in,
                             std::span<const Type> out)
    : program_(lowered(std::move(program))), elements_(out[0].elements()) {
  if (elements_ == 0) return;
  StridedAxes<> axes = broadcast_axes(in, out[0].shape);
  const auto elements = static_cast<double>(elements_);
  tasks_ =
      1 + static_cast<std::int64_t>(elements * estimate(*program_, memory_byte) / task_nanoseconds);
  cost_ = call_nanoseconds + elements * estimate(*program_, tasks_ == 1 ? cache_byte : memory_byte);
  if (axes.rank() == 0) {  // one element
    loop_ = cache.get(*program_, std::vector<std::int64_t>(in.size(), 1));
    return;
  }
  if (axes.rank() == 1 && tasks_ == 1) {
    loop_ = cache.get(*program_, axes.strides(0), elements_);
    return;
  }
  rows_ = std::make_unique<const Rows>(std::move(axes), *program_);
  loop_ = cache.get(*program_, rows_->in_step());
  const std::int64_t unit = rows_->unit(), units = (elements_ + unit - 1) / unit;
  piece_ = (units + tasks_ - 1) / tasks_ * unit;
  tasks_ = (elements_ + piece_ - 1) / piece_;
}

void BroadcastLoop::run_rows(std::int64_t task, const void* const* in, void* const* out) const {
  const std::int64_t begin = task * piece_;
  rows_->run(*loop_, *program_, begin, std::min(elements_, begin + piece_), in, out);
}

}  // namespace dagrad::detail
