#pragma once

#include <string>
#include <utility>

#include "dagrad/error.hpp"

namespace dagrad::detail {

/// Runs `f`. A mistake of the user's that it throws is thrown again, as the same kind of error with
/// the text that `text` makes of it.
template <class F, class Text>
decltype(auto) retold(F&& f, const Text& text) {
  try {
    return std::forward<F>(f)();
  } catch (const ShapeError& e) {
    throw ShapeError(text(e));
  } catch (const TypeError& e) {
    throw TypeError(text(e));
  } catch (const ArgumentError& e) {
    throw ArgumentError(text(e));
  } catch (const GraphError& e) {
    throw GraphError(text(e));
  } catch (const GradientError& e) {
    throw GradientError(text(e));
  }
}

/// The same with the line of the user's call behind the text, where it is known.
template <class F>
decltype(auto) told_at(Location call, F&& f) {
  return retold(std::forward<F>(f), [&](const Error& e) {
    const std::string text = e.what();
    return call.line == 0 ? text : text + "\n  called at " + to_string(call);
  });
}

}  // namespace dagrad::detail
