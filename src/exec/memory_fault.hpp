#pragma once

#include <cstdint>

#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// What is wrong with memory that the caller gives for elements of a type: "null" or "not aligned
/// to an element"; null if nothing is.
inline const char* memory_fault(const void* data, const Type& type) {
  if (data == nullptr && type.elements() > 0) return "null";
  const bool aligned = reinterpret_cast<std::uintptr_t>(data) % size_of(type.dtype) == 0;
  return aligned ? nullptr : "not aligned to an element";
}

}  // namespace dagrad::detail
