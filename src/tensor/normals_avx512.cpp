#include "src/tensor/normals_by_lanes.hpp"

namespace dagrad::detail {

template <class T>
FillNormals<T> avx512_normals() {
  return fill_groups<T>;
}
template FillNormals<float> avx512_normals();
template FillNormals<double> avx512_normals();

}  // namespace dagrad::detail
