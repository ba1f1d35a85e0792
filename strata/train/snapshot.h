#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strata {

class DataLoader;
class EMA;
class LBFGS;
class Optimizer;
class Plateau;
class Tensor;
struct Generator;
namespace nn {
class Module;
}

}  // namespace strata

namespace strata::train {

/// All that a training loop of one's own keeps, listed once and saved in one file:
///
///   train::Snapshot snapshot;
///   snapshot("net", net)("optimizer", optimizer)("step", step)("random", default_generator());
///   snapshot.load(path);  // false the first time
///   while (step < 1000) { ...; if (++step % 100 == 0) snapshot.save(path); }
///
/// It holds references: what is listed must outlive it. (fit() has checkpoints of its own.)
class Snapshot {
 public:
  Snapshot();
  ~Snapshot();
  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;

  /// Each throws ValueError for a name that is empty, taken or holds a dot.
  Snapshot& operator()(const std::string& name, nn::Module& module);
  Snapshot& operator()(const std::string& name, Optimizer& optimizer);
  Snapshot& operator()(const std::string& name, LBFGS& optimizer);
  Snapshot& operator()(const std::string& name, EMA& averages);
  Snapshot& operator()(const std::string& name, Plateau& plateau);
  /// Where the next batch comes from.
  Snapshot& operator()(const std::string& name, DataLoader& loader);
  /// This thread's is default_generator().
  Snapshot& operator()(const std::string& name, Generator& random);
  /// Numbers come back to the bit; of NaNs there is one.
  Snapshot& operator()(const std::string& name, int64_t& number);
  Snapshot& operator()(const std::string& name, int& number);
  Snapshot& operator()(const std::string& name, double& number);
  /// Its values: a parameter that no module has, a running mean. It keeps its shape and dtype.
  Snapshot& operator()(const std::string& name, Tensor& t);

  /// Writes all of it in one step: a crash at any moment leaves the old file or the new one. The
  /// tensors are "net.fc.weight", in PyTorch's layout, "optimizer.state.0.exp_avg" and so on.
  /// Throws IoError, and where a state could not be loaded again what its load_state() would throw;
  /// the old file is left then.
  void save(const std::string& path) const;

  /// Reads all of it back; false, with nothing done, where there is no such file. What the file
  /// holds besides is left alone, so that a network alone can be listed and read. Throws IoError,
  /// FormatError for a file that is no snapshot or damaged, ValueError for a name that it lacks,
  /// and what the load_state() of each part throws where it does not fit; nothing is changed then.
  bool load(const std::string& path);

 private:
  struct Part;

  Snapshot& add(Part part);
  template <class T>
  Snapshot& add_state(const std::string& name, T& holder);
  template <class T>
  Snapshot& add_integer(const std::string& name, T& number);

  std::vector<Part> parts_;
};

}  // namespace strata::train
