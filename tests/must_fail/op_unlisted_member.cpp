// expect: dagrad: the attributes of an op must list all its data members, including inherited ones
#include <dagrad/apply.hpp>

struct Op {
  double scale = 1;
  double shift = 0;
  using attributes = dagrad::attributes<&Op::scale>;
  static constexpr auto name = "op";
  template <class T>
  T operator()(T x) const {
    return scale * x + shift;
  }
};

dagrad::Op use() { return Op{}; }
