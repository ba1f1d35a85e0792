#include "strata/train/report.h"
#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target run_target() {
  return {.name = "run",
          .files = {"run.json", "log.jsonl"},

          .read = [](const std::string& path) { train::report_page({path}); }};
}

}  // namespace strata::fuzz
