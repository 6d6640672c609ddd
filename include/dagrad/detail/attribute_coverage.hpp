#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "dagrad/attributes.hpp"

/// Checks, without reflection, whether the attributes of an op list all its data members. The
/// members of an aggregate are counted by the number of values that can initialise it; another
/// class has unlisted members if it is larger than its listed members with their padding.
namespace dagrad::detail {

template <class M>
struct MemberPointer;
template <class C, class M>
struct MemberPointer<M C::*> {
  using Class = C;  ///< the class that declares it, which may be a base
  using Type = M;
};

/// Converts to any type, to initialise the members of an aggregate T.
template <class T>
struct AnyValue {
  template <class M>
  requires(!std::same_as<M, T>) operator M() const;
};
/// Converts to any direct base of T.
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

/// The number of direct bases of an aggregate.
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

  /// Whether all members of T and its bases are listed.
  template <class T>
  static constexpr bool of() {
    return complete<T>() && (complete<Class<Members>>() && ...);
  }

 private:
  /// Whether members of B itself are listed, or those of a base that contains all of its data.
  template <class B>
  static constexpr bool listed() {
    return ((std::is_base_of_v<Class<Members>, B> && sizeof(Class<Members>) == sizeof(B)) || ... ||
            false) ||
           (std::same_as<Class<Members>, B> || ... || false);
  }

  /// Converts to a base that has data but no listed members.
  template <class T>
  struct ForgottenBase {
    template <class B>
    requires(std::is_base_of_v<B, T> && !std::same_as<B, T> && !std::is_empty_v<B> && !listed<B>())
    operator B() const;
  };

  /// Whether no direct base and no member that T itself declares is left out.
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
  /// Size of a member of T, including the padding that may follow it.
  template <class T, auto Member>
  static constexpr std::size_t rounded() {
    if constexpr (std::is_base_of_v<Class<Member>, T>)
      return (sizeof(Type<Member>) + alignof(T) - 1) / alignof(T) * alignof(T);
    else
      return 0;
  }
};

/// True for ops with a custom attribute list, which is not checked.
template <class T>
constexpr bool lists_every_member() {
  if constexpr (requires { Coverage<typename T::attributes>(); })
    return Coverage<typename T::attributes>::template of<T>();
  else
    return true;
}

}  // namespace dagrad::detail
