#include "src/tensor/normals_by_lanes.hpp"

namespace dagrad::detail {

template <class T>
FillNormals<T> avx2_normals() {
  return fill_groups<T>;
}
template FillNormals<float> avx2_normals();
template FillNormals<double> avx2_normals();

}  // namespace dagrad::detail
