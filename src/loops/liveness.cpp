#include "src/loops/liveness.hpp"

#include <algorithm>
#include <numeric>

namespace dagrad::detail {

Liveness::Liveness(const Program& program, std::span<const std::int64_t> in_step, VectorsOf vectors)
    : program_(program),
      in_step_(in_step),
      vectors_(vectors),
      uses_(program.steps.size()),
      first_store_(vectors.count) {
  find_reads();
  order_stores();
}

void Liveness::find_reads() {
  for (std::uint32_t step = 0; step < uses_.size(); ++step) {
    const Instruction& reader = program_.steps[step];
    for (std::uint32_t operand : {reader.a, reader.b, reader.c}) {
      if (operand == Instruction::none) continue;
      auto& uses = uses_[operand];
      if (uses.empty() || uses.back() != step) uses.push_back(step);
      if (is_dense(operand)) first_store_[vectors_.step(operand)] = step;
    }
  }
  for (std::uint32_t step : program_.outputs) {
    std::uint32_t& first = first_store_[vectors_.step(step)];
    if (is_dense(step)) first = std::max(first, step);
  }
}

void Liveness::order_stores() {
  stores_.resize(program_.outputs.size());
  std::iota(stores_.begin(), stores_.end(), 0U);
  std::stable_sort(stores_.begin(), stores_.end(),
                   [&](std::uint32_t i, std::uint32_t j) { return store_time(i) < store_time(j); });
  for (std::uint32_t output : stores_) {
    auto& uses = uses_[program_.outputs[output]];
    uses.insert(std::upper_bound(uses.begin(), uses.end(), store_time(output)), store_time(output));
  }
}

}  // namespace dagrad::detail
