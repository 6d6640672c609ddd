// An example for each family of ops. The pages in docs/ops show them with their output.
#include <dagrad/dagrad.hpp>

#include <fstream>
#include <iostream>
#include <utility>

using namespace dagrad;

namespace {

void activations() {
  // [activations]
  Graph graph;
  const Value x = graph.constant(Tensor::of({-1.0, 0.0, 2.0}));
  std::cout << "relu        " << evaluate(relu(x)) << "\n";
  std::cout << "derivative  " << evaluate(gradient(sum(relu(x)), x)) << "\n";  // 0 at the kink
  std::cout << "leaky_relu  " << evaluate(leaky_relu(x, 0.1)) << "\n";
  // [/activations]
}

void arithmetic() {
  // [arithmetic]
  Graph graph;
  const Value table = graph.constant(Tensor::of({{1.0, 2.0}, {3.0, 4.0}}));
  const Value row = graph.constant(Tensor::of({10.0, 20.0}));
  std::cout << evaluate(table + row) << "\n";  // the row broadcasts
  std::cout << evaluate(maximum(table, 2.5)) << "\n";
  std::cout << evaluate(clamp(row - 15, 0, 4)) << "\n";
  // [/arithmetic]
}

void attention() {
  // [attention]
  Graph graph;
  const Value q = graph.constant(Tensor::of({{1.0, 0.0}, {0.0, 1.0}}));  // two queries
  const Value k = graph.constant(Tensor::of({{1.0, 0.0}, {0.0, 1.0}}));
  const Value v = graph.constant(Tensor::of({{10.0}, {20.0}}));
  std::cout << evaluate(attention(q, k, v)) << "\n";
  // With `causal`, the first query sees the first key only.
  std::cout << evaluate(attention(q, k, v, {.causal = true})) << "\n";
  // [/attention]
}

void control() {
  // [control]
  Graph graph;
  const Value x = graph.constant(Tensor::of({-2.0, 0.5, 2.0}));
  const Value sign_of_x = sign(x);
  // The sign has derivative 0. This estimator lets the cotangent pass where |x| <= 1.
  const Value estimated = custom_gradient(sign_of_x, {x}, [](const GradContext& g) -> Grads {
    return {where(abs(g.in[0]) <= 1, g.dout, 0)};
  });
  std::cout << evaluate(estimated) << "\n" << evaluate(gradient(sum(estimated), x)) << "\n";
  std::cout << evaluate(gradient(sum(x * stop_gradient(x)), x)) << "\n";  // x instead of 2 x
  // [/control]
}

void convolution() {
  // [convolution]
  Graph graph;
  const Value image = graph.constant(
      Tensor::of({{0.0, 0.0, 1.0, 1.0}, {0.0, 0.0, 1.0, 1.0}, {0.0, 0.0, 1.0, 1.0}}));
  const Value edges = graph.constant(Tensor::of({{-1.0, 1.0}}));
  const Value out = conv2d(unsqueeze(image, {0, 1}), unsqueeze(edges, {0, 1}));
  std::cout << out.type() << "\n" << evaluate(squeeze(out)) << "\n";
  // [/convolution]
}

void create() {
  // [create]
  Graph graph;
  std::cout << evaluate(iota(graph, 4)) << "\n";
  std::cout << evaluate(full(graph, {f32, {2, 3}}, 0.5)) << "\n";
  // [/create]
}

void dropout_of_some() {
  // [dropout]
  Graph graph;
  const Value x = ones(graph, {f64, {8}});
  const Value key = graph.constant(Tensor(std::int64_t{7}));
  const Value y = dropout(x, key, 0.5);
  std::cout << evaluate(y) << "\n" << evaluate(gradient(sum(y), x)) << "\n";  // the same mask
  std::cout << evaluate(dropout(x, next_key(key), 0.5)) << "\n";              // another one
  // [/dropout]
}

void einsums() {
  // [einsum]
  Graph graph;
  const Value a = graph.constant(Tensor::of({{1.0, 2.0}, {3.0, 4.0}}));
  const Value b = graph.constant(Tensor::of({{1.0, 1.0}, {0.0, 1.0}}));
  std::cout << evaluate(einsum("ij,jk->ik", {a, b})) << "\n";  // the matrix product
  std::cout << "trace " << evaluate(einsum("ii->", {a})) << "\n";
  std::cout << "inner " << evaluate(einsum("ij,ij->", {a, b})) << "\n";
  // [/einsum]
}

void functions() {
  // [functions]
  Graph graph;
  const Value x = graph.constant(Tensor::of({0.0, 0.5, 1.0}));
  std::cout << "sin      " << evaluate(sin(x)) << "\n";
  std::cout << "sin'     " << evaluate(gradient(sum(sin(x)), x)) << "\n";
  std::cout << "x^2      " << evaluate(pow(x, 2)) << "\n";
  std::cout << "asin'    " << evaluate(gradient(sum(asin(x)), x)) << "\n";  // infinite at 1
  // [/functions]
}

void indexing() {
  // [index]
  Graph graph;
  const Value table = graph.constant(Tensor::of({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}));
  const Value rows = graph.constant(Tensor::of<std::int64_t>({2, 0, 2}));
  const Value chosen = embedding(table, rows);
  std::cout << evaluate(chosen) << "\n";
  std::cout << evaluate(gradient(sum(chosen), table)) << "\n";  // row 2 was read twice
  // [/index]
}

void linear_algebra() {
  // [linear_algebra]
  Graph graph;
  const Value a = graph.constant(Tensor::of({{4.0, 2.0}, {2.0, 3.0}}));
  const Value b = graph.constant(Tensor::of({2.0, 5.0}));
  const Value x = solve(a, b);
  std::cout << "x   = " << evaluate(x) << "\na x = " << evaluate(matmul(a, x)) << "\n";
  std::cout << "det = " << evaluate(det(a)) << ", its gradient:\n";
  std::cout << evaluate(gradient(det(a), a)) << "\n";  // the cofactors
  // [/linear_algebra]
}

void logic() {
  // [logic]
  Graph graph;
  const Value x = graph.constant(Tensor::of({-1.0, 0.0, 4.0}));
  // log(0) and log(-1) affect neither the value nor the gradient.
  const Value y = where(x > 0, log(x), 0);
  std::cout << evaluate(y) << "\n" << evaluate(gradient(sum(y), x)) << "\n";
  std::cout << evaluate(x > 0 || equal(x, -1)) << "\n";
  // [/logic]
}

void losses() {
  // [loss]
  Graph graph;
  const Value logits = graph.constant(Tensor::of({{2.0, 0.0, 0.0}, {0.0, 0.0, 0.0}}));
  const Value labels = graph.constant(Tensor::of<std::int64_t>({0, 2}));
  const Value loss = cross_entropy(logits, labels);
  std::cout << evaluate(loss) << "\n" << evaluate(gradient(loss, logits)) << "\n";
  // [/loss]
}

void networks() {
  // [nn]
  Graph graph;
  const Value x = graph.constant(Tensor::of({{0.0, 0.0}, {0.0, -1000.0}}));
  std::cout << evaluate(softmax(x)) << "\n";
  std::cout << evaluate(log_softmax(x)) << "\n";  // no underflow
  std::cout << evaluate(one_hot(graph.constant(Tensor::of<std::int64_t>({2, 0})), 3)) << "\n";
  // [/nn]
}

void normalization() {
  // [normalization]
  Graph graph;
  const Value x = graph.constant(Tensor::of({{1.0, 2.0, 3.0}, {5.0, 5.0, 5.0}}));
  std::cout << evaluate(layer_norm(x)) << "\n";  // each row is normalised
  std::cout << evaluate(rms_norm(x)) << "\n";
  // [/normalization]
}

void order() {
  // [order]
  Graph graph;
  const Value x = graph.constant(Tensor::of({3.0, 1.0, 2.0}));
  const auto [values, indices] = topk(x, 2);
  std::cout << evaluate(sort(x)) << "\n" << evaluate(argsort(x)) << "\n";
  std::cout << evaluate(values) << " at " << evaluate(indices) << "\n";
  std::cout << evaluate(gradient(sum(values), x)) << "\n";
  // [/order]
}

void pooling() {
  // [pooling]
  Graph graph;
  const Value image = graph.constant(Tensor::of({{1.0, 2.0, 0.0, 0.0}, {3.0, 4.0, 0.0, 8.0}}));
  const Value batch = unsqueeze(image, {0, 1});  // [1,1,2,4]
  std::cout << evaluate(squeeze(max_pool2d(batch, {.window = {2}}))) << "\n";
  std::cout << evaluate(squeeze(avg_pool2d(batch, {.window = {2}}))) << "\n";
  // [/pooling]
}

void random_numbers() {
  // [random]
  Graph graph;
  const Value key = graph.constant(Tensor(std::int64_t{1}));
  const Value first = fold_in(key, 0), second = fold_in(key, 1);  // independent of each other
  std::cout << evaluate(permutation(first, 5)) << "\n";
  std::cout << evaluate(permutation(second, 5)) << "\n";
  std::cout << evaluate(bernoulli(first, 0.5, {4})) << "\n";
  // [/random]
}

void reductions() {
  // [reduce]
  Graph graph;
  const Value x = graph.constant(Tensor::of({{1.0, 7.0, 7.0}, {2.0, 4.0, 6.0}}));
  std::cout << "all     " << evaluate(sum(x)) << "\n";
  std::cout << "axis 0  " << evaluate(mean(x, 0)) << "\n";
  std::cout << "axis -1 " << evaluate(argmax(x, -1)) << "\n";
  std::cout << evaluate(gradient(sum(max(x, -1)), x)) << "\n";  // a tie shares its gradient
  // [/reduce]
}

void scans() {
  // [scan]
  Graph graph;
  const Value x = graph.constant(Tensor::of({1.0, 2.0, 3.0, 4.0}));
  std::cout << evaluate(cumsum(x, 0)) << "\n";
  std::cout << evaluate(cumsum(x, 0, {.exclusive = true})) << "\n";
  std::cout << evaluate(cumprod(x, 0, {.reverse = true})) << "\n";
  // [/scan]
}

void shapes() {
  // [shape]
  Graph graph;
  const Value x = reshape(iota(graph, 6), {2, -1});
  std::cout << evaluate(x) << "\n" << evaluate(transpose(x)) << "\n";
  std::cout << evaluate(slice(x, 1, {.step = -1})) << "\n";
  std::cout << evaluate(concat({x, x + 10}, 1)) << "\n";
  // [/shape]
}

void structural() {
  // [structural]
  Graph graph;
  const Value x = graph.constant(Tensor::of({{1.0, 2.0}, {3.0, 4.0}}));
  const Value row = graph.constant(Tensor::of({1.0, 1.0}));
  std::cout << evaluate(sum_to_like(x, row)) << "\n";  // what a broadcast row gets as its gradient
  std::cout << evaluate(broadcast_like(row, x)) << "\n";
  std::cout << evaluate(add_n({x, ones_like(x), row})) << "\n";
  // [/structural]
}

void training() {
  // [training]
  Graph graph;
  const Value weights = graph.constant(Tensor::of({3.0, 4.0}));
  const Value bias = graph.constant(Tensor(12.0));
  const Value all[] = {weights, bias};
  const Value norm = global_norm(all);
  std::cout << evaluate(norm) << "\n" << evaluate(gradient(norm, weights)) << "\n";
  // [/training]
}

/// Writes what an example prints to <family>.txt.
void run(const std::string& family, void (&example)()) {
  std::ofstream file(family + ".txt");
  std::streambuf* const console = std::cout.rdbuf(file.rdbuf());
  example();
  std::cout.rdbuf(console);
  std::cout << family << "\n";
}

}  // namespace

int main() {
  run("activations", activations);
  run("arithmetic", arithmetic);
  run("attention", attention);
  run("control", control);
  run("convolution", convolution);
  run("create", create);
  run("dropout", dropout_of_some);
  run("einsum", einsums);
  run("functions", functions);
  run("index", indexing);
  run("linear_algebra", linear_algebra);
  run("logic", logic);
  run("loss", losses);
  run("nn", networks);
  run("normalization", normalization);
  run("order", order);
  run("pooling", pooling);
  run("random", random_numbers);
  run("reduce", reductions);
  run("scan", scans);
  run("shape", shapes);
  run("structural", structural);
  run("training", training);
}
