#include "strata/io/pth.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/inspect.h"
#include "strata/io/pickle.h"
#include "strata/io/safetensors.h"
#include "strata/io/weights.h"
#include "strata/nn/layers/linear.h"
#include "strata/train/checkpoint.h"
#include "tests/support/hostile.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::message;
using testing::slurp;
using testing::spill;
using testing::TempFolder;

std::string golden(const std::string& name) {
  return std::string(STRATA_SOURCE_DIR) + "/tests/golden/io/pth/" + name;
}

std::string values(const TensorMap& t, const std::string& name) {
  std::string out = describe(t.at(name)) + ":";
  for (const double v : t.at(name).to_vector<double>()) out += " " + std::to_string(v).substr(0, 5);
  return out;
}

TEST(Pth, ReadsEveryFormDtypeAndStride) {
  for (const char* name : {"state.pth", "legacy.pth", "protocol4.pth", "deflated.pth"}) {
    SCOPED_TRACE(name);
    const TensorMap t = load_pth(golden(name));
    EXPECT_EQ(t.size(), 15u);
    EXPECT_EQ(t.at("plain").to_vector<int>(), (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
    EXPECT_EQ(describe(t.at("turned")), "f32[4, 3]");
    EXPECT_EQ(t.at("turned").to_vector<int>(), (std::vector{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}));
    EXPECT_EQ(t.at("part").to_vector<int>(), (std::vector{5, 6, 9, 10}));
    EXPECT_TRUE(t.at("part").shares_storage(t.at("plain")));
    EXPECT_EQ(t.at("repeated").to_vector<int>(), (std::vector{0, 0, 1, 1, 2, 2}));
    EXPECT_EQ(t.at("scalar").item<float>(), 2.5f);
    EXPECT_EQ(describe(t.at("empty")), "f32[0, 3]");
    EXPECT_EQ(t.at("parameter").to_vector<int>(), (std::vector{0, 1, 2, 3}));
    for (const char* half : {"f64", "f16", "bf16"}) {
      EXPECT_EQ(values(t, half), std::string(half) + "[3]: 0.000 0.250 0.500");
    }
    for (const char* integer : {"i64", "i32", "i8"}) {
      EXPECT_EQ(values(t, integer), std::string(integer) + "[3]: -1.00 0.000 1.000");
    }
    EXPECT_EQ(values(t, "u8"), "u8[3]: 0.000 1.000 2.000");
    EXPECT_EQ(values(t, "bool"), "bool[3]: 1.000 0.000 1.000");
  }
}

TEST(Pth, FindsTheWeightsInACheckpoint) {
  const PthFile file(golden("checkpoint.pth"));
  std::string names;
  for (const auto& t : file.tensors()) names += t.name + " ";
  EXPECT_EQ(names,
            "0.bias 0.weight 1.bias 1.num_batches_tracked 1.running_mean 1.running_var 1.weight ");
  EXPECT_EQ(file.load().at("0.bias").to_vector<int>(), (std::vector{1, 1, 1}));
  const PthFile nested(golden("nested.pth"));
  names.clear();
  for (const auto& t : nested.tensors()) names += t.name + " ";
  EXPECT_EQ(names, "a.b a.c.0 a.c.1 ");
  EXPECT_EQ(nested.metadata().at("n"), "3");
}

TEST(Pth, NamesWhatItRefuses) {
  EXPECT_NE(message<FormatError>([] {
              load_pth(golden("module.pth"));
            }).find("names torch.nn.modules.container.Sequential, which no file of tensors needs"),
            std::string::npos);
  EXPECT_NE(message<FormatError>([] {
              load_pth(golden("short.pth"));
            }).find("tensor 'short' is a ShortStorage, a dtype that Strata lacks"),
            std::string::npos);
  const FileReport report = inspect_file(golden("short.pth"));
  EXPECT_EQ(report.remarks.size(), 1u);
  EXPECT_EQ(report.tensors.at(0).bytes, 2 * numel(report.tensors.at(0).shape));
}

/// A file of tensors "a", with these marks, and "b", both elements 1 and 3 of one storage
/// 1, 3, 2, -4: what torch.save writes for "a": z.conj().imag, "b": z.imag.
std::string with_marks(const std::string& marks, const std::string& type = "Float") {
  const std::string three(3, '\0');
  const auto text = [&](const std::string& t) {
    return std::string("X") + static_cast<char>(t.size()) + three + t;
  };
  const std::string view = "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" +
                           type + "Storage\n" + text("0") + text("cpu") + "K\4NtQ" +
                           "K\1K\2\x85K\2\x85\211ccollections\nOrderedDict\n)R";
  const float numbers[] = {1, 3, 2, -4};
  return slurp(golden("legacy.pth")).substr(0, 137) + "\x80\2}(" + text("a") + view + marks + "tR" +
         text("b") + view + "tRu." + "\x80\2]" + text("0") + "a." + '\4' + std::string(7, '\0') +
         std::string(reinterpret_cast<const char*>(numbers), sizeof numbers);
}

TEST(Pth, NegatesLazyViews) {
  const TempFolder folder;
  const auto load = [&](const std::string& marks, const std::string& type = "Float") {
    spill(folder / "a.pth", with_marks(marks, type));
    return load_pth(folder / "a.pth");
  };
  const std::string neg = "X\3" + std::string(3, '\0') + "neg";
  const std::string conj = "X\4" + std::string(3, '\0') + "conj";
  const TensorMap t = load("}" + neg + "\x88s");
  EXPECT_EQ(t.at("a").to_vector<float>(), (std::vector<float>{-3, 4}));
  EXPECT_EQ(t.at("b").to_vector<float>(), (std::vector<float>{3, -4}));
  for (const std::string& none :
       {std::string(), std::string("N"), std::string("}"), "}" + neg + "\x89s"}) {
    EXPECT_EQ(load(none).at("a").to_vector<float>(), (std::vector<float>{3, -4}));
  }
  const auto refused = [&](const std::string& marks, const std::string& words,
                           const std::string& type = "Float") {
    const std::string error = message<FormatError>([&] { load(marks, type); });
    EXPECT_NE(error.find("a.pth] " + words), std::string::npos) << error;
  };
  refused("}" + conj + "\x88s", "'a' has the mark 'conj', which is not supported");
  refused("}X\1" + std::string(3, '\0') + "xK\1s", "'a' has the mark 'x'");
  refused("}" + neg + "\x88s", "'a' has the mark 'neg'", "Int");
  refused("K\1", "'a' has marks that are no dict");
}

/// A file of one tensor "a", elements 1 and 3 of a storage of 32 bytes, of a dtype for which
/// PyTorch has no storage of its own.
std::string untyped(const std::string& dtype) {
  const std::string three(3, '\0');
  const auto text = [&](const std::string& t) {
    return std::string("X") + static_cast<char>(t.size()) + three + t;
  };
  return slurp(golden("legacy.pth")).substr(0, 137) + "\x80\2}" + text("a") +
         "ctorch._utils\n_rebuild_tensor_v3\n((" + text("storage") +
         "ctorch.storage\nUntypedStorage\n" + text("0") + text("cpu") + "K\x20NtQ" +
         "K\1K\2\x85K\2\x85\211ccollections\nOrderedDict\n)R" + dtype + "tRs." + "\x80\2]" +
         text("0") + "a." + '\x20' + std::string(7 + 32, '\0');
}

TEST(Pth, NamesDtypesWithoutStoragesOfTheirOwn) {
  const TempFolder folder;
  for (const auto& [dtype, width] :
       {std::pair{"uint16", 2}, {"uint32", 4}, {"uint64", 8}, {"float8_e4m3fn", 1}}) {
    spill(folder / "a.pth", untyped("ctorch\n" + std::string(dtype) + "\n"));
    EXPECT_NE(message<FormatError>([&] {
                load_pth(folder / "a.pth");
              }).find("tensor 'a' is a " + std::string(dtype) + ", a dtype that Strata lacks"),
              std::string::npos);
    const FileReport report = inspect_file(folder / "a.pth");
    ASSERT_EQ(report.tensors.size(), 1u);
    EXPECT_EQ(report.tensors[0].dtype, dtype);
    EXPECT_EQ(report.tensors[0].bytes, 2 * width);
    EXPECT_EQ(report.remarks.size(), 1u);
  }
  spill(folder / "a.pth", untyped("N"));
  EXPECT_NE(message<FormatError>([&] { load_pth(folder / "a.pth"); }).find("lacks its dtype"),
            std::string::npos);
  std::string beyond = untyped("ctorch\nuint64\n");
  beyond.replace(beyond.find("K\1K\2"), 2, "K\2");  // its last element would be the fifth of four
  spill(folder / "a.pth", beyond);
  EXPECT_NE(message<FormatError>([&] { load_pth(folder / "a.pth"); }).find("leaves its storage"),
            std::string::npos);
  const std::string sound = untyped("ctorch\nuint16\n");
  testing::survive_byte_changes(folder / "a", sound,
                                [](const std::string& path) { inspect_file(path); });
}

/// What the pickle machine says of these instructions.
std::string refusal(const std::string& code) {
  return message<FormatError>([&] {
    internal::read_pickle("x", {reinterpret_cast<const unsigned char*>(code.data()), code.size()});
  });
}

TEST(Pickle, RefusesWhateverCouldAct) {
  using std::string;
  const auto says = [](const string& code, const string& text) {
    EXPECT_NE(refusal(code).find(text), string::npos) << refusal(code);
  };
  says(
      "\x80\x02"
      "cos\nsystem\n(X\x02\0\0\0lstR.",
      "names os.system");
  says(
      "\x80\x02"
      "cposix\nsystem\n",
      "names posix.system");
  says("cbuiltins\neval\n", "names builtins.eval");
  says("ctorch\nload\n", "names torch.load");
  says("ctorch.x\nStorage\n", "names torch.x.Storage");
  says("ctorch\nuint16x\n", "names torch.uint16x");
  says("ctorch\nuint16\n)R.", "calls what is no function");
  says(string("\x80\x04\x8c\x02os\x8c\x06system\x93", 15), "names os.system");
  says("(ios\nsystem\n", "opcode INST (0x69)");
  says("\x80\x02)\x81.", "opcode NEWOBJ (0x81)");
  says("P1\n", "opcode PERSID (0x50)");
  says("\xff", "opcode unknown (0xff)");
  says(")R.", "takes a value where there is none");
  says("}}R.", "calls what is no function");
  says("ctorch\nFloatStorage\n)R.", "calls what is no function");
  says("Nb", "takes a value where there is none");
  says("N}b", "sets the state of an object");
  says("NNs", "takes a value where there is none");
  says("NNNs", "adds to what is no such container");
  says("}(Nu", "adds to what is no such container");
  says("t", "goes back to a mark that is not there");
  says("h\x05", "recalls a value that was not remembered");
  says(string("X\x05\0\0\0ab", 7), "cut off");
  says(string("X\x02\0\0\0\xff\xfe", 7), "text that is not UTF-8");
  says("", "cut off");
  EXPECT_EQ(refusal("N."), "nothing thrown");
}

TEST(Pth, RefusesTruncationAndSurvivesChanges) {
  const TempFolder folder;
  const auto load = [](const std::string& path) {
    for (const auto& [name, t] : load_pth(path)) {
      if (t.numel() < 100) t.to_vector<double>();
    }
  };
  for (const char* name : {"legacy.pth", "deflated.pth"}) {
    const std::string bytes = slurp(golden(name));
    testing::expect_truncations_refused(folder / "a", bytes, load, 8192);
    testing::survive_byte_changes(folder / "a", bytes, load, 6000);
  }
}

TEST(Pth, EndlessContentIsRefused) {
  const TempFolder folder;
  const std::string head = slurp(golden("legacy.pth")).substr(0, 137);
  const auto fault = [&](const std::string& pickle) {
    return testing::read_hostile(folder / "a", head + pickle, [](const auto& p) { load_pth(p); });
  };
  EXPECT_NE(fault("}q\x01(X\x01" + std::string(3, '\0') + "ah\x01u.").find("without end"),
            std::string::npos)
      << "a dict in itself";
  std::string doubling = "]q\x01";  // each list holds the one before twice: 2^30 visits
  for (char i = 1; i < 30; ++i) {
    doubling += std::string("]q") + static_cast<char>(i + 1) + "(h" + i + "h" + i + "e";
  }
  EXPECT_NE(fault(doubling + ".").find("absurdly many"), std::string::npos);
}

TEST(Weights, AreKnownByContentInFilesAndFolders) {
  const TempFolder folder;
  std::filesystem::copy_file(golden("state.pth"), folder / "renamed.safetensors");
  EXPECT_EQ(load_tensors(folder / "renamed.safetensors").size(), 15u);
  const std::string told = message<FormatError>([] { load_safetensors(golden("state.pth")); });
  EXPECT_NE(told.find("load_tensors reads it if torch.save wrote it"), std::string::npos) << told;
  const std::string model = folder / "model";
  std::filesystem::create_directory(model);
  EXPECT_THROW(load_tensors(model), IoError);
  std::filesystem::copy_file(golden("legacy.pth"), model + "/pytorch_model-1.bin");
  EXPECT_EQ(load_tensors(model).size(), 15u);
  std::filesystem::copy_file(golden("nested.pth"), model + "/pytorch_model-2.bin");
  EXPECT_THROW(load_tensors(model), IoError) << "two files and no index";
  const std::string index = model + "/pytorch_model.bin.index.json";
  spill(index, R"({"weight_map": {"plain": "pytorch_model-1.bin", "a.b": "pytorch_model-2.bin"}})");
  EXPECT_EQ(load_tensors(model).size(), 2u);
  EXPECT_EQ(load_tensors(model).at("a.b").to_vector<int>(), (std::vector{1, 1}));
  spill(index, R"({"weight_map": {"absent": "pytorch_model-1.bin"}})");
  EXPECT_NE(message<FormatError>([&] { load_tensors(model); }).find("'absent' is not in"),
            std::string::npos);
  save_safetensors(model + "/model.safetensors", {{"x", tensor<float>({1})}});
  EXPECT_EQ(load_tensors(model).size(), 1u) << "safetensors come first";
}

TEST(Weights, TakeWhatFitsIfAskedTo) {
  const TempFolder folder;
  save_safetensors(folder / "a.safetensors",
                   {{"weight", tensor<float>({1, 2}, {1, 2})}, {"other", tensor<float>({5})}});
  nn::Linear layer({.in = 2, .out = 1});
  EXPECT_NE(message<ValueError>([&] {
              train::load_weights(folder / "a.safetensors", layer);
            }).find("1 missing: bias; 1 unexpected: other"),
            std::string::npos);
  const nn::LoadReport report =
      train::load_weights(folder / "a.safetensors", layer, {.strict = false});
  EXPECT_EQ(report.missing, std::vector<std::string>{"bias"});
  EXPECT_EQ(layer.weight.to_vector<int>(), (std::vector{1, 2}));
}

TEST(Inspect, JudgesPyTorchFiles) {
  const TempFolder folder;
  const FileReport good = inspect_file(golden("checkpoint.pth"));
  EXPECT_EQ(good.format, "PyTorch");
  EXPECT_EQ(good.tensors.size(), 7u);
  std::string bytes = slurp(golden("state.pth"));
  const size_t at = bytes.find(std::string("\0\0\x80?\0\0\0@\0\0@@", 12));
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 1;
  spill(folder / "a.pth", bytes);
  EXPECT_NE(message<FormatError>([&] { inspect_file(folder / "a.pth"); }).find("checksum is wrong"),
            std::string::npos);
}

}  // namespace
}  // namespace strata
