#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "src/exec/planner.hpp"
#include "src/exec/routines.hpp"
#include "src/loops/address_sanitizer.hpp"

/// What tests of routines have in common.
namespace dagrad::test {

/// The instruction sets for which there are routines: none under the address sanitizer.
inline std::vector<InstructionSet> sets_with_assembler() {
  std::vector<InstructionSet> sets;
  if (detail::address_sanitizer) return sets;
  for (const InstructionSet set : {InstructionSet::avx2, InstructionSet::avx512})
    if (available(set) && detail::has_assembler(set)) sets.push_back(set);
  return sets;
}

/// The number of steps that are run by routines, and that of all steps.
inline std::pair<std::uint32_t, std::uint32_t> steps_in_routines(std::span<const Value> fetches,
                                                                 Runtime& runtime,
                                                                 CompileOptions options = {}) {
  const detail::GraphView graph(detail::Access::data(fetches[0]));
  const auto plan = detail::make_plan(graph, options, runtime.data(), fetches);
  const detail::Routines routines(*plan);
  std::uint32_t in_routines = 0;
  for (const auto& stretch : routines.stretches())
    if (stretch.routine != nullptr) in_routines += stretch.end - stretch.begin;
  return {in_routines, static_cast<std::uint32_t>(plan->steps.size())};
}

/// The first element whose bits differ, as text; empty if there is none. All NaNs are equal.
inline std::string difference(const Tensor& a, const Tensor& b) {
  return dispatch(a.dtype(), [&]<class T>(std::type_identity<T>) -> std::string {
    const auto x = a.values<T>(), y = b.values<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::memcmp(&x[i], &y[i], sizeof(T)) == 0 || (x[i] != x[i] && y[i] != y[i])) continue;
      return "element " + std::to_string(i) + ": " + ::testing::PrintToString(x[i]) + " against " +
             ::testing::PrintToString(y[i]);
    }
    return {};
  });
}

inline void expect_same_bits(std::span<const Value> fetches, const Feeds& feeds, Runtime& runtime,
                             const std::string& context, const std::vector<Pass>& passes = {}) {
  const Function f = compile(fetches, {.threads = 1, .runtime = &runtime, .passes = passes});
  const std::vector<Tensor> steps = f(feeds);
  for (int run = 0; run < 2; ++run) {
    const std::vector<Tensor> routine = f(feeds);
    for (std::size_t i = 0; i < steps.size(); ++i)
      ASSERT_EQ(difference(routine[i], steps[i]), "")
          << context << ", fetch " << i << " of type " << to_string(steps[i].type()) << '\n'
          << f.text();
  }
}

}  // namespace dagrad::test
