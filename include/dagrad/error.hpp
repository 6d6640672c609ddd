#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "dagrad/config.hpp"

namespace dagrad {

/// A line of the user's source, for example the one that made a node.
struct Location {
  const char* file = "";
  int line = 0;

  /// The line of the call. As a default argument, it is the line of the call that omits the
  /// argument: `Value eye(const Graph& graph, std::int64_t n, Location where = Location::here());`
  static constexpr Location here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};
/// "model.cpp:41"
std::string to_string(Location where);

/// The base class of all exceptions of dagrad. `what()` names the op or function, what it got, what
/// it expected, and the line that made the node.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// Shapes, ranks or axes do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
  ~ShapeError() override;
};

/// Dtypes do not fit together, or an op does not accept them.
class TypeError : public Error {
 public:
  using Error::Error;
  ~TypeError() override;
};

/// A number, name or option is invalid.
class ArgumentError : public Error {
 public:
  using Error::Error;
  ~ArgumentError() override;
};

/// A graph is used wrongly: a value belongs to another graph, a handle outlives its graph, or a
/// name is taken.
class GraphError : public Error {
 public:
  using Error::Error;
  ~GraphError() override;
};

/// A gradient does not exist, because values are not connected or not differentiable or a rule
/// returned something invalid.
class GradientError : public Error {
 public:
  using Error::Error;
  ~GradientError() override;
};

/// A file cannot be read or written.
class FileError : public Error {
 public:
  using Error::Error;
  ~FileError() override;
};

/// A run did not complete: a node failed, memory ran out, the State was being updated, or the run
/// was cancelled or missed its deadline.
class RunError : public Error {
 public:
  using Error::Error;
  RunError(const std::string& text, std::string node, Location where)
      : Error(text), node_(std::move(node)), where_(where) {}
  ~RunError() override;

  /// Name of the node that failed; empty if no node failed.
  const std::string& node() const noexcept { return node_; }
  /// Where that node was made.
  Location where() const noexcept { return where_; }

 private:
  std::string node_;
  Location where_;
};

/// A fault in dagrad itself.
class InternalError : public Error {
 public:
  using Error::Error;
  ~InternalError() override;
};

}  // namespace dagrad
