#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace dagrad::detail {

/// Pointers to operands, on the stack unless there are very many.
template <class T>
class Pointers {
 public:
  explicit Pointers(std::size_t n) : size_(n), many_(n > few_.size() ? n : 0) {}
  T* data() { return many_.empty() ? few_.data() : many_.data(); }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data()[i]; }

 private:
  std::size_t size_;
  std::array<T, 64> few_;
  std::vector<T> many_;
};

}  // namespace dagrad::detail
