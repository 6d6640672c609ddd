#pragma once

#include <dagrad/graph.hpp>
#include <dagrad/ops/arithmetic.hpp>
#include <dagrad/ops/control.hpp>
#include <dagrad/ops/functions.hpp>
#include <dagrad/ops/operators.hpp>
#include <dagrad/ops/structural.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>

/// Ops for tests of the executor, each with one special property.
namespace dagrad::test {

/// Calls a function of the test in `eval`, and returns its operand.
struct Hook {
  std::shared_ptr<std::function<void()>> hook;
  static constexpr auto name = "hook";
  static constexpr no_grad grad{"only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    (*hook)();
    const auto from = c.in<double>(0);
    std::copy(from.begin(), from.end(), c.out<double>().begin());
  }
};
inline Value hook(const Operand& x, std::function<void()> f) {
  return apply(Hook{std::make_shared<std::function<void()>>(std::move(f))}, {x});
}

/// Reverses the elements, in place if allowed.
struct Reverse {
  static constexpr auto name = "reverse";
  static constexpr no_grad grad{"only for tests"};
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    const auto from = c.in<double>(0);
    const auto to = c.out<double>();
    if (from.data() == to.data())
      std::reverse(to.begin(), to.end());
    else
      std::reverse_copy(from.begin(), from.end(), to.begin());
  }
};
inline Value reverse(const Operand& x) { return apply(Reverse{}, {x}); }

/// a[i] + b[n - 1 - i], which may overwrite a; wrong if b is the same memory.
struct AddReversed {
  static constexpr auto name = "add_reversed";
  static constexpr no_grad grad{"only for tests"};
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    const auto a = c.in<double>(0), b = c.in<double>(1);
    const auto out = c.out<double>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = a[i] + b[out.size() - 1 - i];
  }
};
inline Value add_reversed(const Operand& a, const Operand& b) {
  return apply(AddReversed{}, {a, b});
}

/// x + 1 and x + 2 and x + 3.
struct Three {
  static constexpr auto name = "three";
  static constexpr no_grad grad{"only for tests"};
  std::array<Type, 3> infer(std::span<const Type> in) const { return {in[0], in[0], in[0]}; }
  void eval(const EvalContext& c) const {
    for (std::size_t k = 0; k < 3; ++k)
      for (std::size_t i = 0; i < c.in<double>(0).size(); ++i)
        c.out<double>(k)[i] = c.in<double>(0)[i] + static_cast<double>(k + 1);
  }
};
inline std::array<Value, 3> three(const Operand& x) { return apply(Three{}, {x}); }

/// The sum of prefix sums, using scratch memory, prepared state and tasks.
struct Prefix {
  static constexpr auto name = "prefix";
  static constexpr no_grad grad{"only for tests"};
  struct Prepared {
    std::int64_t tasks;
  };
  Type infer(std::span<const Type> in) const { return in[0]; }
  std::size_t scratch(const PlanContext& c) const { return c.in[0].bytes(); }
  std::shared_ptr<const Prepared> prepare(const PlanContext& c) const {
    return std::make_shared<const Prepared>(Prepared{1 + c.in[0].elements() / 100});
  }
  void eval(const EvalContext& c) const {
    const auto in = c.in<double>(0);
    double* scratch = static_cast<double*>(c.scratch());
    std::partial_sum(in.begin(), in.end(), scratch);
    const std::int64_t tasks = c.state<Prepared>().tasks;
    const auto n = static_cast<std::int64_t>(in.size()), grain = (n + tasks - 1) / tasks;
    const auto out = c.out<double>();
    c.parallel.ranges(
        n, std::max<std::int64_t>(1, grain), [&](std::int64_t begin, std::int64_t end) {
          for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
            out[i] = scratch[i] + (i > 0 ? scratch[i - 1] : 0);
        });
  }
};
inline Value prefix(const Operand& x) { return apply(Prefix{}, {x}); }

/// Does nothing, to measure the cost of a step itself.
struct Nothing {
  static constexpr auto name = "nothing";
  static constexpr no_grad grad{"only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
  double cost(const PlanContext&) const { return nanoseconds; }
  double nanoseconds = 0;
  using attributes = dagrad::attributes<&Nothing::nanoseconds>;
};

/// Claims a high cost, so that even small graphs run on several threads.
struct Costly {
  static constexpr auto name = "costly";
  static constexpr no_grad grad{"only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    const auto from = c.in<double>(0);
    std::copy(from.begin(), from.end(), c.out<double>().begin());
  }
  double cost(const PlanContext&) const { return 1e6; }
};
inline Value costly(const Operand& x) { return apply(Costly{}, {x}); }

}  // namespace dagrad::test
