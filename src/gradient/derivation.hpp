#pragma once

#include <memory>
#include <vector>

#include "src/program/pull_back.hpp"

namespace dagrad::detail {

/// How a rule's program was derived. For another dtype it is derived again from the forward program
/// in that dtype, so that its constants are the same as in a graph built in that dtype.
struct Derivation {
  ProgramPtr forward;
  std::shared_ptr<const Derivation> of_forward;  ///< null if the forward program was recorded
  std::vector<bool> wanted,
      present;  ///< which operands are wanted, and which cotangents are present

  Pullback pull_back() const;
};

}  // namespace dagrad::detail
