// strata_check ROOT [GENERATED]: reads the source tree and reports each broken rule on a line.
#include <iostream>

#include "tools/check/check.h"

namespace check = strata::check;

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: strata_check ROOT [FOLDER OF THE GENERATED TABLES]\n";
    return 2;
  }
  const std::vector<check::Source> tree = check::read_tree(argv[1]);
  if (tree.empty()) {
    std::cerr << "strata_check: no sources under " << argv[1] << "\n";
    return 2;
  }
  size_t count = 0;
  const auto report = [&count](const check::Findings& findings) {
    for (const check::Finding& f : findings) {
      std::cout << f.path << ":" << f.line << ": [" << f.rule << "] " << f.message << "\n";
    }
    count += findings.size();
  };
  report(check::check_layers(tree));
  report(check::check_sizes(tree));
  report(check::check_prose(check::read_pages(argv[1])));
  report(check::check_bans(tree));
  if (argc == 3) report(check::check_tables(tree, argv[2]));
  std::cout << tree.size() << " files checked, " << count << " findings\n";
  return count == 0 ? 0 : 1;
}
