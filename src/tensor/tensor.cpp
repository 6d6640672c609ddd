#include "dagrad/tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dagrad/convert.hpp"
#include "dagrad/error.hpp"
#include "src/tensor/storage.hpp"

namespace dagrad {

namespace {

// The data of tensors without storage. It is never written, because a write copies first.
alignas(detail::block_bytes) constexpr std::byte zeros[detail::block_bytes]{};

void require_count(const Shape& shape, std::size_t count) {
  if (static_cast<std::uint64_t>(shape.elements()) != count) {
    throw ShapeError(fmt::format("shape {} holds {} elements, got {}", to_string(shape),
                                 shape.elements(), count));
  }
}

}  // namespace

void detail::throw_ragged(std::int64_t first, std::int64_t other) {
  throw ShapeError(fmt::format(
      "the rows of a nested list differ in length: the first has {} elements, another {}", first,
      other));
}

Tensor detail::uninitialized(const Type& type) {
  const std::size_t bytes = type.bytes(), whole = padded(bytes);
  Tensor tensor(type, Storage::allocate(bytes));
  std::memset(static_cast<std::byte*>(tensor.data_) + bytes, 0, whole - bytes);
  return tensor;
}

Tensor::Tensor() noexcept : data_(const_cast<std::byte*>(zeros)) {}

Tensor::Tensor(Tensor&& other) noexcept
    : storage_(std::move(other.storage_)),
      data_(std::exchange(other.data_, const_cast<std::byte*>(zeros))),
      type_(std::exchange(other.type_, Type())) {}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  storage_ = std::move(other.storage_);
  data_ = std::exchange(other.data_, const_cast<std::byte*>(zeros));
  type_ = std::exchange(other.type_, Type());
  return *this;
}

Tensor::Tensor(const Type& type, detail::Storage storage)
    : storage_(std::move(storage)), data_(storage_.data()), type_(type) {}

Tensor::Tensor(const Type& type) : Tensor(detail::uninitialized(type)) {
  std::memset(data_, 0, type.bytes());
}

Tensor::Tensor(const Shape& shape, DType dtype, const void* values, std::size_t count) : Tensor() {
  require_count(shape, count);
  Tensor copy = detail::uninitialized({dtype, shape});
  if (count > 0) std::memcpy(copy.data_, values, copy.type_.bytes());
  *this = std::move(copy);
}

Tensor::Tensor(const Shape& shape, const std::vector<bool>& values) : Tensor() {
  require_count(shape, values.size());
  Tensor copy = detail::uninitialized({b8, shape});
  std::copy(values.begin(), values.end(), static_cast<bool*>(copy.data_));
  *this = std::move(copy);
}

Tensor Tensor::full(const Type& type, Literal value) {
  const std::uint64_t bits = value.bits(type.dtype);
  Tensor tensor = detail::uninitialized(type);
  dispatch_width(type.dtype, [&]<class Bits>(std::type_identity<Bits>) {
    std::fill_n(static_cast<Bits*>(tensor.data_), tensor.size(), static_cast<Bits>(bits));
  });
  return tensor;
}

Tensor Tensor::borrow(const Shape& shape, DType dtype, const void* values, std::size_t count) {
  require_count(shape, count);
  Tensor tensor;
  tensor.type_ = {dtype, shape};
  if (count > 0) tensor.data_ = const_cast<void*>(values);  // never written: a write copies first
  return tensor;
}

Tensor Tensor::adopt(const Type& type, void* data, std::function<void(void*)> deleter,
                     MemoryKind kind) {
  if (data == nullptr && type.elements() > 0) {
    throw ArgumentError(fmt::format("adopt: the data of {} is null", to_string(type)));
  }
  if (reinterpret_cast<std::uintptr_t>(data) % size_of(type.dtype) != 0) {
    throw ArgumentError(fmt::format("adopt: data of {} must be aligned to {} bytes, got {}",
                                    to_string(type), size_of(type.dtype), data));
  }
  return Tensor(type, detail::Storage::adopt(data, std::move(deleter), kind));
}

void* Tensor::writable() {
  if (!storage_.sole()) {
    Tensor copy = detail::uninitialized(type_);
    std::memcpy(copy.data_, data_, type_.bytes());
    *this = std::move(copy);
  }
  return data_;
}

template <Element T>
T Tensor::item() const {
  if (size() != 1) {
    throw ShapeError(
        fmt::format("item: {} has {} elements, expected exactly one", to_string(type_), size()));
  }
  return dispatch_stored(dtype(), [&]<class From>(std::type_identity<From>) {
    return convert<T>(*static_cast<const From*>(data_));
  });
}
template bool Tensor::item() const;
template std::int8_t Tensor::item() const;
template std::uint8_t Tensor::item() const;
template std::int16_t Tensor::item() const;
template std::int32_t Tensor::item() const;
template std::int64_t Tensor::item() const;
template Float16 Tensor::item() const;
template BFloat16 Tensor::item() const;
template float Tensor::item() const;
template double Tensor::item() const;

double Tensor::at(std::int64_t i) const {
  if (i < 0 || i >= size()) {
    throw ArgumentError(fmt::format("at: element {} does not exist: {} has {} elements", i,
                                    to_string(type_), size()));
  }
  return dispatch_stored(dtype(), [&]<class From>(std::type_identity<From>) {
    return convert<double>(static_cast<const From*>(data_)[i]);
  });
}

Tensor Tensor::reshaped(const Shape& shape) const {
  if (shape.elements() != size()) {
    throw ShapeError(fmt::format("reshaped: {} holds {} elements, shape {} needs {}",
                                 to_string(type_), size(), to_string(shape), shape.elements()));
  }
  Tensor tensor = *this;
  tensor.type_.shape = shape;
  return tensor;
}

Tensor Tensor::cast(DType dtype) const {
  if (dtype == this->dtype()) return *this;
  Tensor tensor = detail::uninitialized({dtype, shape()});
  dispatch_stored(this->dtype(), [&]<class From>(std::type_identity<From>) {
    dispatch_stored(dtype, [&]<class To>(std::type_identity<To>) {
      const auto from = values<From>();
      std::transform(from.begin(), from.end(), static_cast<To*>(tensor.data_),
                     [](From value) { return convert<To>(value); });
    });
  });
  return tensor;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.type() == b.type() && std::memcmp(a.data(), b.data(), a.type().bytes()) == 0;
}

}  // namespace dagrad
