#include "src/exec/kernel.hpp"

#include <fmt/format.h>

#include <utility>

#include "dagrad/passes/tile.hpp"
#include "src/exec/parts.hpp"
#include "src/exec/tiles.hpp"
#include "src/loops/broadcast_loop.hpp"

namespace dagrad::detail {

void StepFrame::make_views(const Kernel& kernel) {
  if (typed_ != &kernel) {
    for (std::size_t i = 0; i < kernel.in().size(); ++i) in_views[i].type = kernel.in()[i];
    for (std::size_t i = 0; i < kernel.out().size(); ++i) out_views[i].type = kernel.out()[i];
    typed_ = &kernel;
  }
  for (std::size_t i = 0; i < kernel.in().size(); ++i) in_views[i].data = in[i];
  for (std::size_t i = 0; i < kernel.out().size(); ++i) out_views[i].data = out[i];
}

namespace {

constexpr double worth_dividing = 50'000;  // nanoseconds

/// Runs the loop of an op that has a program.
class LoopKernel : public Kernel {
 public:
  LoopKernel(Op op, std::vector<Type> in_types, std::vector<Type> out_types, RuntimeData& runtime,
             const ProgramPtr& program)
      : Kernel(std::move(op), std::move(in_types), std::move(out_types)),
        loop_(runtime.loops, program, in(), out()) {
    cost_ = loop_.cost();
    divides_ = loop_.tasks() > 1;
    for (std::size_t i = 0; i < in().size(); ++i)
      if (this->op().traits().uses_type_only(i)) absent_.push_back(i);
  }
  void run(StepFrame& frame, const Parallel& parallel) const override {
    for (const std::size_t i : absent_) frame.in[i] = frame.out[0];  // loops increment all pointers
    if (loop_.tasks() == 1)
      loop_.run(0, frame.in, frame.out);
    else
      parallel(loop_.tasks(), [&](std::int64_t task) { loop_.run(task, frame.in, frame.out); });
    for (const std::size_t i : absent_) frame.in[i] = nullptr;
  }
  const Program* program() const override { return &loop_.program(); }
  std::string remark() const override {
    return loop_.tasks() > 1 ? fmt::format(", {} tasks", loop_.tasks()) : std::string();
  }

 private:
  const BroadcastLoop loop_;
  std::vector<std::size_t> absent_;
};

/// Runs any other op by calling its `eval`.
class EvalKernel : public Kernel {
 public:
  EvalKernel(Op op, std::vector<Type> in_types, std::vector<Type> out_types, RuntimeData& runtime)
      : Kernel(std::move(op), std::move(in_types), std::move(out_types)),
        machine_(runtime.machine) {
    const PlanContext plan(in(), out(), machine_);
    cost_ = this->op()->cost(plan);
    divides_ = cost_ > worth_dividing;
    scratch_ = this->op()->scratch(plan);
    leaves_out_ = this->op().traits().optional_results != 0;
    if (this->op().traits().has_prepare) prepared_ = this->op()->prepare(plan);
    if (this->op().get_if<Tiled>() != nullptr) held_ = bytes_of_tiles(prepared_.get());
  }
  void run(StepFrame& frame, const Parallel& parallel) const override {
    frame.make_views(*this);
    op()->eval(EvalContext({frame.in_views.data(), in().size()},
                           {frame.out_views.data(), out().size()}, frame.scratch, machine_,
                           parallel, prepared_.get()));
  }
  bool unroll(Unrolled& code) const override { return op()->unroll(code); }

 private:
  const Machine& machine_;  ///< kept alive by the plan's runtime
  std::shared_ptr<const void> prepared_;
};

/// Either of these kernels, preceded by a check of the operands' values.
template <class Validated>
class Validating final : public Validated {
 public:
  using Validated::Validated;
  void run(StepFrame& frame, const Parallel& parallel) const override {
    frame.make_views(*this);
    this->op()->validate({frame.in_views.data(), this->in().size()});
    Validated::run(frame, parallel);
  }
};

template <class K, class... More>
std::unique_ptr<const Kernel> make(const Op& op, std::vector<Type> in, std::vector<Type> out,
                                   RuntimeData& runtime, const More&... more) {
  if (op.traits().has_validate)
    return std::make_unique<const Validating<K>>(op, std::move(in), std::move(out), runtime,
                                                 more...);
  return std::make_unique<const K>(op, std::move(in), std::move(out), runtime, more...);
}

}  // namespace

std::unique_ptr<const Kernel> make_kernel(const Op& op, std::vector<Type> in, std::vector<Type> out,
                                          RuntimeData& runtime) {
  if (const ProgramPtr program = op->program(in))
    return make<LoopKernel>(op, std::move(in), std::move(out), runtime, program);
  if (auto kernel = make_parts_kernel(op, in, out, runtime.machine)) return kernel;
  return make<EvalKernel>(op, std::move(in), std::move(out), runtime);
}

}  // namespace dagrad::detail
