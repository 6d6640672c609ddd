// expect: dagrad: an ordered op needs infer and eval, because a functor has no effects
#include <dagrad/apply.hpp>

struct Op {
  static constexpr auto name = "op";
  static constexpr bool ordered = true;
  template <class T>
  T operator()(T x) const {
    return x;
  }
};

dagrad::Op use() { return Op{}; }
