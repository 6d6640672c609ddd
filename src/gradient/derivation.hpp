#pragma once

#include <memory>
#include <vector>

#include "src/program/pull_back.hpp"

namespace dagrad::detail {

/// How a rule's program came about. In another dtype it is derived again, of the forward program in
/// that dtype, so that its constants are what they are where a graph is built in that dtype.
struct Derivation {
  ProgramPtr forward;
  std::shared_ptr<const Derivation> of_forward;  ///< null where the forward program was recorded
  std::vector<bool> wanted, present;             ///< operands, and cotangents that are there

  Pullback pull_back() const;
};

}  // namespace dagrad::detail
