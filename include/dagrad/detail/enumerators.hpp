#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "dagrad/config.hpp"

/// Names of members and enumerators, extracted from the compiler's text for a template argument.
namespace dagrad::detail {

template <auto Argument>
constexpr std::string_view argument_text() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  constexpr std::size_t begin = text.find("Argument = ") + 11;
  return text.substr(begin, text.find_first_of(";]", begin) - begin);
}

/// The name of a member, such as "slope" for &LeakyRelu::slope.
template <auto Member>
constexpr std::string_view member_name() {
  constexpr std::string_view text = argument_text<Member>();
  return text.substr(text.rfind("::") + 2);
}

/// Whether the enum E has an enumerator with that value. Values without one are written as a cast.
template <class E, std::size_t value>
constexpr bool is_enumerator() {
  return argument_text<static_cast<E>(value)>().front() != '(';
}

template <class E, std::size_t count = 0>
constexpr std::size_t enumerator_count() {
  if constexpr (is_enumerator<E, count>())
    return enumerator_count<E, count + 1>();
  else
    return count;
}

/// The names of the enumerators with values 0, 1, … up to the first value without one.
template <class E>
inline constexpr auto enumerators = []<std::size_t... i>(std::index_sequence<i...>) {
  constexpr auto name = [](std::string_view text) { return text.substr(text.rfind(':') + 1); };
  return std::array<std::string_view, sizeof...(i)>{name(argument_text<static_cast<E>(i)>())...};
}
(std::make_index_sequence<enumerator_count<E>()>{});

}  // namespace dagrad::detail
