#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "dagrad/indices.hpp"
#include "dagrad/literal.hpp"
#include "dagrad/shape.hpp"

namespace dagrad {

namespace detail {
[[noreturn]] void throw_dtype_mismatch(DType is, DType asked);
[[noreturn]] void throw_ragged(std::int64_t first, std::int64_t other);
}  // namespace detail

/// Elements in memory that the view does not own: row-major, contiguous and aligned to the element.
struct View {
  const void* data = nullptr;
  Type type;

  /// The elements as C++ numbers. Throws TypeError if T is not the type of the dtype.
  template <Element T>
  std::span<const T> as() const {
    if (dtype_of<T> != type.dtype) detail::throw_dtype_mismatch(type.dtype, dtype_of<T>);
    return {static_cast<const T*>(data), static_cast<std::size_t>(type.elements())};
  }
};

/// The same with writable elements.
struct MutableView {
  void* data = nullptr;
  Type type;

  template <Element T>
  std::span<T> as() const {
    if (dtype_of<T> != type.dtype) detail::throw_dtype_mismatch(type.dtype, dtype_of<T>);
    return {static_cast<T*>(data), static_cast<std::size_t>(type.elements())};
  }
  operator View() const { return {data, type}; }
};

/// Where storage lies. Host memory is the only kind so far.
enum class MemoryKind : std::uint8_t { host };

/// A contiguous range of elements: a vector, span or array.
template <class R>
concept ElementRange = requires(const R& range) {
  std::span(range);
  requires Element<typename decltype(std::span(range))::value_type>;
};

class Tensor;

namespace detail {

/// How deep a list of numbers is nested, and what it is a list of. A number has rank 0.
template <class L>
struct NumberList {
  static constexpr int rank = 0;
  using Number = L;
};
template <std::ranges::sized_range L>
struct NumberList<L> {
  using Item = NumberList<std::remove_cv_t<std::ranges::range_value_t<L>>>;
  static constexpr int rank = 1 + Item::rank;
  using Number = typename Item::Number;
};

/// A reference-counted handle of memory; empty if the memory is borrowed.
class Storage {
 public:
  struct Header;

  Storage() = default;
  Storage(const Storage& other) noexcept : header_(other.header_) {
    if (header_ != nullptr) retain();
  }
  Storage(Storage&& other) noexcept : header_(std::exchange(other.header_, nullptr)) {}
  Storage& operator=(Storage other) noexcept {
    std::swap(header_, other.header_);
    return *this;
  }
  ~Storage() {
    if (header_ != nullptr) release();
  }

  /// Padded and aligned memory, uninitialised.
  static Storage allocate(std::size_t bytes);
  static Storage adopt(void* data, std::function<void(void*)> deleter, MemoryKind kind);

  bool empty() const noexcept { return header_ == nullptr; }
  void* data() const noexcept;
  bool sole() const noexcept;          ///< whether this is the only handle of its memory
  bool whole_blocks() const noexcept;  ///< whether it is padded and aligned, as loops require
  MemoryKind kind() const noexcept;

 private:
  explicit Storage(Header* header) : header_(header) {}
  void retain() const noexcept;
  void release() const noexcept;
  Header* header_ = nullptr;
};

Tensor uninitialized(const Type& type);
}  // namespace detail

/// A vector, span or array of elements, or of such lists: {{1.0, 2.0}, {3.0, 4.0}} as a vector of
/// vectors.
template <class L>
concept NestedList = std::ranges::sized_range<L> && detail::NumberList<L>::rank <=
                     max_rank&& Element<typename detail::NumberList<L>::Number>;

/// A dense row-major array of one dtype. Copies share their storage until one of them is written to
/// (`mutate`), so a Tensor behaves like a value but copying it is cheap. Storage that dagrad
/// allocates is aligned to 64 bytes and padded with zeros to whole 64-byte blocks. Any number of
/// threads may read a tensor and its copies at once.
class Tensor : public Indexable<Tensor> {
 public:
  /// The float64 scalar 0.0, which is also the value of a moved-from tensor.
  Tensor() noexcept;
  /// A scalar.
  template <Element T>
  Tensor(T scalar) : Tensor({}, dtype_of<T>, &scalar, 1) {}
  /// All elements are 0. Throws RunError naming the size if there is not enough memory.
  explicit Tensor(const Type& type);
  /// Copies the elements of a vector, span or array. Throws ShapeError if their number differs from
  /// that of the shape.
  template <ElementRange R>
  Tensor(const Shape& shape, const R& values)
      : Tensor(shape, dtype_of<typename decltype(std::span(values))::value_type>, std::data(values),
               std::size(values)) {}
  Tensor(const Shape& shape, const std::vector<bool>& values);
  template <Element T>
  Tensor(const Shape& shape, std::initializer_list<T> values)
      : Tensor(shape, dtype_of<T>, values.begin(), values.size()) {}
  /// Lists of numbers, nested up to rank 4: {1.0, 2.0} is float64[2], {{1.0}, {2.0}} is
  /// float64[2,1]. The dtype is that of the C++ numbers: {1, 2} is int32, {1.5F} is float32, and
  /// `of<double>({1, 2})` is float64. Throws ShapeError if lists of the same depth differ in
  /// length.
  template <Element T>
  static Tensor of(std::initializer_list<T> list) {
    return Tensor({static_cast<std::int64_t>(list.size())}, list);
  }
  template <Element T>
  static Tensor of(std::initializer_list<std::initializer_list<T>> list);
  template <Element T>
  static Tensor of(std::initializer_list<std::initializer_list<std::initializer_list<T>>> list);
  template <Element T>
  static Tensor of(
      std::initializer_list<std::initializer_list<std::initializer_list<std::initializer_list<T>>>>
          list);
  /// The same for a vector, span or array of numbers, or of such lists.
  template <NestedList L>
  static Tensor of(const L& list);
  /// Every element is `value`. Throws as `Literal::bits` does if the dtype cannot represent it.
  static Tensor full(const Type& type, Literal value);

  /// Refers to the caller's memory without copying it. The memory must outlive this tensor and all
  /// its copies and needs no padding. Writing to the tensor (`mutate`) copies it first.
  template <Element T>
  static Tensor borrow(const Shape& shape, std::span<const T> values) {
    return borrow(shape, dtype_of<T>, values.data(), values.size());
  }
  /// The same for a vector or array, which must not be a temporary.
  template <ElementRange R>
  static Tensor borrow(const Shape& shape, const R& values) {
    return borrow(shape, std::span<const typename decltype(std::span(values))::value_type>(values));
  }
  template <ElementRange R>
  requires(!std::ranges::enable_borrowed_range<R>) static Tensor
      borrow(const Shape& shape, const R&& values) = delete;
  /// Takes over memory. The deleter is called once, after the last copy is gone. Throws
  /// ArgumentError if the data is not aligned to its element, or is null although there are
  /// elements; the caller then keeps the memory.
  static Tensor adopt(const Type& type, void* data, std::function<void(void*)> deleter,
                      MemoryKind kind = MemoryKind::host);

  Tensor(const Tensor&) = default;
  Tensor(Tensor&& other) noexcept;
  Tensor& operator=(const Tensor&) = default;
  Tensor& operator=(Tensor&& other) noexcept;
  ~Tensor() = default;

  const Type& type() const& { return type_; }
  Type type() const&& { return type_; }
  DType dtype() const { return type_.dtype; }
  const Shape& shape() const& { return type_.shape; }
  Shape shape() const&& { return type_.shape; }
  int rank() const { return type_.shape.rank(); }
  std::int64_t size() const { return type_.elements(); }
  const void* data() const { return data_; }
  View view() const { return {data_, type_}; }
  MemoryKind memory() const { return storage_.kind(); }

  /// The elements for reading. Throws TypeError if T is not the type of the dtype.
  template <Element T>
  std::span<const T> values() const {
    return view().as<T>();
  }
  /// The elements for writing; copies the storage first if it is shared or borrowed. Throws
  /// TypeError if T is not the type of the dtype.
  template <Element T>
  std::span<T> mutate() {
    if (dtype_of<T> != dtype()) detail::throw_dtype_mismatch(dtype(), dtype_of<T>);
    return {static_cast<T*>(writable()), static_cast<std::size_t>(size())};
  }
  MutableView mutable_view() { return {writable(), type_}; }
  template <Element T>
  std::vector<T> to_vector() const {
    const auto v = values<T>();
    return {v.begin(), v.end()};
  }
  /// The only element, converted to T as by `cast`. Throws ShapeError if there is not exactly one.
  template <Element T>
  T item() const;
  /// The element at row-major position `i` as a double (an int64 beyond 2^53 is rounded). Throws
  /// ArgumentError unless 0 <= i < size().
  double at(std::int64_t i) const;

  /// A part of the tensor, as in NumPy: `x[0]`, `x[-1]`, `x[{i, j}]`, `x[{.begin = 1}]`,
  /// `x[Range{1, 3}]`, `x[{{1, 3}, {.step = -1}}]`. Positions drop their axis; ranges keep it. A
  /// contiguous part, such as a range of rows, shares the storage of this tensor; any other part is
  /// copied. Throws as `Indices::ranges` does.
  using Indexable::operator[];
  /// The same elements in another shape; shares the storage. Throws ShapeError if the numbers of
  /// elements differ.
  Tensor reshaped(const Shape& shape) const;
  /// Converts the elements. To a float: rounds to nearest. Float to integer: truncates and
  /// saturates; NaN becomes 0. Integer to a smaller integer: wraps around. To bool: whether the
  /// element is not 0.
  Tensor cast(DType dtype) const;
  /// Whether the tensor owns its memory. Borrowed memory may be changed by its owner at any time.
  bool owned() const { return !storage_.empty(); }
  /// Whether the storage is owned, padded, not shared with another tensor, and begins with the
  /// first element of this one.
  bool unique() const {
    return storage_.sole() && storage_.whole_blocks() && data_ == storage_.data();
  }

  /// Whether both have the same type and equal bit patterns.
  friend bool same_bits(const Tensor& a, const Tensor& b);

 private:
  friend Indexable<Tensor>;
  friend Tensor detail::uninitialized(const Type& type);
  Tensor(const Shape& shape, DType dtype, const void* values, std::size_t count);
  Tensor(const Type& type, detail::Storage storage);
  static Tensor borrow(const Shape& shape, DType dtype, const void* values, std::size_t count);
  void* writable();
  Tensor part(const Indices& indices) const;

  detail::Storage storage_;
  void* data_;
  Type type_;
};

namespace detail {
/// The numbers of nested lists, and how long the lists of each depth are.
template <Element T>
class ListReader {
 public:
  template <class L>
  explicit ListReader(const L& list) : sizes_(NumberList<L>::rank, -1) {
    read(list, 0);
  }
  Tensor tensor() {
    for (std::int64_t& size : sizes_)
      if (size < 0) size = 0;
    return Tensor(Shape(sizes_), values_);
  }

 private:
  template <class L>
  void read(const L& list, std::size_t depth) {
    const auto size = static_cast<std::int64_t>(std::ranges::size(list));
    if (sizes_[depth] >= 0 && sizes_[depth] != size) throw_ragged(sizes_[depth], size);
    sizes_[depth] = size;
    if constexpr (NumberList<L>::rank == 1) {
      values_.insert(values_.end(), std::ranges::begin(list), std::ranges::end(list));
    } else {
      for (const auto& item : list) read(item, depth + 1);
    }
  }

  std::vector<std::int64_t> sizes_;  ///< by depth; -1 where no list has been met
  std::vector<T> values_;
};
}  // namespace detail

template <Element T>
Tensor Tensor::of(std::initializer_list<std::initializer_list<T>> list) {
  return detail::ListReader<T>(list).tensor();
}
template <Element T>
Tensor Tensor::of(std::initializer_list<std::initializer_list<std::initializer_list<T>>> list) {
  return detail::ListReader<T>(list).tensor();
}
template <Element T>
Tensor Tensor::of(
    std::initializer_list<std::initializer_list<std::initializer_list<std::initializer_list<T>>>>
        list) {
  return detail::ListReader<T>(list).tensor();
}
template <NestedList L>
Tensor Tensor::of(const L& list) {
  if constexpr (ElementRange<L>)
    return Tensor({static_cast<std::int64_t>(std::size(list))}, list);
  else
    return detail::ListReader<typename detail::NumberList<L>::Number>(list).tensor();
}

bool same_bits(const Tensor& a, const Tensor& b);

/// The result of `compare`.
struct Difference {
  bool close = true;
  std::string text;  ///< empty if close, else the worst element, both numbers and the bound
};
/// Compares element by element: they are close if |a − b| ≤ absolute + relative·|b|. NaN is close
/// to NaN, and an infinity to itself. Tensors of different types are never close.
Difference compare(const Tensor& a, const Tensor& b, double relative, double absolute = 0);

/// Formats a tensor as NumPy does; if it has more than `threshold` elements, dots replace some of
/// them.
std::string to_string(const Tensor& tensor, std::int64_t threshold = 1000);
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace dagrad
