#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "dagrad/config.hpp"

namespace dagrad {

/// A place in the user's source: where a node was made.
struct Location {
  const char* file = "";
  int line = 0;

  /// The line of the call; as a default argument, that of the call which leaves it out:
  /// `Value eye(const Graph& graph, std::int64_t n, Location where = Location::here());`
  static constexpr Location here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};
/// "model.cpp:41"
std::string to_string(Location where);

/// Base of everything dagrad throws. `what()` says which op, what it got, what it wanted and where
/// the node was made.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// Shapes, ranks or axes that do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
  ~ShapeError() override;
};

/// Dtypes that do not fit together, or that an op does not take.
class TypeError : public Error {
 public:
  using Error::Error;
  ~TypeError() override;
};

/// A number, a name or an option out of its range.
class ArgumentError : public Error {
 public:
  using Error::Error;
  ~ArgumentError() override;
};

/// A graph used wrongly: values of another graph, a handle after its graph, a duplicate name.
class GraphError : public Error {
 public:
  using Error::Error;
  ~GraphError() override;
};

/// A gradient that does not exist: not connected, not differentiable, a rule that returned
/// nonsense.
class GradientError : public Error {
 public:
  using Error::Error;
  ~GradientError() override;
};

/// A file that cannot be read or written.
class FileError : public Error {
 public:
  using Error::Error;
  ~FileError() override;
};

/// A run that did not complete: a node failed, a feed does not fit, the run was cancelled or too
/// late.
class RunError : public Error {
 public:
  using Error::Error;
  RunError(const std::string& text, std::string node, Location where)
      : Error(text), node_(std::move(node)), where_(where) {}
  ~RunError() override;

  /// Name of the node that failed; empty where no node did.
  const std::string& node() const noexcept { return node_; }
  /// Where that node was made.
  Location where() const noexcept { return where_; }

 private:
  std::string node_;
  Location where_;
};

/// A fault of dagrad itself; the text asks to report it.
class InternalError : public Error {
 public:
  using Error::Error;
  ~InternalError() override;
};

}  // namespace dagrad
