#include "src/tensor/normals_by_lanes.hpp"

namespace dagrad::detail {

template <class T>
FillNormals<T> plain_normals() {
  return fill_groups<T>;
}
template FillNormals<float> plain_normals();
template FillNormals<double> plain_normals();

}  // namespace dagrad::detail
