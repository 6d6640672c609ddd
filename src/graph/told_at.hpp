#pragma once

#include <string>
#include <utility>

#include "src/graph/rethrow.hpp"

namespace dagrad::detail {

/// Runs `f`. If it throws because of a mistake of the user's, the error is thrown again with the
/// line of the user's call at the end, if that is known. Errors of runs name their node instead.
template <class F>
decltype(auto) told_at(Location call, F&& f) {
  const auto behind = [&] {
    return call.line == 0 ? std::string() : "\n  called at " + to_string(call);
  };
  try {
    return std::forward<F>(f)();
  } catch (const RunError&) {
    throw;
  } catch (const GraphError& e) {
    throw GraphError(e.what() + behind());
  } catch (const GradientError& e) {
    throw GradientError(e.what() + behind());
  } catch (const Error&) {
    rethrow("", behind(), "", call);
  }
}

}  // namespace dagrad::detail
