#include "dagrad/ops/index.hpp"
#include "dagrad/random.hpp"

namespace dagrad {

namespace {

Tensor ints(const Shape& shape, const std::vector<std::int64_t>& values) {
  return Tensor(shape, values);
}

/// A tensor, indices, and the shape that these select.
struct Named {
  std::int64_t axis;
  Shape shape;
  Tensor indices;
  Shape named;
};

/// Repeated indices, negative ones, scalars, no elements.
template <bool along>
std::vector<Named> cases() {
  if constexpr (along)
    return {{1, {2, 3}, ints({2, 4}, {0, 2, -1, 0, 1, 1, 1, -3}), {2, 4}},
            {0, {3, 2}, ints({2, 2}, {2, 0, -1, 1}), {2, 2}},
            {-2, {2, 4, 3}, ints({2, 1, 3}, {3, 0, 1, -1, 2, -4}).cast(i32), {2, 1, 3}},
            {0, {1}, ints({1}, {0}), {1}},
            {0, {3}, ints({0}, {}), {0}},
            {1, {0, 3}, ints({0, 2}, {}), {0, 2}}};
  else
    return {{0, {4, 3}, ints({2, 3}, {0, 3, -1, 1, -4, 3}), {2, 3, 3}},
            {1, {2, 3}, ints({4}, {2, 0, 0, -2}), {2, 4}},
            {-2, {2, 4, 3}, ints({2}, {3, 1}).cast(i32), {2, 2, 3}},
            {-1, {3}, ints({}, {1}), {}},
            {0, {1}, ints({1}, {0}), {1}},
            {0, {3, 2}, ints({0}, {}), {0, 2}},
            {1, {0, 3}, ints({2}, {1, 1}), {0, 2}}};
}

template <class T, bool along>
Samples scatter_samples(Rng& rng) {
  Samples all;
  for (const Named& c : cases<along>())
    all.push_back(
        {T{{c.axis}}, {rng.uniform(c.shape, -2, 2), c.indices, rng.uniform(c.named, -2, 2)}});
  return all;
}

}  // namespace

template <bool along>
Samples Gather<along>::samples(Rng& rng) {
  Samples all;
  for (const Named& c : cases<along>())
    all.push_back({Gather{{c.axis}}, {rng.uniform(c.shape, -2, 2), c.indices}});
  return all;
}

template <bool along>
Samples ScatterSum<along>::samples(Rng& rng) {
  return scatter_samples<ScatterSum, along>(rng);
}

template <bool along>
Samples ScatterPut<along>::samples(Rng& rng) {
  return scatter_samples<ScatterPut, along>(rng);
}

template <bool along>
Samples LastNamed<along>::samples(Rng& rng) {
  Samples all;
  for (const Named& c : cases<along>())
    all.push_back({LastNamed{{c.axis}}, {c.indices, rng.uniform(c.shape)}});
  if constexpr (along) {
    all[0].out = {Tensor({2, 4}, {false, false, true, true, false, false, true, true})};
    all[1].out = {Tensor({2, 2}, {false, true, true, true})};
  } else {
    all[0].out = {Tensor({2, 3}, {false, false, false, true, true, true})};
    all[1].out = {Tensor({4}, {true, false, true, true})};
  }
  return all;
}

template Samples Gather<false>::samples(Rng&);
template Samples Gather<true>::samples(Rng&);
template Samples ScatterSum<false>::samples(Rng&);
template Samples ScatterSum<true>::samples(Rng&);
template Samples ScatterPut<false>::samples(Rng&);
template Samples ScatterPut<true>::samples(Rng&);
template Samples LastNamed<false>::samples(Rng&);
template Samples LastNamed<true>::samples(Rng&);

}  // namespace dagrad
