#include "src/pictures/wildcard.hpp"

#include <cstddef>
#include <vector>

namespace dagrad::detail {

namespace {

/// A pattern as a machine that reads a name: in state i, the first i parts have been read.
class WildcardMachine {
 public:
  explicit WildcardMachine(std::string_view pattern) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] != '*') {
        parts_.push_back({pattern[i], Part::one});
        continue;
      }
      const bool twice = i + 1 < pattern.size() && pattern[i + 1] == '*';
      parts_.push_back({'*', twice ? Part::any : Part::any_but_slash});
      if (twice) ++i;
    }
    states_.assign(parts_.size() + 1, false);
    states_[0] = true;
    skip_stars();
  }

  void read(char c) {
    std::vector<bool> next(states_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!states_[i]) continue;
      if (parts_[i].kind == Part::one) {
        if (parts_[i].character == c) next[i + 1] = true;
      } else if (parts_[i].kind == Part::any || c != '/') {
        next[i] = true;
      }
    }
    states_.swap(next);
    skip_stars();
  }

  bool at_end() const { return states_.back(); }

 private:
  struct Part {
    char character;
    enum Kind : unsigned char { one, any_but_slash, any } kind;
  };

  /// A star may stand for nothing.
  void skip_stars() {
    for (std::size_t i = 0; i < parts_.size(); ++i)
      if (states_[i] && parts_[i].kind != Part::one) states_[i + 1] = true;
  }

  std::vector<Part> parts_;
  std::vector<bool> states_;
};

}  // namespace

bool fits(std::string_view pattern, std::string_view name) {
  WildcardMachine machine(pattern);
  for (const char c : name) machine.read(c);
  return machine.at_end();
}

bool fits_within(std::string_view pattern, std::string_view name) {
  WildcardMachine machine(pattern);
  for (const char c : name) {
    if (c == '/' && machine.at_end()) return true;
    machine.read(c);
  }
  return machine.at_end();
}

}  // namespace dagrad::detail
