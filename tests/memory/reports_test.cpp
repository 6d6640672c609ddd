#include <string>

#include "dagrad/train/gradient_report.hpp"
#include "tests/memory/models.hpp"
#include "tests/memory/survives.hpp"

namespace dagrad::test {
namespace {

/// A training with an activation, and a report on it.
struct Trained {
  Graph graph;
  Value p = graph.parameter("layer/p", Tensor::of({1.0, 2.0}));
  Value loss = sum(relu(p));
  Value slope = gradient(loss, p);
  std::vector<Update> updates = sgd(p, slope, 0.1);
  GradientReport report() { return gradient_report(loss, p, slope, updates); }
};

TEST(OutOfMemory, ReportsAddAllTheirNodesOrNone) {
  struct World : Trained {
    void run() { (void)report(); }
    std::string text() const { return listing(graph); }
  };
  survives([] { return World(); });
}

TEST(OutOfMemory, ReportsRecordAllOfAStepOrNothing) {
  struct World {
    Trained trained;
    GradientReport report = trained.report();
    Tensor statistics = evaluate(report.statistics());
    void run() { report.record(static_cast<std::int64_t>(report.steps().size()), statistics); }
    std::string text() const {
      std::string text = report.text() + std::to_string(report.losses().size());
      for (const LayerSeries& layer : report.layers())
        text += " " + std::to_string(layer.gradient.size() + layer.dead.size());
      return text + " " + std::to_string(report.values()[0].zeros.size());
    }
  };
  survives([] { return World(); });
}

}  // namespace
}  // namespace dagrad::test
