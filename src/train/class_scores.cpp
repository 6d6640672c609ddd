#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <ostream>

#include "dagrad/train/metrics.hpp"
#include "src/train/gnuplot.hpp"
#include "src/train/labels.hpp"
#include "src/train/named_call.hpp"
#include "src/io/text_table.hpp"

namespace dagrad::metrics {

namespace {

/// The counts of a matrix that has been checked.
class Counts {
 public:
  explicit Counts(const ConfusionMatrix& matrix) : tensor_(matrix.counts) {
    const Type type = tensor_.type();
    if (type.dtype != i64)
      throw TypeError(fmt::format("the counts must be int64, got {}", to_string(type)));
    if (type.shape.rank() != 2 || type.shape[0] != type.shape[1] || type.shape[0] == 0)
      throw ShapeError(fmt::format("the counts must have the shape [classes, classes], got {}",
                                   to_string(type)));
    if (!matrix.names.empty() && matrix.names.size() != classes())
      throw ArgumentError(fmt::format("there must be a name for each of {} classes, got {}",
                                      classes(), matrix.names.size()));
    for (const std::int64_t count : tensor_.values<std::int64_t>())
      if (count < 0) throw ArgumentError(fmt::format("a count is negative: {}", count));
  }

  std::size_t classes() const { return static_cast<std::size_t>(tensor_.shape()[0]); }
  std::int64_t operator()(std::size_t label, std::size_t predicted) const {
    return tensor_.values<std::int64_t>()[label * classes() + predicted];
  }
  std::int64_t of_label(std::size_t label) const {
    std::int64_t sum = 0;
    for (std::size_t c = 0; c < classes(); ++c) sum += (*this)(label, c);
    return sum;
  }
  std::int64_t predicted_as(std::size_t predicted) const {
    std::int64_t sum = 0;
    for (std::size_t c = 0; c < classes(); ++c) sum += (*this)(c, predicted);
    return sum;
  }

 private:
  Tensor tensor_;
};

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Scores scores_of(const Counts& counts, std::size_t c) {
  const std::int64_t right = counts(c, c), own = counts.of_label(c), given = counts.predicted_as(c);
  return {share(right, given), share(right, own), share(2 * right, own + given)};
}

void add(Scores& sum, const Scores& scores, double weight) {
  sum.precision += scores.precision * weight;
  sum.recall += scores.recall * weight;
  sum.f1 += scores.f1 * weight;
}

std::string class_name(const std::vector<std::string>& names, std::size_t c) {
  return names.empty() ? std::to_string(c) : names[c];
}

std::vector<std::string> score_line(const std::string& name, const Scores& scores,
                                    std::int64_t rows) {
  return {name, fmt::format("{:.3f}", scores.precision), fmt::format("{:.3f}", scores.recall),
          fmt::format("{:.3f}", scores.f1), std::to_string(rows)};
}

/// Squares in gnuplot's coordinates: x, y, the share of the class, the count, the colour of the
/// text.
std::string cells(const Counts& counts) {
  std::string data;
  for (std::size_t label = 0; label < counts.classes(); ++label)
    for (std::size_t predicted = 0; predicted < counts.classes(); ++predicted) {
      const double part = share(counts(label, predicted), counts.of_label(label));
      data += fmt::format("{} {} {} {} {}\n", predicted, label, detail::gnuplot_number(part),
                          counts(label, predicted), part > 0.5 ? 0xffffff : 0x222222);
    }
  return data;
}

std::string class_tics(const ConfusionMatrix& matrix, std::size_t classes) {
  std::string text;
  for (std::size_t c = 0; c < classes; ++c)
    text += fmt::format("{}{} {}", c == 0 ? "" : ", ",
                        detail::gnuplot_text(class_name(matrix.names, c)), c);
  return text;
}

}  // namespace

ConfusionMatrix confusion_matrix(const Tensor& predicted, const Tensor& labels,
                                 std::int64_t classes, Location where) {
  return detail::named_call("confusion_matrix", where, [&]() -> ConfusionMatrix {
    const auto given = detail::class_numbers(predicted, classes, "predictions");
    const auto wanted = detail::class_numbers(labels, classes, "labels");
    if (given.size() != wanted.size())
      throw ShapeError(fmt::format("expected as many predictions as labels, got {} and {}",
                                   to_string(predicted.type()), to_string(labels.type())));
    if (given.empty()) throw ArgumentError("there are no rows");
    Tensor counts(Type{i64, {classes, classes}});
    const auto to = counts.mutate<std::int64_t>();
    for (std::size_t row = 0; row < given.size(); ++row)
      ++to[static_cast<std::size_t>(wanted[row] * classes + given[row])];
    return {std::move(counts)};
  });
}

ConfusionMatrix confusion_matrix(const Tensor& predicted, const Tensor& labels,
                                 const std::vector<std::string>& names, Location where) {
  ConfusionMatrix matrix =
      confusion_matrix(predicted, labels, static_cast<std::int64_t>(names.size()), where);
  matrix.names = names;
  return matrix;
}

std::string to_string(const ConfusionMatrix& matrix) {
  const Counts counts(matrix);
  std::vector<std::vector<std::string>> lines{{"true \\ predicted"}};
  for (std::size_t c = 0; c < counts.classes(); ++c)
    lines[0].push_back(class_name(matrix.names, c));
  for (std::size_t label = 0; label < counts.classes(); ++label) {
    std::vector<std::string> line{class_name(matrix.names, label)};
    for (std::size_t c = 0; c < counts.classes(); ++c)
      line.push_back(std::to_string(counts(label, c)));
    lines.push_back(std::move(line));
  }
  return detail::text_table(lines);
}

std::ostream& operator<<(std::ostream& out, const ConfusionMatrix& matrix) {
  return out << to_string(matrix);
}

ClassScores class_scores(const ConfusionMatrix& matrix, Location where) {
  return detail::named_call("class_scores", where, [&] {
    const Counts counts(matrix);
    ClassScores scores;
    scores.names = matrix.names;
    std::int64_t rows = 0, right = 0;
    for (std::size_t c = 0; c < counts.classes(); ++c) {
      scores.classes.push_back(scores_of(counts, c));
      scores.rows.push_back(counts.of_label(c));
      rows += scores.rows.back();
      right += counts(c, c);
    }
    if (rows == 0) throw ArgumentError("all counts are 0");
    for (std::size_t c = 0; c < counts.classes(); ++c) {
      add(scores.macro, scores.classes[c], 1 / static_cast<double>(counts.classes()));
      add(scores.weighted, scores.classes[c], share(scores.rows[c], rows));
    }
    const double accuracy = share(right, rows);
    scores.micro = {accuracy, accuracy, accuracy};
    return scores;
  });
}

std::string to_string(const ClassScores& scores) {
  std::vector<std::vector<std::string>> lines{{"", "precision", "recall", "F1", "rows"}};
  std::int64_t rows = 0;
  for (std::size_t c = 0; c < scores.classes.size(); ++c) {
    lines.push_back(score_line(class_name(scores.names, c), scores.classes[c], scores.rows[c]));
    rows += scores.rows[c];
  }
  lines.push_back(score_line("macro mean", scores.macro, rows));
  lines.push_back(score_line("weighted mean", scores.weighted, rows));
  lines.push_back(score_line("micro mean", scores.micro, rows));
  return detail::text_table(lines);
}

std::ostream& operator<<(std::ostream& out, const ClassScores& scores) {
  return out << to_string(scores);
}

void draw(const std::filesystem::path& file, const ConfusionMatrix& matrix,
          const std::string& title, Location where) {
  detail::told_at(where, [&] {
    const Counts counts(matrix);
    const std::size_t n = counts.classes();
    const int side = static_cast<int>(std::clamp<std::size_t>(150 + 45 * n, 400, 1600));
    const std::string ends = fmt::format("[-0.5:{}.5]", n - 1);
    const std::string upside_down = fmt::format("[{}.5:-0.5]", n - 1);
    std::string commands = fmt::format(
        "set title {}\nset xlabel 'predicted'\nset ylabel 'true'\nset size ratio 1\nunset grid\n"
        "set border 15\nset tics scale 0\nset xrange {}\nset yrange {}\nset xtics ({})\n"
        "set ytics ({})\nset cbrange [0:1]\nset cblabel 'share of the true class'\n"
        "$cells << EOD\n{}EOD\nplot $cells using 1:2:3 with image pixels notitle",
        detail::gnuplot_text(title), ends, upside_down, class_tics(matrix, n),
        class_tics(matrix, n), cells(counts));
    if (n <= 30)  // more numbers than that cannot be read
      commands += ", $cells using 1:2:4:5 with labels textcolor rgb variable notitle";
    detail::draw_with_gnuplot({file, "draw", side + 120, side}, commands + "\n");
  });
}

}  // namespace dagrad::metrics
