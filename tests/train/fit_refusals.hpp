#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/io/folder.hpp"
#include "tests/throws.hpp"
#include "tests/train/fit_model.hpp"

namespace dagrad::test {

/// For tests of what `fit` refuses before it makes a step.
class Refusals : public InFolder {
 protected:
  /// What `fit` says about a model and data, before any step.
  template <class E = ArgumentError>
  std::string refused(const Model& model, const Dataset& data, FitOptions options = quiet(1)) {
    options.on_step = [](StepEvent&) { FAIL() << "there was a step"; };
    return mistake<E>([&] { (void)fit(model, state, data, options); });
  }
  template <class E = ArgumentError>
  std::string refused(const FitOptions& options) {
    return refused<E>(network.model, circle(20), options);
  }
  template <class E = ArgumentError>
  std::string refused(const Model& model) {
    return refused<E>(model, circle(20));
  }
  std::string in_file(const std::string& text) const {
    return "'" + checkpoint.string() + "'" + text;
  }

  const CircleNetwork network;
  State state{network.graph};
  const std::filesystem::path checkpoint = folder / "run.npz";
};

}  // namespace dagrad::test
