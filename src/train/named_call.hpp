#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "src/graph/rethrow.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad::detail {

/// Carries what a callback of the user has thrown past `named_call`, which would add the name of
/// the function to it.
struct CallbackFailure {
  std::exception_ptr error;
};
template <class F>
void call_back(F&& f) {
  try {
    std::forward<F>(f)();
  } catch (...) {
    throw CallbackFailure{std::current_exception()};
  }
}
/// Throws what a callback within `f` has thrown as it was.
template <class F>
decltype(auto) with_callbacks(F&& f) {
  try {
    return std::forward<F>(f)();
  } catch (const CallbackFailure& failure) {
    std::rethrow_exception(failure.error);
  }
}

/// As `told_at`, with the name of the called function before the error's text.
template <class F>
decltype(auto) named_call(std::string_view function, Location call, F&& f) {
  return told_at(call, [&]() -> decltype(auto) {
    try {
      return std::forward<F>(f)();
    } catch (const RunError& error) {
      rethrow(std::string(function) + ": ", "", error.node(), error.where());
    } catch (const Error&) {
      rethrow(std::string(function) + ": ", "", "", call);
    }
  });
}

}  // namespace dagrad::detail
