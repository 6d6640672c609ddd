#pragma once

#include <vector>

#include "dagrad/picture.hpp"

namespace dagrad::test {

/// A random graph with scopes, some of which repeat, with gradients of up to second order and
/// updates, and random options for its picture.
struct RandomPicture {
  Graph graph;
  PictureOptions options;
};
RandomPicture random_picture(unsigned seed);

}  // namespace dagrad::test
