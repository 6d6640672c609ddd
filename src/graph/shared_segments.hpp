#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace dagrad::detail {

/// A table of elements that never change, which grows at its end. Copies share their elements,
/// except for the last few, so graphs made from each other hold what they have in common once.
template <class T>
class SharedSegments {
 public:
  SharedSegments() = default;
  SharedSegments(const SharedSegments& other) : segments_(other.segments_), size_(other.size_) {
    if (size_ % length != 0) segments_.back() = std::make_shared<Segment>(*segments_.back());
  }
  SharedSegments& operator=(const SharedSegments& other) {
    SharedSegments copy(other);
    segments_.swap(copy.segments_);
    size_ = copy.size_;
    return *this;
  }
  ~SharedSegments() = default;

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T& operator[](std::size_t index) const {
    return (*segments_[index / length])[index % length];
  }
  const T& back() const { return segments_.back()->back(); }
  /// Changes nothing if it throws.
  void push_back(T element) {
    if (size_ % length == 0) {
      const auto segment = std::make_shared<Segment>();
      if (size_ > 0) segment->reserve(length);
      segment->push_back(std::move(element));
      segments_.push_back(segment);
    } else {
      segments_.back()->push_back(std::move(element));
    }
    ++size_;
  }

 private:
  using Segment = std::vector<T>;
  static constexpr std::size_t length = 1024;
  std::vector<std::shared_ptr<Segment>> segments_;  ///< all but the last are full and shared
  std::uint32_t size_ = 0;
};

}  // namespace dagrad::detail
