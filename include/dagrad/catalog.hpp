#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dagrad/op.hpp"

namespace dagrad {

/// A list of ops for tests, documentation and reading files. Ops work without being in a catalogue.
/// It is a plain value: add your own ops to a copy.
class Catalog {
 public:
  struct Entry {
    Op op;               ///< with default attributes; gives name, doc and samples
    std::string family;  ///< "arithmetic", "reduce", …
  };

  /// An empty catalogue.
  Catalog() = default;
  /// All ops of dagrad, in the order of the documentation.
  static Catalog builtin();

  /// Adds an op. Throws ArgumentError if its name is taken.
  void add(Op op, std::string_view family);
  /// Adds several ops with default attributes: `catalog.add<Polar, Place>("mine")`.
  template <class... Ops>
  void add(std::string_view family) {
    (add(Op(Ops{}), family), ...);
  }
  /// The op with that name; null if there is none.
  const Entry* find(std::string_view name) const;

  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace dagrad
