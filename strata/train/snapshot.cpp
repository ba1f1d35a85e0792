#include "strata/train/snapshot.h"

#include <filesystem>
#include <functional>
#include <limits>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/data/loader.h"
#include "strata/io/json.h"
#include "strata/io/safetensors.h"
#include "strata/nn/module.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/copy.h"
#include "strata/optim/ema.h"
#include "strata/optim/lbfgs.h"
#include "strata/optim/optimizer.h"
#include "strata/optim/plateau.h"
#include "strata/tape/grad_mode.h"
#include "strata/train/state_json.h"

namespace strata::train {
namespace {

// What is written of a tensor that is a part by itself, and the name it has.
constexpr const char *kTensor = "Tensor", *kValue = "value";
constexpr const char* kKey = "strata_snapshot";  // the metadata entry that marks our files

using Read = std::function<void()>;

JsonValue loader_json(const LoaderState& s) {
  return JsonValue(JsonValue::Object{{"seed", JsonValue(s.seed)},
                                     {"epoch", JsonValue(s.epoch)},
                                     {"position", JsonValue(s.position)}});
}

LoaderState loader_from(const JsonValue& json) {
  return {json.get<uint64_t>("seed"), json.get<int64_t>("epoch"), json.get<int64_t>("position")};
}

std::string names_in(const JsonValue& json) {
  std::string out;
  for (const auto& [name, value] : json.members()) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

/// How a part is written, as tensors under names of its own and a JSON value; and read: read()
/// checks, and returns what puts the values into their places.
struct Snapshot::Part {
  std::string name;
  std::function<JsonValue(TensorMap&)> write;
  std::function<Read(const TensorMap&, const JsonValue&)> read;
};

Snapshot::Snapshot() = default;
Snapshot::~Snapshot() = default;
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;

Snapshot& Snapshot::add(Part part) {
  if (part.name.empty() || part.name.find('.') != std::string::npos) {
    throw ValueError("Snapshot", fmt::format("\"{}\" is no name for a part", part.name),
                     "without dots: they separate the names of its tensors");
  }
  for (const Part& other : parts_) {
    if (other.name != part.name) continue;
    throw ValueError("Snapshot", fmt::format("two parts have the name {}", part.name));
  }
  parts_.push_back(std::move(part));
  return *this;
}

template <class T>
Snapshot& Snapshot::add_state(const std::string& name, T& holder) {
  return add({name,
              [&holder](TensorMap& tensors) {
                OptimizerState state = holder.state();
                holder.check_state(state);
                tensors = std::move(state.tensors);
                return object_of(state.numbers);
              },
              [&holder](const TensorMap& tensors, const JsonValue& json) -> Read {
                OptimizerState state = {.tensors = tensors, .numbers = map_of<double>(json)};
                holder.check_state(state);
                return [&holder, state = std::move(state)] { holder.load_state(state); };
              }});
}

template <class T>
Snapshot& Snapshot::add_integer(const std::string& name, T& number) {
  return add({name, [&number](TensorMap&) { return JsonValue(static_cast<int64_t>(number)); },
              [&number, name](const TensorMap&, const JsonValue& json) -> Read {
                const auto value = json.as<int64_t>();
                if (value < std::numeric_limits<T>::min() ||
                    value > std::numeric_limits<T>::max()) {
                  throw ValueError("Snapshot", fmt::format("{} is out of range: {}", name, value));
                }
                return [&number, value] { number = static_cast<T>(value); };
              }});
}

Snapshot& Snapshot::operator()(const std::string& name, nn::Module& module) {
  return add({name,
              [&module](TensorMap& tensors) {
                tensors = nn::state_dict(module);
                return JsonValue(module.type());
              },
              [&module](const TensorMap& tensors, const JsonValue&) -> Read {
                const Read load = [&module, tensors] { nn::load_state_dict(module, tensors); };
                if (!nn::compare_state_dict(module, tensors).complete()) load();  // says why not
                return load;
              }});
}

Snapshot& Snapshot::operator()(const std::string& name, Optimizer& optimizer) {
  return add_state(name, optimizer);
}

Snapshot& Snapshot::operator()(const std::string& name, LBFGS& optimizer) {
  return add_state(name, optimizer);
}

Snapshot& Snapshot::operator()(const std::string& name, EMA& averages) {
  return add_state(name, averages);
}

Snapshot& Snapshot::operator()(const std::string& name, Plateau& plateau) {
  return add_state(name, plateau);
}

Snapshot& Snapshot::operator()(const std::string& name, DataLoader& loader) {
  return add({name, [&loader](TensorMap&) { return loader_json(loader.state()); },
              [&loader](const TensorMap&, const JsonValue& json) -> Read {
                const LoaderState before = loader.state(), next = loader_from(json);
                loader.set_state(next);  // throws where there is no such place
                loader.set_state(before);
                return [&loader, next] { loader.set_state(next); };
              }});
}

Snapshot& Snapshot::operator()(const std::string& name, Generator& random) {
  return add({name, [&random](TensorMap&) { return random_json(random); },
              [&random](const TensorMap&, const JsonValue& json) -> Read {
                return [&random, next = random_from(json)] { random = next; };
              }});
}

Snapshot& Snapshot::operator()(const std::string& name, int64_t& number) {
  return add_integer(name, number);
}

Snapshot& Snapshot::operator()(const std::string& name, int& number) {
  return add_integer(name, number);
}

Snapshot& Snapshot::operator()(const std::string& name, double& number) {
  return add({name, [&number](TensorMap&) { return number_json(number); },
              [&number](const TensorMap&, const JsonValue& json) -> Read {
                return [&number, value = number_from(json)] { number = value; };
              }});
}

Snapshot& Snapshot::operator()(const std::string& name, Tensor& t) {
  return add({name,
              [&t](TensorMap& tensors) {
                tensors.emplace(kValue, t.detach());
                return JsonValue(kTensor);
              },
              [&t, name](const TensorMap& tensors, const JsonValue& json) -> Read {
                const auto at = tensors.find(kValue);
                if (at == tensors.end() || !json.is_string() || json.as<std::string>() != kTensor) {
                  throw ValueError("Snapshot", name + " is no tensor in the file");
                }
                const Tensor& value = at->second;
                const std::string text = fmt::format("{} is {} in the file, {} here", name,
                                                     describe(value), describe(t));
                if (value.shape() != t.shape()) throw ShapeError("Snapshot", text);
                if (value.dtype() != t.dtype()) throw DTypeError("Snapshot", text);
                internal::check_elements_apart("Snapshot", t);
                return [&t, value] {
                  const NoGrad no_grad;
                  copy_(t, value);
                };
              }});
}

void Snapshot::save(const std::string& path) const {
  TensorMap all;
  JsonValue::Object json;
  for (const Part& part : parts_) {
    TensorMap tensors;
    json.emplace(part.name, part.write(tensors));
    for (auto& [name, value] : tensors) all.emplace(part.name + "." + name, std::move(value));
  }
  save_safetensors(path, all, {{kKey, JsonValue(std::move(json)).text()}});
}

bool Snapshot::load(const std::string& path) {
  std::error_code error;
  const bool there = std::filesystem::exists(path, error);
  if (error) throw IoError(path, error.message());
  if (!there) return false;
  const SafeTensors file(path);
  const auto found = file.metadata().find(kKey);
  if (found == file.metadata().end()) throw FormatError(path, "is not a snapshot");
  const JsonValue json = parse_json(path, found->second);
  std::vector<Read> reads;
  for (const Part& part : parts_) {
    const JsonValue* value = json.find(part.name);
    if (!value) {
      throw ValueError("Snapshot", fmt::format("{} holds no {}", path, part.name),
                       "it holds: " + names_in(json));
    }
    try {
      reads.push_back(part.read(tensors_of(file, part.name + "."), *value));
    } catch (const JsonError& e) {
      throw FormatError(path, fmt::format("{} is damaged: {}", part.name, e.what()));
    }
  }
  for (const Read& read : reads) read();
  return true;
}

}  // namespace strata::train
