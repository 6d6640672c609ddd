#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dagrad/error.hpp"
#include "src/graph/interned.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// Names and source lines of a plan's steps, in little more than twelve bytes each: many steps have
/// automatic names with the same stem, a scope and a word, and many were made at the same line. A
/// stem is stored again if its word has had another scope since.
class StepOrigins {
 public:
  std::string name(std::uint32_t step) const;
  Location where(std::uint32_t step) const { return places_[origins_[step].place]; }
  /// "node 'hidden', made at model.cpp:41".
  std::string text(std::uint32_t step) const;
  /// The names of the nodes of the user's graph that passes have merged into the step; its own name
  /// if they have not.
  std::vector<std::string> merged(std::uint32_t step) const;
  std::uint32_t size() const { return static_cast<std::uint32_t>(origins_.size()); }

  /// Records the steps of one graph, one after the other.
  class Writer;

 private:
  struct Stem {
    std::uint32_t scope, word;
  };
  struct Numbered {
    std::uint32_t stem;  ///< in stems_
    std::uint32_t number;
  };
  struct Origin {
    Numbered name;
    std::uint32_t place;  ///< in places_
  };
  struct Merged {
    std::uint32_t step;
    Numbered name;
  };
  std::string text_of(const Numbered& name) const;

  std::vector<Origin> origins_;
  std::vector<Merged> merged_;  ///< in the order of the steps, for those of several nodes
  PartedNames names_;
  std::vector<Stem> stems_;
  std::vector<Location> places_;
};

class StepOrigins::Writer {
 public:
  Writer(StepOrigins& origins, const GraphView& graph)
      : origins_(origins), graph_(graph), reader_(graph.name_reader(origins.names_)) {}
  void reserve(std::size_t steps) {
    origins_.origins_.reserve(steps);
    origins_.merged_.reserve(graph_.origins());
  }
  void add(std::uint32_t node);

 private:
  struct Place : Location {
    bool operator==(const Place& other) const { return file == other.file && line == other.line; }
  };
  struct Hash {
    std::size_t operator()(const Place& place) const noexcept;
  };

  Numbered numbered(const PartedNames::Name& name);

  StepOrigins& origins_;
  const GraphView& graph_;
  PartedNames::Reader reader_;
  std::vector<PartedNames::Name> nodes_;
  struct Recent {
    std::uint32_t scope = Names::none;
    std::uint32_t stem = Names::none;  ///< in `stems_` of the origins, if there is one yet
  };
  std::vector<Recent> recent_;  ///< by word: the stem that it was part of last
  Interned<Place, Hash> places_;
};

}  // namespace dagrad::detail
