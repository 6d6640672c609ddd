#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "dagrad/attributes.hpp"

/// Whether the attributes of an op list all its data members, without reflection. An aggregate's
/// members are counted by how many values it can be initialised with; of another class, more bytes
/// than those of the members that are listed, each rounded up, betray one that is not.
namespace dagrad::detail {

template <class M>
struct MemberPointer;
template <class C, class M>
struct MemberPointer<M C::*> {
  using Class = C;  ///< the base that declares it, where it is inherited
  using Type = M;
};

/// Initialises whatever an aggregate T begins with.
template <class T>
struct AnyValue {
  template <class M>
  requires(!std::same_as<M, T>) operator M() const;
};
/// Initialises a direct base of T.
template <class T>
struct AnyBase {
  template <class B>
  requires(std::is_base_of_v<B, T> && !std::same_as<B, T>) operator B() const;
};

template <class Value, std::size_t>
using Repeated = Value;

template <class T, class... Values>
concept InitializedBy = requires {
  T{std::declval<Values>()...};
};
template <class T, class Value, std::size_t... i>
constexpr bool initialized_by(std::index_sequence<i...>) {
  return InitializedBy<T, Repeated<Value, i>...>;
}

/// How many direct bases an aggregate has.
template <class T, std::size_t n = 0>
constexpr std::size_t base_count() {
  if constexpr (initialized_by<T, AnyBase<T>>(std::make_index_sequence<n + 1>{}))
    return base_count<T, n + 1>();
  else
    return n;
}

template <class List>
struct Coverage;

template <auto... Members>
struct Coverage<attributes<Members...>> {
  template <auto Member>
  using Class = typename MemberPointer<decltype(Member)>::Class;
  template <auto Member>
  using Type = typename MemberPointer<decltype(Member)>::Type;

  /// Whether the list lists all of T and its bases.
  template <class T>
  static constexpr bool of() {
    return complete<T>() && (complete<Class<Members>>() && ...);
  }

 private:
  /// Whether the list has members of B itself, or of a base that is all of its data.
  template <class B>
  static constexpr bool listed() {
    return ((std::is_base_of_v<Class<Members>, B> && sizeof(Class<Members>) == sizeof(B)) || ... ||
            false) ||
           (std::same_as<Class<Members>, B> || ... || false);
  }

  /// A base with data of which nothing is listed.
  template <class T>
  struct ForgottenBase {
    template <class B>
    requires(std::is_base_of_v<B, T> && !std::same_as<B, T> && !std::is_empty_v<B> && !listed<B>())
    operator B() const;
  };

  /// Whether no member that T itself declares, and no direct base, is left out.
  template <class T>
  static constexpr bool complete() {
    if constexpr (std::is_aggregate_v<T>) {
      constexpr std::size_t own = (std::size_t{std::same_as<Class<Members>, T>} + ... + 0);
      constexpr std::size_t bases = base_count<T>();
      return !initialized_by<T, AnyValue<T>>(std::make_index_sequence<bases + own + 1>{}) &&
             !forgets_base<T>(std::make_index_sequence<bases>{});
    } else {
      constexpr std::size_t bytes = (rounded<T, Members>() + ... + 0);
      return sizeof(T) <= bytes + (std::is_polymorphic_v<T> ? sizeof(void*) : 0);
    }
  }
  template <class T, std::size_t... i>
  static constexpr bool forgets_base(std::index_sequence<i...>) {
    return (forgets_base_behind<T>(std::make_index_sequence<i>{}) || ... || false);
  }
  template <class T, std::size_t... i>
  static constexpr bool forgets_base_behind(std::index_sequence<i...>) {
    return InitializedBy<T, Repeated<AnyBase<T>, i>..., ForgottenBase<T>>;
  }
  /// Bytes of T that a member takes with the padding that may lie behind it.
  template <class T, auto Member>
  static constexpr std::size_t rounded() {
    if constexpr (std::is_base_of_v<Class<Member>, T>)
      return (sizeof(Type<Member>) + alignof(T) - 1) / alignof(T) * alignof(T);
    else
      return 0;
  }
};

/// True for an attribute list of an op's own making, which answers for itself.
template <class T>
constexpr bool lists_every_member() {
  if constexpr (requires { Coverage<typename T::attributes>(); })
    return Coverage<typename T::attributes>::template of<T>();
  else
    return true;
}

}  // namespace dagrad::detail
