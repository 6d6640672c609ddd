#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dagrad/op.hpp"

namespace dagrad {

/// A list of ops, for sweeps, documentation and reading files: nothing else asks it, and an op need
/// not be in it to be used. A plain value: extend a copy with ops of your own.
class Catalog {
 public:
  struct Entry {
    Op op;               ///< with default attributes; gives name, doc and samples
    std::string family;  ///< "arithmetic", "reduce", …
  };

  /// Nothing in it.
  Catalog() = default;
  /// Every op that dagrad has, in the order of its documentation.
  static Catalog builtin();

  /// Throws ArgumentError for an op whose name is taken.
  void add(Op op, std::string_view family);
  /// The same of several with default attributes: `catalog.add<Polar, Place>("mine")`.
  template <class... Ops>
  void add(std::string_view family) {
    (add(Op(Ops{}), family), ...);
  }
  /// Null where there is none of that name.
  const Entry* find(std::string_view name) const;

  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace dagrad
