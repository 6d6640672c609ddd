#pragma once

#include <string>
#include <utility>

#include "src/graph/rethrow.hpp"

namespace dagrad::detail {

/// Runs `f`. If it throws because of a mistake in the user's code, rethrows the error with the line
/// of the user's call at the end, if that is known. Errors of runs name their node instead.
template <class F>
decltype(auto) told_at(Location call, F&& f) {
  try {
    return std::forward<F>(f)();
  } catch (const RunError&) {
    throw;
  } catch (const Error&) {
    rethrow("", call.line == 0 ? "" : "\n  called at " + to_string(call), "", call);
  }
}

}  // namespace dagrad::detail
