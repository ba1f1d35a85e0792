#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "strata/base/fields.h"
#include "strata/nn/module.h"
#include "strata/train/training.h"

namespace strata::recipes {

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
  /// The config itself; Config must be the type it was made of.
  template <class Config>
  const Config& as() const {
    return *static_cast<const Config*>(held_.get());
  }

 private:
  Settings(std::shared_ptr<void> held, Fields fields) : held_(std::move(held)), fields_(fields) {}
  std::shared_ptr<void> held_;
  Fields fields_;
};

/// What `predict` says of one input: classes with their probabilities, the likeliest first.
struct Prediction {
  struct Class {
    std::string label;
    double probability = 0;
  };
  std::vector<Class> classes;
  Tensor
      seen;  ///< the input as the network saw it, f32[H, W, C] in [0, 1]; undefined if no picture
};

/// What a training is made from.
struct Source {
  std::string data;  ///< folder or file; empty: the generated set
  uint64_t seed = 0;
};

/// A system: what it is, its network, its training and the result that is expected. One file in
/// this folder defines one function of the file's name that returns one.
struct Recipe {
  std::string name;    ///< as typed: "lenet5"
  std::string title;   ///< "LeNet-5"
  std::string family;  ///< "vision"
  int year = 0;
  std::string paper;
  std::string summary;                 ///< one sentence on what it is
  std::string metric;                  ///< name of what is measured
  std::string expected;                ///< what a run of the defaults reaches
  std::string data;                    ///< which data --data takes, and what stands in without it
  Shape input;                         ///< of one example, batch of 1
  int64_t epochs = 1;                  ///< default length of a training
  std::function<Settings()> settings;  ///< a fresh config with the defaults

  std::function<std::unique_ptr<nn::Module>()> model;
  std::function<std::unique_ptr<train::Training>(nn::Module&, const Settings&, const Source&)>
      training;
  /// Looks at one file; empty where the system predicts nothing.
  std::function<Prediction(nn::Module&, const std::string& path)> predict = {};
};

/// The recipes of all files in this folder, in the order of their file names.
const std::vector<Recipe>& all_recipes();

/// The recipe of that name. Throws ValueError naming the nearest one.
const Recipe& find_recipe(const std::string& name);

}  // namespace strata::recipes
