"""Writes recipes/shared/imagenet_labels.cpp from the names that torchvision comes with."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools" / "golden"))
from torchvision_import import torchvision  # noqa: E402, F401
from torchvision.models._meta import _IMAGENET_CATEGORIES as names  # noqa: E402

assert len(names) == 1000 and not any(";" in n or '"' in n for n in names)
lines, line = [], ""
for i, name in enumerate(names):
    piece = name + (";" if i < 999 else "")
    if len(line) + len(piece) > 94:
        lines.append(line)
        line = ""
    line += piece
lines.append(line)
text = "\n".join(f'    "{x}"' for x in lines)
(ROOT / "recipes/shared/imagenet_labels.cpp").write_text(f'''#include "recipes/shared/imagenet_labels.h"

#include <string_view>

namespace strata::recipes {{
namespace {{

// Made by tools/imagenet_labels.py.
constexpr std::string_view kNames =
{text};

}}  // namespace

const std::vector<std::string>& imagenet_labels() {{
  static const std::vector<std::string> kLabels = [] {{
    std::vector<std::string> labels(1);
    for (const char c : kNames) {{
      if (c == ';') {{
        labels.emplace_back();
      }} else {{
        labels.back() += c;
      }}
    }}
    return labels;
  }}();
  return kLabels;
}}

}}  // namespace strata::recipes
''')
