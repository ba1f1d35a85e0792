#include "strata/train/report.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/io/base64.h"
#include "strata/io/file.h"
#include "strata/train/run_log.h"
#include "strata/train/run_record.h"

namespace strata::train {

extern const char kReportStyle[], kReportScript[];  // report.css, report.js

namespace {

constexpr size_t kMostPoints = 2000;  // of one curve: more than a screen has columns
constexpr size_t kSmallTable = 12;    // classes of a confusion matrix whose counts are written out

struct Run {
  RunRecord record;
  std::vector<LoggedCurve> curves;
};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string grouped(int64_t n) {
  std::string digits = fmt::format("{}", n);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > (n < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return digits;
}

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02d} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02d} min", whole / 3600, whole / 60 % 60);
}

std::string number(double value) { return fmt::format("{:.4g}", value); }

/// A metric's value; accuracies are fractions, and read as such to four digits.
std::string metric_value(const Metric& m) {
  return m.name.empty() ? "–" : fmt::format("{:.4f}", m.value);
}

/// As JSON for a script element, which a "</" in a name must not close.
std::string curves_json(const std::vector<Run>& runs) {
  auto all = nlohmann::ordered_json::array();
  for (const Run& run : runs) {
    auto curves = nlohmann::ordered_json::object();
    for (const LoggedCurve& c : run.curves) {
      std::vector<int64_t> x;
      std::vector<double> y;
      const size_t stride = (c.steps.size() + kMostPoints - 1) / kMostPoints;
      for (size_t i = 0; i < c.steps.size(); i += stride) {
        x.push_back(c.steps[i]);
        y.push_back(std::strtod(fmt::format("{:.6g}", c.values[i]).c_str(), nullptr));
      }
      curves[c.name] = {{"x", x}, {"y", y}};
    }
    all.push_back({{"name", run.record.name}, {"curves", curves}});
  }
  std::string out;
  for (const char c : all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    out += c == '<' ? "\\u003c" : std::string(1, c);
  }
  return out;
}

std::string tile(const std::string& value, const std::string& name) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", escaped(value),
                     escaped(name));
}

std::string tiles(const RunRecord& r) {
  std::string out = "<div class=\"tiles\">\n";
  if (!r.metric.name.empty()) out += tile(metric_value(r.metric), r.metric.name);
  for (const auto& [name, value] : r.metric.details) out += tile(number(value), name);
  if (r.steps > 0) {
    out += tile(number(r.loss), "last loss") + tile(grouped(r.steps), "steps") +
           tile(duration(r.seconds), "training");
  }
  if (r.summary.parameters > 0) out += tile(grouped(r.summary.parameters), "parameters");
  return out + "</div>\n";
}

/// Loss first, then what was measured, then how it was trained.
std::vector<std::string> curve_names(const std::vector<Run>& runs) {
  std::vector<std::string> names;
  for (const Run& run : runs) {
    for (const LoggedCurve& c : run.curves) {
      if (std::find(names.begin(), names.end(), c.name) == names.end()) names.push_back(c.name);
    }
  }
  const auto rank = [](const std::string& name) {
    return name == "loss" ? 0 : name == "lr" ? 2 : name == "grad_norm" ? 3 : 1;
  };
  std::stable_sort(names.begin(), names.end(),
                   [&](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
  return names;
}

std::string charts(const std::vector<Run>& runs) {
  std::string out;
  for (const std::string& name : curve_names(runs)) {
    const std::string title = name == "lr"          ? "learning rate"
                              : name == "grad_norm" ? "norm of the gradients"
                                                    : name;
    out += fmt::format(
        "<div class=\"card\"><div class=\"chart-head\"><b>{}</b>"
        "<button type=\"button\" aria-pressed=\"false\">log</button></div>"
        "<div class=\"plot\" data-curve=\"{}\"></div></div>\n",
        escaped(title), escaped(name));
  }
  if (out.empty()) return "<p>The log holds no curves.</p>\n";
  return "<div class=\"charts\">\n" + out + "</div>\n";
}

std::string confusion(const Confusion& c) {
  const size_t n = c.labels.size();
  if (n == 0) return "";
  const bool small = n <= kSmallTable;
  std::string out = fmt::format(
      "<h2>Confusion</h2>\n<div class=\"card scroll\"><table class=\"confusion{}\">"
      "<thead><tr><th>is \\ said</th>",
      small ? "" : " large");
  for (size_t j = 0; small && j < n; ++j) out += "<th>" + escaped(c.labels[j]) + "</th>";
  out += "</tr></thead><tbody>\n";
  for (size_t i = 0; i < n; ++i) {
    int64_t all = 0;
    for (size_t j = 0; j < n; ++j) all += c.counts[i * n + j];
    out += "<tr><th>" + escaped(c.labels[i]) + "</th>";
    for (size_t j = 0; j < n; ++j) {
      const int64_t count = c.counts[i * n + j];
      const double share = all ? static_cast<double>(count) / static_cast<double>(all) : 0;
      // The square root makes rare mistakes visible beside a full diagonal.
      out += fmt::format("<td{} style=\"--share:{:.2f}\" title=\"{} taken for {}: {}\">{}</td>",
                         share > 0.4 ? " class=\"hot\"" : "", 0.92 * std::sqrt(share),
                         escaped(c.labels[i]), escaped(c.labels[j]), count,
                         small && count ? fmt::format("{}", count) : "");
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

/// Pictures of more than some kilobytes are shown larger than thumbnails.
constexpr size_t kBigPicture = 4096;

std::string examples(const RunRecord& r) {
  std::string pictures, texts;
  bool big = false;
  for (const RunExample& e : r.examples) {
    if (e.png.empty()) {
      texts += fmt::format("<div class=\"card\"><pre>{}</pre></div>\n", escaped(e.text));
      continue;
    }
    big = big || e.png.size() > kBigPicture;
    pictures += fmt::format(
        "<figure{}><img alt=\"{}\" src=\"data:image/png;base64,{}\">{}</figure>\n",
        e.wrong ? " class=\"wrong\"" : "", escaped(e.text), encode_base64(e.png), escaped(e.text));
  }
  if (!pictures.empty()) {
    pictures = fmt::format("<div class=\"card\"><div class=\"examples{}\">\n{}</div></div>\n",
                           big ? " big" : "", pictures);
  }
  if (pictures.empty() && texts.empty()) return "";
  return "<h2>Examples</h2>\n" + pictures + texts;
}

template <class Pairs>
std::string facts_table(const std::string& title, const Pairs& pairs) {
  std::string rows;
  for (const auto& [name, value] : pairs) {
    const bool code = name == "command";
    rows += fmt::format("<tr><th>{}</th><td>{}{}{}</td></tr>\n", escaped(name),
                        code ? "<code>" : "", escaped(value), code ? "</code>" : "");
  }
  if (rows.empty()) return "";
  return fmt::format(
      "<div class=\"card\"><b>{}</b><table class=\"rows facts\">\n{}</table></div>\n", title, rows);
}

std::string network(const nn::Summary& s) {
  if (s.layers.empty()) return "";
  std::string out =
      "<h2>The network</h2>\n<div class=\"card scroll\"><table class=\"rows\"><tr><th>layer</th>"
      "<th>type</th><th>output</th><th class=\"number\">parameters</th>"
      "<th class=\"number\">multiply-accumulates</th></tr>\n";
  const auto count = [](int64_t n) { return n ? grouped(n) : std::string(); };
  for (const nn::LayerSummary& l : s.layers) {
    const std::string name = l.name.empty() ? "(all)" : l.name.substr(l.name.rfind('.') + 1);
    out += fmt::format(
        "<tr><td style=\"padding-left:{}em\">{}</td><td>{}</td><td>{}</td>"
        "<td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
        1.2 * l.depth, escaped(name), escaped(l.type), to_string(l.output), count(l.parameters),
        count(l.macs));
  }
  out += fmt::format(
      "<tr><th>in all</th><td></td><td></td><td class=\"number\">{}</td>"
      "<td class=\"number\">{}</td></tr>\n",
      grouped(s.parameters), grouped(s.macs));
  return out + "</table></div>\n";
}

std::string details(const RunRecord& r) {
  return confusion(r.metric.confusion) + examples(r) + "<h2>The run</h2>\n<div class=\"two\">\n" +
         facts_table("Run", r.facts) + facts_table("Settings", r.settings) + "</div>\n" +
         network(r.summary);
}

std::string key(size_t run) {
  return fmt::format("<span class=\"key\" style=\"background:var(--c{})\"></span>", run % 8);
}

/// A line for each run: how it ended.
std::string results_table(const std::vector<Run>& runs) {
  std::string out =
      "<div class=\"card scroll\"><table class=\"rows\"><tr><th>run</th><th>system</th>"
      "<th>metric</th><th class=\"number\">value</th><th class=\"number\">last loss</th>"
      "<th class=\"number\">steps</th><th class=\"number\">training</th><th>state</th></tr>\n";
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunRecord& r = runs[i].record;
    out += fmt::format(
        "<tr><td>{}{}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td>{}</td></tr>\n",
        key(i), escaped(r.name), escaped(r.title), escaped(r.metric.name), metric_value(r.metric),
        number(r.loss), grouped(r.steps), duration(r.seconds), escaped(r.state));
  }
  return out + "</table></div>\n";
}

/// The settings in which the runs differ, a row each.
std::string differences(const std::vector<Run>& runs) {
  std::set<std::string> keys;
  for (const Run& run : runs) {
    for (const auto& [name, value] : run.record.settings) keys.insert(name);
  }
  std::string rows;
  for (const std::string& name : keys) {
    std::set<std::string> values;
    std::string row = "<tr><th>" + escaped(name) + "</th>";
    for (const Run& run : runs) {
      const auto it = run.record.settings.find(name);
      const std::string value = it == run.record.settings.end() ? "–" : it->second;
      values.insert(value);
      row += "<td>" + escaped(value) + "</td>";
    }
    if (values.size() > 1) rows += row + "</tr>\n";
  }
  if (rows.empty()) return "<p>The runs do not differ in any setting.</p>\n";
  std::string head = "<tr><th></th>";
  for (size_t i = 0; i < runs.size(); ++i) {
    head += "<th>" + key(i) + escaped(runs[i].record.name) + "</th>";
  }
  return "<div class=\"card scroll\"><table class=\"rows\">" + head + "</tr>\n" + rows +
         "</table></div>\n";
}

/// Of each run the shortest end of its folder's path that is no other's.
std::vector<std::string> names_of(const std::vector<std::string>& run_dirs) {
  using Path = std::filesystem::path;
  std::vector<Path> paths;
  for (const std::string& dir : run_dirs) {
    const Path path = std::filesystem::absolute(dir).lexically_normal();
    paths.push_back(path.has_filename() ? path : path.parent_path());
  }
  const auto end_of = [](const Path& path, std::ptrdiff_t parts) {
    auto at = path.end();
    while (parts-- > 0 && at != path.begin()) --at;
    Path end;
    for (; at != path.end(); ++at) end /= *at;
    return end;
  };
  std::vector<std::string> names;
  for (const Path& path : paths) {
    std::ptrdiff_t parts = 1;
    const auto is_taken = [&] {
      return std::any_of(paths.begin(), paths.end(), [&](const Path& other) {
        return other != path && end_of(other, parts) == end_of(path, parts);
      });
    };
    while (is_taken()) ++parts;
    names.push_back(end_of(path, parts).string());
  }
  return names;
}

std::string one_run(const Run& run) {
  const RunRecord& r = run.record;
  return fmt::format("<header><h1>{}</h1><p>{} · {}</p></header>\n", escaped(r.title),
                     escaped(r.name), escaped(r.state)) +
         tiles(r) + "<h2>Curves</h2>\n" + charts({run}) + details(r);
}

std::string several_runs(const std::vector<Run>& runs) {
  std::string out = fmt::format("<header><h1>{} runs</h1></header>\n", runs.size());
  out += "<h2>Results</h2>\n" + results_table(runs);
  out += "<h2>Settings that differ</h2>\n" + differences(runs);
  out += "<h2>Curves</h2>\n<div class=\"legend\">";
  for (size_t i = 0; i < runs.size(); ++i) {
    out += "<span>" + key(i) + escaped(runs[i].record.name) + "</span>";
  }
  out += "</div>\n" + charts(runs);
  for (const Run& run : runs) {
    out += fmt::format("<details><summary>{}</summary>\n", escaped(run.record.name)) +
           tiles(run.record) + details(run.record) + "</details>\n";
  }
  return out;
}

}  // namespace

std::string report_page(const std::vector<std::string>& run_dirs) {
  if (run_dirs.empty()) throw ValueError("report", "there is no run to report on");
  const std::vector<std::string> names = names_of(run_dirs);
  std::vector<Run> runs;
  for (size_t i = 0; i < run_dirs.size(); ++i) {
    const std::string& dir = run_dirs[i];
    Run run{.record = load_record(dir), .curves = {}};
    run.record.name = names[i];
    const auto log = (std::filesystem::path(dir) / "log.jsonl").string();
    if (std::filesystem::exists(log)) run.curves = read_log(log);
    runs.push_back(std::move(run));
  }
  const bool one = runs.size() == 1;
  const std::string title = one ? runs[0].record.title + " · " + runs[0].record.name
                                : fmt::format("{} runs", runs.size());
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}"
      "<footer>Written by Strata.</footer>\n"
      "<script type=\"application/json\" id=\"data\">{}</script>\n"
      "<script>\n{}</script>\n</body>\n</html>\n",
      escaped(title), kReportStyle, one ? one_run(runs[0]) : several_runs(runs), curves_json(runs),
      kReportScript);
}

void write_report(const std::string& path, const std::vector<std::string>& run_dirs) {
  write_file(path, report_page(run_dirs));
}

}  // namespace strata::train
