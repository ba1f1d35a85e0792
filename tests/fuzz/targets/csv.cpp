#include "strata/io/csv.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target csv_target() {
  return {.name = "csv", .files = {"table.csv"}, .read = [](const std::string& path) {
            const CsvTable table = read_csv(path);
            for (const std::string& name : table.names()) {
              table.texts(name);
              table.codes(name);
              if (table.kind(name) != CsvKind::text) table.reals(name);
            }
          }};
}

}  // namespace strata::fuzz
