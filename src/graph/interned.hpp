#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "dagrad/shape.hpp"
#include "src/graph/room.hpp"

namespace dagrad::detail {

/// A table of distinct values that many nodes share and refer to by index.
template <class T, class Hash = std::hash<T>>
class Interned {
 public:
  std::uint32_t index(const T& value) {
    // Successive nodes mostly have the same value.
    if (last_ < all_.size() && *all_[last_] == value) return last_;
    make_room(all_, 1);
    const auto [at, is_new] = known_.try_emplace(value, static_cast<std::uint32_t>(all_.size()));
    if (is_new) all_.push_back(&at->first);
    return last_ = at->second;
  }
  const T& operator[](std::uint32_t index) const { return *all_[index]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(all_.size()); }

 private:
  std::unordered_map<T, std::uint32_t, Hash> known_;
  std::vector<const T*> all_;  ///< keys of `known_`
  std::uint32_t last_ = 0;
};

struct ShapeHash {
  std::size_t operator()(const Shape& shape) const noexcept {
    std::size_t hash = static_cast<std::size_t>(shape.rank());
    for (const std::int64_t d : shape.dims())
      hash = (hash ^ static_cast<std::size_t>(d)) * 0x9e3779b97f4a7c15U;
    return hash;
  }
};
struct TypeHash {
  std::size_t operator()(const Type& type) const noexcept {
    return ShapeHash{}(type.shape) + static_cast<std::size_t>(type.dtype);
  }
};
using Types = Interned<Type, TypeHash>;

}  // namespace dagrad::detail
