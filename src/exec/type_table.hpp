#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dagrad/shape.hpp"

namespace dagrad::detail {

/// Gives types numbers, equal types the same one: a type takes 80 bytes, and most are equal.
class TypeTable {
 public:
  std::uint32_t intern(const Type& type) {
    const auto next = static_cast<std::uint32_t>(types_.size());
    const auto [at, is_new] = numbers_.try_emplace(type, next);
    if (is_new) types_.push_back(type);
    return at->second;
  }
  /// By number.
  std::vector<Type> types() && { return std::move(types_); }

 private:
  struct Hash {
    std::size_t operator()(const Type& type) const noexcept {
      auto hash = static_cast<std::size_t>(type.dtype);
      for (const std::int64_t d : type.shape)
        hash = (hash ^ static_cast<std::size_t>(d)) * 0x9e3779b97f4a7c15U ^ hash >> 29;
      return hash;
    }
  };
  std::unordered_map<Type, std::uint32_t, Hash> numbers_;
  std::vector<Type> types_;
};

}  // namespace dagrad::detail
