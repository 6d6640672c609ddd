#pragma once

#include <array>

#include "dagrad/dagrad.hpp"
#include "tests/models/adbench.hpp"

namespace dagrad::adbench {

/// Bundle adjustment for an input of ADBench: where cameras see points, compared with where they
/// should see them.
struct BaNetwork {
  explicit BaNetwork(const Ba& data)
      : cameras(graph.input("cameras", data.cameras.type())),
        points(graph.input("points", data.points.type())),
        weights(graph.input("weights", data.weights.type())),
        features(graph.constant(data.features)) {
    const Value camera = take(transpose(cameras), graph.constant(data.camera_of), 1);
    const Value point = take(transpose(points), graph.constant(data.point_of), 1);
    const Value seen = project(camera, point);
    errors = weights * (seen - transpose(features));
    weight_errors = 1 - square(weights);
  }

  /// What the inputs are fed.
  Feeds feeds(const Ba& data) const {
    return {{cameras, data.cameras}, {points, data.points}, {weights, data.weights}};
  }
  std::vector<Value> parameters() const { return {cameras, points, weights}; }

  Graph graph;
  Value cameras, points, weights, features;
  Value errors;         ///< [2, p]
  Value weight_errors;  ///< [p]

 private:
  using Vector = std::array<Value, 3>;
  static Value dot(const Vector& a, const Vector& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  }
  static Vector cross(const Vector& a, const Vector& b) {
    return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
  }

  /// Turns a vector about an axis by the length of the axis (Rodrigues' formula).
  static Vector rotate(const Vector& axis, const Vector& x) {
    const Value angle = sqrt(dot(axis, axis)), s = sin(angle), c = cos(angle);
    const Vector w{axis[0] / angle, axis[1] / angle, axis[2] / angle}, turned = cross(w, x);
    const Value along = dot(w, x) * (1 - c);
    Vector result;
    for (std::size_t i = 0; i < 3; ++i) result[i] = x[i] * c + turned[i] * s + w[i] * along;
    return result;
  }

  /// Where cameras [11, p] see points [3, p]: [2, p].
  static Value project(const Value& camera, const Value& point) {
    const auto centred = [&](int i) { return point[i] - camera[3 + i]; };
    const Vector x =
        rotate({camera[0], camera[1], camera[2]}, {centred(0), centred(1), centred(2)});
    const Value u = x[0] / x[2], v = x[1] / x[2], r = square(u) + square(v);
    const Value scale = (1 + camera[9] * r + camera[10] * square(r)) * camera[6];
    return stack({u * scale + camera[7], v * scale + camera[8]});
  }
};

}  // namespace dagrad::adbench
