#include "dagrad/detail/plain_functor.hpp"
#include "dagrad/op.hpp"

namespace dagrad {

DType common_dtype(std::span<const Type> in, std::size_t conditions, DTypes takes) {
  for (std::size_t i = 0; i < conditions && i < in.size(); ++i)
    if (in[i].dtype != b8)
      throw TypeError("operand " + std::to_string(i) + " is a condition and must be bool, got " +
                      to_string(in[i]));
  DType common = b8;
  for (std::size_t i = conditions; i < in.size(); ++i)
    common = i == conditions ? in[i].dtype : promote(common, in[i].dtype);
  if (in.size() > conditions && !takes.contains(common)) {
    std::string names;
    for (std::size_t i = 0; i < dtype_count; ++i)
      if (const auto dtype = static_cast<DType>(i); takes.contains(dtype))
        names += (names.empty() ? "" : ", ") + std::string(name(dtype));
    throw TypeError("takes " + names + ", got " + std::string(name(common)) +
                    "; convert with cast");
  }
  return common;
}

Shape common_shape(std::span<const Type> in) {
  Shape shape;
  for (const Type& type : in)
    if (type.shape != shape)
      shape = shape.rank() == 0        ? type.shape
              : type.shape.rank() == 0 ? shape
                                       : broadcast(shape, type.shape);
  return shape;
}

void check_operand_count(std::size_t is, std::size_t wanted) {
  if (is != wanted)
    throw ArgumentError("takes " + std::to_string(wanted) +
                        (wanted == 1 ? " operand" : " operands") + ", got " + std::to_string(is));
}

namespace detail {

DType same_dtype(std::span<const Type> in, DTypes takes) {
  const DType common = common_dtype(in, 0, takes);
  for (const Type& t : in)
    if (t.dtype != common)
      throw TypeError("operands differ in dtype: " + std::string(dagrad::name(t.dtype)) + " and " +
                      std::string(dagrad::name(common)) + "; convert with cast");
  return common;
}

std::vector<Type> types_of(std::span<const View> views) {
  std::vector<Type> types;
  for (const View& view : views) types.push_back(view.type);
  return types;
}

}  // namespace detail

}  // namespace dagrad
