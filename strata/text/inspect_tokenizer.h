#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace strata {

/// What a tokenizer is made of, for people to read, and what is odd about it.
struct TokenizerReport {
  std::string path;
  std::string kind;    ///< "byte-level BPE", "WordPiece"
  int64_t tokens = 0;  ///< how many there are
  int64_t size = 0;    ///< one more than the largest number
  int64_t merges = 0;
  std::vector<std::pair<std::string, int64_t>> special;  ///< tokens that stand for no text
  std::vector<std::string> remarks;  ///< holes, duplicates, merges that cannot be; empty if nothing
  std::string fault;                 ///< why it cannot be loaded; empty if it can
};

/// Whether that is a file of a tokenizer, by its name: tokenizer.json, vocab.txt, vocab.json,
/// merges.txt, encoder.json, vocab.bpe, packed or not, and any other .json that is no index.
bool is_tokenizer_file(const std::string& path);

/// Whether a folder holds a tokenizer.
bool has_tokenizer(const std::string& folder);

/// Reads a tokenizer's file, with the one that belongs to it, or a folder with a tokenizer, and
/// judges it. Throws FormatError where it is damaged or of a kind that is not known here, IoError.
TokenizerReport inspect_tokenizer(const std::string& path);

}  // namespace strata
