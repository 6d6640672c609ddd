// Running compiled functions: threads, Runtimes, bound runs, cancelling, errors, logging.
#include <dagrad/dagrad.hpp>

#include <chrono>
#include <iostream>
#include <string_view>
#include <thread>
#include <vector>

using namespace dagrad;

namespace {

/// The first line of an error, without the place in the source.
std::string_view first_line(const std::exception& error) {
  const std::string_view text = error.what();
  return text.substr(0, text.find('\n'));
}

void runtimes() {
  // [runtime]
  RuntimeOptions options;
  options.threads = 2;                              // the pool, callers included; 0: one per core
  options.instruction_set = InstructionSet::plain;  // default: best_instruction_set()
  options.log_level = LogLevel::info;
  options.code_cache_bytes = std::size_t{16} << 20;  // machine code of elementwise loops
  Runtime runtime(options);
  runtime.set_log_sink([](LogLevel, std::string_view) { /* into your own log */ });

  Graph graph;
  const Value x = graph.input("x", {f64, {1000}});
  const Function f = compile({sum(exp(x))}, {.threads = 1, .runtime = &runtime});
  std::cout << f({{x, Tensor(x.type())}})[0] << " with " << name(runtime.instruction_set()) << "\n";
  // [/runtime]

  // [function]
  for (const std::string& input : f.input_names()) std::cout << "input " << input << "\n";
  std::cout << f.nodes() << " nodes, result " << f.fetch_types()[0] << ", "
            << f.parameter_names().size() << " parameters\n";
  // [/function]
}

void bound_runs() {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value w = graph.parameter("w", Tensor::of({1.0, 2.0, 3.0}));
  const Value y = sum(x * w);
  State state(graph);
  // [bound]
  const Function f = compile({y});
  BoundRun run = f.bind(state);  // one thread at a time
  std::vector<double> data{1, 1, 1};
  run.feed(x, View{data.data(), x.type()});  // reads this memory in every run
  for (int i = 0; i < 3; ++i) {
    data[0] = i;
    run();
    std::cout << run.fetch(0).as<double>()[0] << "\n";  // valid until the next run
  }
  // [/bound]
}

void many_steps() {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value w = graph.parameter("w", Tensor(1.0));
  const Value loss = square(w * x - 1.0);
  const Function train = compile({loss}, {.update = {{w, w - 0.1 * gradient(loss, w)}}});
  State state(graph);
  // [repeat]
  const Tensor data = Tensor::of({1.0, 2.0, 0.5, 1.5});  // of step 0, 1, 2 and 3
  const Repeated all = train.repeat(state, {{x, data}}, 4);
  std::cout << all.steps << " steps, losses " << all.results[0] << "\n";

  BoundRun run = train.bind(state);
  run.repeat(1000, [&](std::int64_t step) { run.feed(x, data[step % 4]); },
             {.on_step = [](std::int64_t step, std::span<const View> results) {
               if (step % 500 == 0) std::cout << "loss " << results[0].as<double>()[0] << "\n";
             }});
  // [/repeat]
}

void stopping() {
  Graph graph;
  const Value x = graph.input("x", {f64, {300, 300}});
  Value y = x;
  for (int i = 0; i < 200; ++i) y = matmul(y, x) / 300;
  const Function slow = compile({sum(y)});
  const Feeds feeds{{x, Tensor::full(x.type(), 1)}};
  // [cancel]
  const CancelToken token;  // copies share its state
  std::jthread user([token] { token.cancel(); });
  user.join();
  try {
    slow(feeds, {.cancel = token});
  } catch (const RunError& error) {
    std::cout << first_line(error) << "\n";
  }
  token.reset();  // ready for the next run

  const auto deadline = std::chrono::steady_clock::now();
  try {
    slow(feeds, {.deadline = deadline});
  } catch (const RunError& error) {
    std::cout << first_line(error) << "\n";
  }
  // [/cancel]
}

void errors() {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value index = graph.input("index", {i64, {2}});
  const Function f = compile({take(x, index, 0).named("picked")});
  // [errors]
  try {
    f({{x, Tensor::of({1.0, 2.0, 3.0})}, {index, Tensor::of<std::int64_t>({0, 7})}});
  } catch (const RunError& error) {  // a node failed
    std::cout << error.node() << ": " << first_line(error) << "\n";
    std::cout << "made at " << to_string(error.where()) << "\n";
  } catch (const Error& error) {  // anything else that dagrad throws
    std::cout << first_line(error) << "\n";
  }
  // [/errors]
}

}  // namespace

int main() {
  runtimes();
  bound_runs();
  many_steps();
  stopping();
  errors();
}
