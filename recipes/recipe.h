#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "recipes/tasks.h"
#include "strata/base/fields.h"
#include "strata/io/safetensors.h"
#include "strata/nn/module.h"
#include "strata/train/training.h"

namespace strata::recipes {

struct System;

/// A config of any type that a recipe keeps for the time of one command.
class Settings {
 public:
  template <class Config>
  static Settings of(Config config) {
    auto held = std::make_shared<Config>(std::move(config));
    return Settings(held, Fields(*held));
  }
  Fields& fields() { return fields_; }
  const Fields& fields() const { return fields_; }
  /// Sets those fields whose names occur among the values, and leaves the rest of either alone.
  /// Throws ValueError for a text that a field cannot take.
  void take(const std::map<std::string, std::string>& values);
  /// The config itself; Config must be the type it was made of.
  template <class Config>
  const Config& as() const {
    return *static_cast<const Config*>(held_.get());
  }
  template <class Config>
  Config& as() {
    return *static_cast<Config*>(held_.get());
  }

 private:
  Settings(std::shared_ptr<void> held, Fields fields) : held_(std::move(held)), fields_(fields) {}
  std::shared_ptr<void> held_;
  Fields fields_;
};

/// What a training is made from.
struct Source {
  std::string data = {};  ///< folder or file; empty: the generated set
  uint64_t seed = 0;
  double holdout = 0;  ///< share of the training samples to judge by when to stop
};

/// An array that a network takes: what a summary sends through it.
struct Input {
  std::string name;  ///< the field's: "x", "input_ids", "pixel_values"
  Shape shape;       ///< of one example, with its batch of 1
  DType dtype = DType::f32;
};

/// Recipe::inputs of a network with one f32 input, whatever the settings.
std::function<std::vector<Input>(const Settings&)> one_input(const std::string& name,
                                                             const Shape& shape);

/// A Hugging Face config.json as text by dotted path: {"n_layer": "12", "id2label.0": "cat"}; the
/// entries of a list stand behind numbers too, and null is left out.
using HubConfig = std::map<std::string, std::string>;

/// How a family of systems reads and writes folders in the layout of the Hugging Face hub. Settings
/// that bear the names of the config's keys are taken over by themselves.
struct HubFamily {
  std::string model_type;  ///< of config.json: "gpt2"
  /// Takes over what has other names here. Throws ValueError for a config that the family lacks.
  std::function<void(Settings&, const HubConfig&)> adopt = {};
  /// The text of a config.json for these settings; the folder's own one where it came from one, for
  /// what the settings do not hold, such as the names of classes.
  std::function<std::string(const Settings&, const HubConfig&)> config = {};
  /// Place of the weights in a folder; config.json lies beside them.
  std::string weights = "model.safetensors";
  /// Texts of the other files that a folder needs, by their places.
  std::function<std::map<std::string, std::string>(const Settings&)> files = {};
};

/// A system: what it is, its network, its training, what it can do, and the result that is
/// expected. Each file in this folder defines one function of its own name that returns the systems
/// of one family. Functions that are left empty say that a system lacks the ability.
struct Recipe {
  std::string name;    ///< as typed: "lenet5"
  std::string title;   ///< "LeNet-5"
  std::string family;  ///< "vision"
  int year = 0;
  std::string paper;
  std::string summary = {};   ///< one sentence on what it is
  std::string metric = {};    ///< name of what is measured
  std::string expected = {};  ///< what a run of the defaults reaches
  /// Which data --data takes, and what stands in without it; empty: it takes none.
  std::string data = {};
  int64_t epochs = 1;                  ///< default length of a training
  int64_t steps = 0;                   ///< default length in steps, where that is how it is told
  std::function<Settings()> settings;  ///< a fresh config with the defaults
  /// What was done before there was a setting, for runs from then: {"least_area", "0"}. Of those
  /// that are not named it was what their defaults are.
  std::map<std::string, std::string> before = {};

  std::function<std::vector<Input>(const Settings&)> inputs;  ///< of the network
  std::function<std::unique_ptr<nn::Module>(const Settings&)> model;
  /// Sets what follows from the data before the model is made, such as the letters that occur.
  std::function<void(Settings&, const Source&)> prepare = {};
  std::function<std::unique_ptr<train::Training>(nn::Module&, const Settings&, const Source&)>
      training = {};

  /// Named arrays through the network, as `forward` and `summary` do it. Empty for networks with
  /// one input and one output called logits.
  std::function<TensorMap(System&, const TensorMap&)> arrays = {};
  /// Gives the tensors of a file the names of this network's, from every naming that is in use.
  std::function<TensorMap(TensorMap, const Settings&)> rename = {};
  /// Sets what the weights alone tell, by tensors as `rename` leaves them, before the model is
  /// made.
  std::function<void(Settings&, const TensorMap&)> match = {};
  std::optional<HubFamily> hub = {};

  std::function<Prediction(System&, const std::string& path)> predict = {};
  std::function<GenerateResult(System&, const GenerateRequest&, const TextSink&)> generate = {};
  /// Keeps the network's matrices in bf16, so that `generate` reads half as much.
  std::function<void(System&)> narrow = {};
  /// Pictures f32[count, H, W, C] in [0, 1].
  std::function<Tensor(System&, const SampleRequest&)> sample = {};
  /// The likeliest fills of the text's masked place.
  std::function<std::vector<Fill>(System&, const std::string& text, int64_t count)> fill_mask = {};
  /// One row for each text, f32[N, width].
  std::function<Tensor(System&, const std::vector<std::string>& texts)> embed = {};
};

/// The recipes of all files in this folder, in the order of their file names.
const std::vector<Recipe>& all_recipes();

/// The recipe of that name. Throws ValueError naming the nearest one.
const Recipe& find_recipe(const std::string& name);

}  // namespace strata::recipes
