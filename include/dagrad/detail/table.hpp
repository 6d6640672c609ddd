#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

#include "dagrad/config.hpp"

namespace dagrad::detail {

/// A table whose elements lie one after the other, and which grows at its end. The C library grows
/// large blocks by moving their pages to another address, so nothing is copied, and no page is
/// touched before it is used.
template <class T>
class Table {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table() = default;

  std::uint32_t size() const { return size_; }
  const T* data() const { return elements_.get(); }
  T& operator[](std::size_t index) { return elements_[index]; }
  const T& operator[](std::size_t index) const { return elements_[index]; }

  /// Makes room for `more` elements, so that adding them cannot fail.
  void make_room(std::size_t more) {
    if (size_ + more > capacity_) grow(std::max(size_ + more, 2 * std::size_t{size_}));
  }
  /// Appends an element, for which there must be room.
  void push_back(const T& element) noexcept { new (&elements_[size_++]) T(element); }
  /// Removes the newest elements until `size` are left.
  void truncate(std::uint32_t size) noexcept { size_ = size; }

 private:
  struct Free {
    void operator()(T* elements) const noexcept { std::free(elements); }
  };
  void grow(std::size_t capacity) {
    void* const grown = std::realloc(static_cast<void*>(elements_.get()), capacity * sizeof(T));
    if (grown == nullptr) throw std::bad_alloc();
    static_cast<void>(elements_.release());  // its memory is part of what has grown
    elements_.reset(static_cast<T*>(grown));
    capacity_ = capacity;
  }

  std::unique_ptr<T[], Free> elements_;
  std::uint32_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace dagrad::detail
