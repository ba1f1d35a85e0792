#include "tools/check/check.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace strata::check {
namespace {

Source source(std::string path, std::string text) {
  std::string code = blank_text(text);
  return {std::move(path), std::move(text), std::move(code)};
}

/// "rule:line" of each finding, joined with spaces.
std::string brief(const Findings& findings) {
  std::string out;
  for (const Finding& f : findings) {
    out += (out.empty() ? "" : " ") + f.rule + ":" + std::to_string(f.line);
  }
  return out;
}

std::string lines(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += "  x();\n";
  return out;
}

TEST(CheckText, BlanksCommentsAndLiterals) {
  EXPECT_EQ(blank_text("a // b\nc"), "a     \nc");
  EXPECT_EQ(blank_text("a /* b\n */ c"), "a     \n    c");
  EXPECT_EQ(blank_text("f(\"x\\\"y\", 'z')"), "f(\"    \", ' ')");
  EXPECT_EQ(blank_text("n = 1'000;"), "n = 1'000;");
  EXPECT_EQ(blank_text("R\"(a \" b)\" c"), "           c");
}

TEST(CheckLayers, DownwardIncludesPass) {
  EXPECT_EQ(brief(check_layers({source("strata/ops/exp.cpp",
                                       "#include <vector>\n#include \"strata/base/error.h\"\n"
                                       "#include \"strata/ops/exp.h\"\n")})),
            "");
}

TEST(CheckLayers, UpwardIncludeIsFound) {
  EXPECT_EQ(brief(check_layers({source("strata/tensor/t.h", "\n#include \"strata/ops/exp.h\"\n")})),
            "layer:2");
  EXPECT_EQ(brief(check_layers({source("models/a.h", "#include \"recipes/recipe.h\"\n")})),
            "layer:1");
}

TEST(CheckLayers, UnknownFolderAndShortPathAreFound) {
  EXPECT_EQ(brief(check_layers({source("strata/misc/t.h", "")})), "layer:1");
  EXPECT_EQ(brief(check_layers({source("strata/ops/t.h", "#include \"exp.h\"\n")})), "layer:1");
}

TEST(CheckLayers, ThirdPartyHeaderInPublicHeaderIsFound) {
  const std::string text = "#include <vector>\n#include <fmt/format.h>\n";
  EXPECT_EQ(brief(check_layers({source("strata/ops/t.h", text)})), "layer:2");
  EXPECT_EQ(brief(check_layers({source("strata/ops/t.cpp", text)})), "");
  EXPECT_EQ(brief(check_layers({source("strata/kernels/cpu/t-inl.h", text)})), "");
}

TEST(CheckLayers, CommentedIncludeIsIgnored) {
  EXPECT_EQ(brief(check_layers(
                {source("strata/base/t.h", "// see\n/*\n#include \"strata/ops/exp.h\"\n*/\n")})),
            "");
}

TEST(CheckSizes, LimitsAreExact) {
  EXPECT_EQ(brief(check_sizes({source("a.cpp", std::string(500, '\n'))})), "");
  EXPECT_EQ(brief(check_sizes({source("a.cpp", std::string(501, '\n'))})), "size:501");
  EXPECT_EQ(brief(check_sizes({source("a.cpp", "void f() {\n" + lines(78) + "}\n")})), "");
  EXPECT_EQ(brief(check_sizes({source("a.cpp", "void f() {\n" + lines(79) + "}\n")})), "size:1");
}

TEST(CheckSizes, FindsFunctionsInNamespacesClassesAndMacros) {
  const std::string body = lines(90);
  EXPECT_EQ(
      brief(check_sizes({source(
          "a.cpp", "namespace a::b {\nnamespace {\nint f(\n int x) {\n" + body + "}\n}\n}\n")})),
      "size:3");
  EXPECT_EQ(brief(check_sizes({source("a.cpp",
                                      "template <class T>\nstruct alignas(64) S {\n int x;\n"
                                      " void f() const {\n" +
                                          body + "}\n};\n")})),
            "size:4");
  EXPECT_EQ(brief(check_sizes({source("a.cpp", "TEST(A, B) {\n" + body + "}\n")})), "size:1");
  EXPECT_EQ(brief(check_sizes({source("a.cpp", "S::S() : a_{1}, b_(2) {\n" + body + "}\n")})),
            "size:1");
}

TEST(CheckSizes, TablesAndClassesAreNoFunctions) {
  const std::string body = lines(90);
  EXPECT_EQ(brief(check_sizes({source("a.cpp", "const T kTable[] = {\n" + body + "};\n")})), "");
  EXPECT_EQ(brief(check_sizes({source("a.cpp", "class A : public B {\n" + body + "};\n")})), "");
}

TEST(CheckProse, LongLinesAreFoundOutsideOfTablesAndCode) {
  const std::string fits(100, 'x'), longer(101, 'x');
  EXPECT_EQ(brief(check_prose({{"a.md", fits + "\n" + longer + "\n", {}}})), "prose:2");
  EXPECT_EQ(brief(check_prose({{"a.md", "| " + longer + " |\n", {}}})), "");
  EXPECT_EQ(brief(check_prose({{"a.md", "1. step\n   ```cpp\n" + longer + "\n   ```\n", {}}})), "");
  EXPECT_EQ(brief(check_prose({{"a.md", "```sh\n```\n" + longer + "\n", {}}})), "prose:3");
  EXPECT_EQ(brief(check_prose({{"a.md", std::string(99, 'x') + "\u00d7\n", {}}})), "");
}

TEST(CheckBans, AbortingAndPrintingAreFoundInTheLibraryOnly) {
  const std::string text =
      "std::abort();\nexit(1);\nassert(x);\nprintf(a);\nstd::cout << 1;\n  fmt::print(a);\n";
  EXPECT_EQ(brief(check_bans({source("strata/ops/t.cpp", text)})),
            "abort:1 abort:2 abort:3 print:4 print:5 print:6");
  EXPECT_EQ(brief(check_bans({source("models/t.cpp", "fprintf(f, a);\n")})), "print:1");
  EXPECT_EQ(brief(check_bans({source("apps/strata/t.cpp", text)})), "");
}

TEST(CheckBans, LookalikesPass) {
  EXPECT_EQ(brief(check_bans({source(
                "strata/ops/t.cpp",
                "static_assert(x);\nsnprintf(a);\nscope.exit();\n"
                "void print(int x);\nstd::at_exit_x();\n// abort()\nthrow E(\"exit(1)\");\n")})),
            "");
}

TEST(CheckBans, OpenMpIsFound) {
  const std::string text = "#include <omp.h>\n#pragma omp parallel\nomp_get_thread_num();\n";
  EXPECT_EQ(brief(check_bans({source("strata/kernels/cpu/t.cpp", text)})), "omp:1 omp:2 omp:3");
}

TEST(CheckBans, UnfinishedAndUnguardedAreFound) {
  EXPECT_EQ(brief(check_bans({source("strata/a.cpp", std::string("\n// TO") + "DO: more\n")})),
            "unfinished:2");
  EXPECT_EQ(brief(check_bans({source("strata/a.h", "int x;\n")})), "once:1");
  EXPECT_EQ(brief(check_bans({source("strata/a.h", "#pragma once\n")})), "");
}

TEST(CheckTables, FileMissingFromTheTableIsFound) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "strata_check_tables";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "all_op_cases.cpp") << "    add(exp_cases());\n";
  std::ofstream(folder / "all_recipes.cpp") << "    add(lenet5());\n";
  EXPECT_EQ(brief(check_tables(
                {source("strata/opcases/exp.cpp", ""), source("strata/opcases/op_case.cpp", ""),
                 source("recipes/lenet5.cpp", "")},
                folder)),
            "");
  EXPECT_EQ(brief(check_tables({source("strata/opcases/log.cpp", "")}, folder)), "table:1");
  EXPECT_EQ(brief(check_tables({source("recipes/lenet.cpp", "")}, folder)), "table:1");
  std::filesystem::remove_all(folder);
}

TEST(CheckTree, ReadsThePagesOfTheRootAndOfDocs) {
  const std::filesystem::path root =
      std::filesystem::path(testing::TempDir()) / "strata_check_pages";
  for (const char* folder : {"docs/guides", "build"}) {
    std::filesystem::create_directories(root / folder);
    std::ofstream(root / folder / "page.md") << "a page\n";
  }
  std::ofstream(root / "README.md") << "a page\n";
  const std::vector<Source> pages = read_pages(root);
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[0].path, "README.md");
  EXPECT_EQ(pages[1].path, "docs/guides/page.md");
  std::filesystem::remove_all(root);
}

TEST(CheckTree, ReadsSourcesByRelativePath) {
  const std::filesystem::path root =
      std::filesystem::path(testing::TempDir()) / "strata_check_tree";
  std::filesystem::create_directories(root / "strata/base");
  std::ofstream(root / "strata/base/a.h") << "#pragma once\n";
  std::ofstream(root / "strata/base/notes.txt") << "no source\n";
  const std::vector<Source> tree = read_tree(root);
  ASSERT_EQ(tree.size(), 1U);
  EXPECT_EQ(tree[0].path, "strata/base/a.h");
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace strata::check
