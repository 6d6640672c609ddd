#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/dot.hpp"
#include "dagrad/train/gradient_warnings.hpp"

/// Reports on gradients: whether they reach every layer, and what each step does to the weights.
namespace dagrad {

/// What is recorded about a value or a layer, in order of the columns of a report.
enum class GradientStatistic : std::uint8_t {
  value,
  gradient,
  update,
  ratio,
  zeros,
  dead,
  saturated
};
std::string to_string(GradientStatistic statistic);

/// Statistics of one value, with a number for each recorded step. Norms are Euclidean.
struct GradientSeries {
  std::string name;
  std::string where;             ///< "model.cpp:41", the line that made the value
  std::int64_t elements = 0;     ///< of the value
  std::vector<double> value;     ///< its norm before the step
  std::vector<double> gradient;  ///< the norm of its gradient
  std::vector<double> update;  ///< the norm of the change that the step makes; NaN if it makes none
  std::vector<double> ratio;   ///< update / value; NaN if either is missing or the value is 0
  std::vector<double> zeros;   ///< share of the gradient's elements that are 0, from 0 to 1

  /// The root mean square of those elements of the gradient that are not 0, in each recorded step:
  /// the size of a gradient, whatever the size of the value.
  std::vector<double> gradient_size() const;
};

/// Statistics of one layer: the scope in which its values lie, or a value that lies in none.
struct LayerSeries : GradientSeries {
  std::vector<std::string> values;       ///< names of its values
  std::vector<std::string> activations;  ///< names of the ops that follow it, such as "relu"
  bool last = false;                     ///< whether no other layer follows
  /// Share of the units of its `relu` and `relu6` that are 0 for all rows of the batch; NaN
  /// without.
  std::vector<double> dead;
  /// Share of the elements of its `sigmoid`, `tanh`, `hard_sigmoid` and `softsign` with a slope
  /// below 5 % of the largest; NaN without.
  std::vector<double> saturated;
};

/// The number of a statistic in each recorded step. Throws ArgumentError for `dead` and `saturated`
/// of a single value.
const std::vector<double>& series(const GradientSeries& of, GradientStatistic statistic);
const std::vector<double>& series(const LayerSeries& of, GradientStatistic statistic);

/// A record of gradients over the steps of a training, as returned by `gradient_report`.
class GradientReport {
 public:
  /// The statistics of a run, a vector of float64. Fetch it in the runs that are to be recorded.
  const Value& statistics() const { return statistics_; }
  /// Records what a run has fetched. Steps must increase. Throws ArgumentError if they do not,
  /// TypeError or ShapeError if it is not a result of `statistics`; then nothing is recorded.
  void record(std::int64_t step, const Tensor& statistics, Location where = Location::here());
  /// The same with a fetch of a BoundRun.
  void record(std::int64_t step, const View& statistics, Location where = Location::here());

  const std::vector<std::int64_t>& steps() const { return steps_; }  ///< that were recorded
  const std::vector<double>& losses() const { return losses_; }      ///< at these steps
  /// In the order in which the forward computation uses them first.
  const std::vector<GradientSeries>& values() const { return values_; }
  const std::vector<LayerSeries>& layers() const { return layers_; }

  /// A table of the last recorded step, with a line for each layer and, if `values` is set, for
  /// each value.
  std::string text(bool values = true) const;
  /// Writes one line for each recorded step. Columns are called "step", "loss", "hidden/w gradient"
  /// (value and statistic) and "layer hidden gradient"; those without any number are left out.
  /// Throws as `write_csv` does.
  void write_csv(const std::filesystem::path& file) const;
  /// Draws a map of layers × steps with gnuplot, as .svg or .png, whose colours show the statistic:
  /// the logarithm of norms divided by the root of the number of elements, and of ratios; shares as
  /// they are. Cells without a number, and logarithms of 0, are grey. Throws ArgumentError if
  /// nothing is recorded or the extension is another one, FileError if gnuplot is missing or fails.
  void draw(const std::filesystem::path& file,
            GradientStatistic statistic = GradientStatistic::gradient) const;
  /// Marks for `PictureOptions::marks`, from the last recorded step: values and layers show the
  /// norms of their gradients, in colours from red for the largest to blue for those that are 10⁶
  /// times smaller; activations show how many of their units are dead or saturated.
  std::map<std::string, PictureMark> marks() const;
  /// What is wrong with the gradients, with the most serious faults first. Nothing if no step is
  /// recorded. Throws ArgumentError if a threshold is not above 0.
  std::vector<GradientWarning> warnings(const GradientThresholds& thresholds = {},
                                        Location where = Location::here()) const;

 private:
  friend GradientReport gradient_report(const Value&, ValueSpan, ValueSpan, std::span<const Update>,
                                        Location);
  GradientReport() = default;

  struct Source {
    std::size_t layer;
    bool updated;
  };
  struct ActivationSource {
    std::string node;
    bool dies;  ///< whether its share is that of dead units
    std::size_t layer;
    double weight;  ///< how many units or elements the share is of
    double share;   ///< in the last recorded step
  };
  void add_value(const Value& value, std::size_t layer, bool updated);
  struct LayerSums;
  void make_room();
  void record_values(std::span<const double> numbers);
  void record_layers(std::vector<LayerSums>& sums);

  Value statistics_;
  Type type_;                    ///< of the statistics
  std::vector<Source> sources_;  ///< of `values_`
  std::vector<ActivationSource> activations_;
  std::vector<std::int64_t> steps_;
  std::vector<double> losses_;
  std::vector<GradientSeries> values_;
  std::vector<LayerSeries> layers_;
};

/// Adds nodes to the graph of a training that compute what a report records: of each value, norms
/// of the value, its gradient and its update, and the share of zeros; of the activations that the
/// loss depends on, other than those within the bodies of `scan` and other ops with a graph of
/// their own, how many units are dead or saturated. Compile `statistics()` together with the same
/// updates for the steps that are to be recorded, so that the training step and its record are one
/// run:
///
///     GradientReport report = gradient_report(loss, weights, gradients, updates);
///     const Function train = compile(loss, {.update = updates});
///     const Function watched = compile({loss, report.statistics()}, {.update = updates});
///     for (int i = 0; i < 1000; ++i)
///       if (i % 10 == 0)
///         report.record(i, watched(state, batch(i))[1]);
///       else
///         train(state, batch(i));
///
/// The values are mostly parameters; any other value that has a gradient, such as the hidden state
/// of a recurrent step, can be reported too. An update of each value is looked for among `updates`.
///
/// Throws ArgumentError if there is no value, a value is listed twice or the numbers of values and
/// gradients differ; TypeError or ShapeError if a value is not a float, its gradient has another
/// type or the loss is not a float scalar; GraphError if they belong to several graphs.
GradientReport gradient_report(const Value& loss, ValueSpan values, ValueSpan gradients,
                               std::span<const Update> updates, Location where = Location::here());

}  // namespace dagrad
