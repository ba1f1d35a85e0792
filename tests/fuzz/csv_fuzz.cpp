#include "strata/io/csv.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return strata::fuzz_file(data, size, ".csv", [](const std::string& path) {
    const strata::CsvTable table = strata::read_csv(path);
    for (const std::string& name : table.names()) {
      table.texts(name);
      table.codes(name);
      if (table.kind(name) != strata::CsvKind::text) table.reals(name);
    }
  });
}
