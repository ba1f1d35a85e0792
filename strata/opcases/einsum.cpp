#include "strata/ops/einsum.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase equation(const char* text, std::vector<Shape> shapes) {
  OpCase c;
  c.name = std::string("einsum/") + text;
  for (const Shape& shape : shapes) c.inputs.push_back({.shape = shape});
  c.run = [text](std::span<const Tensor> in) { return std::vector{einsum(text, in)}; };
  return c;
}

}  // namespace

std::vector<OpCase> einsum_cases() {
  return {
      equation("ij,jk->ik", {{3, 4}, {4, 5}}),
      equation("ij,jk", {{3, 4}, {4, 5}}),
      equation("bij,bjk->bki", {{2, 3, 4}, {2, 4, 5}}),
      equation("i,j->ij", {{3}, {5}}),
      equation("i,i->", {{5}, {5}}),
      equation("ij->ji", {{3, 4}}),
      equation("ba", {{3, 4}}),
      equation("ij->", {{3, 4}}),
      equation("ii->i", {{4, 4}}),
      equation("ii", {{4, 4}}),
      equation("iji->j", {{4, 3, 4}}),
      equation("...ij,...jk->...ik", {{2, 1, 3, 4}, {3, 4, 2}}),
      equation("...ij->...", {{2, 3, 4}}),
      equation("i...,j...", {{2, 3}, {4, 3}}),
      equation("bhqd,bhkd->bhqk", {{2, 2, 3, 4}, {2, 2, 5, 4}}),
      equation("ij,jk,kl->il", {{2, 3}, {3, 4}, {4, 2}}),
      equation("bn,anm,bm->ba", {{2, 3}, {4, 3, 5}, {2, 5}}),
      equation("ij,ij->j", {{1, 3}, {4, 3}}),
      equation(" i j , j -> i", {{3, 4}, {4}}),
      equation("aab,bcc->ac", {{2, 2, 3}, {3, 4, 4}}),
  };
}

}  // namespace strata::opcases
