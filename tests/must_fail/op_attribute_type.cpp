// expect: dagrad: an attribute must be of a type that dagrad::attributes names
#include <dagrad/apply.hpp>

struct Colour {
  int red = 0;
};
struct Op {
  Colour colour;
  using attributes = dagrad::attributes<&Op::colour>;
  static constexpr auto name = "op";
  template <class T>
  T operator()(T x) const {
    return x;
  }
};

dagrad::Op use() { return Op{}; }
