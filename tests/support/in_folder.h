#pragma once

#include <filesystem>
#include <string>

namespace strata::testing {

/// Works in another folder while it lives.
class InFolder {
 public:
  explicit InFolder(const std::string& path) { std::filesystem::current_path(path); }
  ~InFolder() { std::filesystem::current_path(before_); }
  InFolder(const InFolder&) = delete;
  InFolder& operator=(const InFolder&) = delete;

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
};

}  // namespace strata::testing
