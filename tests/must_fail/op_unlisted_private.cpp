// expect: dagrad: the attributes of an op must list all its data members, including inherited ones
#include <dagrad/apply.hpp>

class Op {  // not an aggregate: its size reveals the member
 public:
  explicit Op(double scale) : scale_(scale) {}
  static constexpr auto name = "op";
  template <class T>
  T operator()(T x) const {
    return scale_ * x + shift_;
  }

 private:
  double scale_, shift_ = 0;

 public:
  using attributes = dagrad::attributes<&Op::scale_>;
};

dagrad::Op use() { return Op{2}; }
