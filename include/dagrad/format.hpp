#pragma once

#include <fmt/ostream.h>

#include <string_view>

#include "dagrad/check.hpp"
#include "dagrad/graph.hpp"
#include "dagrad/tensor.hpp"

/// Lets fmt print dagrad's types as `operator<<` does. Not included by `dagrad/dagrad.hpp`.

template <>
struct fmt::formatter<dagrad::DType> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(dagrad::DType dtype, Context& context) const {
    return fmt::formatter<std::string_view>::format(dagrad::name(dtype), context);
  }
};
template <>
struct fmt::formatter<dagrad::Shape> : fmt::ostream_formatter {};
template <>
struct fmt::formatter<dagrad::Type> : fmt::ostream_formatter {};
template <>
struct fmt::formatter<dagrad::Tensor> : fmt::ostream_formatter {};
template <>
struct fmt::formatter<dagrad::Value> : fmt::ostream_formatter {};
template <>
struct fmt::formatter<dagrad::Node> : fmt::ostream_formatter {};
template <>
struct fmt::formatter<dagrad::Graph> : fmt::ostream_formatter {};
template <>
struct fmt::formatter<dagrad::CheckReport> : fmt::ostream_formatter {};
