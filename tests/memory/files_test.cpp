#include "tests/io/folder.hpp"
#include "tests/memory/models.hpp"
#include "tests/memory/survives.hpp"

/// Functions that read and write files.
namespace dagrad::test {
namespace {

std::string text_of(const std::map<std::string, Tensor>& tensors) {
  std::string text;
  for (const auto& [name, tensor] : tensors) text += name + '=' + bits({tensor});
  return text;
}

/// A file that an operation writes: it is complete or does not exist.
struct Folder {
  explicit Folder(std::filesystem::path path) : file(std::move(path)) {}
  ~Folder() { std::filesystem::remove(file); }
  std::string text() const {
    const auto count = std::distance(std::filesystem::directory_iterator(file.parent_path()), {});
    return std::to_string(count) + " files" + (exists(file) ? bytes_of(file) : "");
  }
  std::filesystem::path file;
};

class OutOfMemoryInFiles : public InFolder {};

TEST_F(OutOfMemoryInFiles, Save) {
  struct World : Folder {
    using Folder::Folder;
    void run() { save(file, state); }
    SmallModel model;
    State state{model.graph};
  };
  survives([&] { return World(folder / "state.npz"); });
}

TEST_F(OutOfMemoryInFiles, Load) {
  const std::filesystem::path file = folder / "state.npz";
  const RichModel saved;
  State other(saved.graph);
  other.set("encoder/w", Tensor::full({f64, {4}}, 7));
  save(file, other);
  struct World {
    void run() { load(file, state); }
    std::string text() const { return text_of(state.values()); }
    const std::filesystem::path& file;
    RichModel model = {};
    State state{model.graph};
  };
  survives([&] { return World{file}; });
}

TEST_F(OutOfMemoryInFiles, WriteNpy) {
  struct World : Folder {
    using Folder::Folder;
    void run() { write_npy(file, tensor), done = true; }
    std::string text() const { return done ? bytes_of(file) : ""; }
    Tensor tensor = Tensor::of({1.0, 2.0});
    bool done = false;
  };
  survives([&] { return World(folder / "tensor.npy"); });
}

TEST_F(OutOfMemoryInFiles, ReadNpy) {
  const std::filesystem::path file = folder / "tensor.npy";
  write_npy(file, Tensor::of({{1.0, 2.0}, {3.0, 4.0}}));
  struct World {
    void run() { tensor = read_npy(file); }
    std::string text() const { return bits({tensor}); }
    const std::filesystem::path& file;
    Tensor tensor = {};
  };
  survives([&] { return World{file}; });
}

TEST_F(OutOfMemoryInFiles, ReadCsv) {
  const std::filesystem::path file = write("table.csv", "a,\"b\"\n1,2\n3,4\n");
  struct World {
    void run() { tensor = read_csv(file).values; }
    std::string text() const { return bits({tensor}); }
    const std::filesystem::path& file;
    Tensor tensor = {};
  };
  survives([&] { return World{file}; });
}

TEST_F(OutOfMemoryInFiles, WriteCsv) {
  struct World : Folder {
    using Folder::Folder;
    void run() { write_csv(file, {{"a", Tensor::of({1, 2})}, {"\"b\"", Tensor::of({0.5, 2.0})}}); }
  };
  survives([&] { return World(folder / "table.csv"); });
}

TEST_F(OutOfMemoryInFiles, WriteDot) {
  struct World : Folder {
    using Folder::Folder;
    void run() { write_dot(file, model.graph), done = true; }
    std::string text() const { return done ? bytes_of(file) : ""; }
    SmallModel model;
    bool done = false;
  };
  survives([&] { return World(folder / "graph.dot"); });
}

}  // namespace
}  // namespace dagrad::test
