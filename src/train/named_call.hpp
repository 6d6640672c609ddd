#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "src/graph/rethrow.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad::detail {

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
