#include "strata/base/shape.h"

#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"

namespace strata {
namespace {

TEST(Shape, HoldsUpToEightSizes) {
  Shape s{1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(s.rank(), 8);
  EXPECT_THROW(s.push_back(9), ShapeError);
  EXPECT_THROW(Shape(std::vector<int64_t>(9, 1)), ShapeError);
  s.erase(0);
  s.insert(2, 9);
  EXPECT_EQ(to_string(s), "[2, 3, 9, 4, 5, 6, 7, 8]");
  s.erase(7);
  EXPECT_EQ(s.back(), 7);
  EXPECT_NE(s, (Shape{2, 3, 9, 4, 5, 6}));
  EXPECT_EQ(to_string(Shape{}), "[]");
}

int64_t rank_of(const Dims& dims = {9, 9, 9}) { return dims.rank(); }

TEST(Shape, OneNumberIsAListOfIt) {
  EXPECT_EQ(Dims(5), (Dims{5}));
  EXPECT_EQ(Dims(size_t{7}), (Dims{7}));
  EXPECT_EQ(rank_of(0), 1);
  EXPECT_EQ(rank_of(-1), 1);
  EXPECT_EQ(rank_of({0}), 1);
  EXPECT_EQ(rank_of({}), 0);
  EXPECT_EQ(rank_of(), 3);
  EXPECT_EQ(rank_of({2, 3}), 2);
  EXPECT_EQ(Dims().rank(), 0);
  EXPECT_EQ(Dims{}.rank(), 0);
  const Shape copied = 4;
  EXPECT_EQ(copied[0], 4);
  EXPECT_FALSE((std::is_convertible_v<bool, Dims>)) << "keep, for one, is no list of axes";
  EXPECT_FALSE((std::is_convertible_v<double, Dims>));
}

TEST(Shape, CountsElements) {
  EXPECT_EQ(numel({}), 1);
  EXPECT_EQ(numel({2, 3}), 6);
  EXPECT_EQ(checked_numel("x", {2, 0, 3}), 0);
  EXPECT_EQ(checked_numel("x", {int64_t{1} << 59}), int64_t{1} << 59);
  EXPECT_THROW(checked_numel("x", {(int64_t{1} << 59) + 1}), ShapeError);
  EXPECT_THROW(checked_numel("x", {int64_t{1} << 32, int64_t{1} << 32}), ShapeError);
  EXPECT_THROW(checked_numel("x", {INT64_MAX, INT64_MAX, INT64_MAX}), ShapeError);
  // Empty, yet its strides would overflow.
  EXPECT_THROW(checked_numel("x", {0, int64_t{1} << 40, int64_t{1} << 40}), ShapeError);
  EXPECT_THROW(checked_numel("x", {2, -1}), ShapeError);
}

TEST(Shape, ContiguousStrides) {
  EXPECT_EQ(contiguous_strides({2, 3, 4}), (Strides{12, 4, 1}));
  EXPECT_EQ(contiguous_strides({2, 0, 4}), (Strides{4, 4, 1}));
  EXPECT_EQ(contiguous_strides({}), Strides{});
}

TEST(Shape, AxesCountFromEitherEnd) {
  EXPECT_EQ(normalize_axis("op", -1, 3), 2);
  EXPECT_EQ(normalize_axis("op", 0, 0), 0);
  EXPECT_EQ(normalize_axis("op", -1, 0), 0);
  EXPECT_THROW(normalize_axis("op", 3, 3), IndexError);
  EXPECT_THROW(normalize_axis("op", -4, 3), IndexError);
  EXPECT_THROW(normalize_axis("op", INT64_MIN, 3), IndexError);
  try {
    normalize_axis("sum", 2, 2);
    FAIL();
  } catch (const IndexError& e) {
    EXPECT_STREQ(e.what(), "[sum] axis 2 is outside of [-2, 1] for a tensor of rank 2");
  }
}

TEST(Shape, Broadcasts) {
  EXPECT_EQ(broadcast_shapes("add", {2, 1, 3}, {4, 1}), (Shape{2, 4, 3}));
  EXPECT_EQ(broadcast_shapes("add", {}, {2, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes("add", {0, 3}, {1, 3}), (Shape{0, 3}));
  EXPECT_EQ(broadcast_shapes("add", {1}, {0}), (Shape{0}));
  EXPECT_THROW(broadcast_shapes("add", {2}, {0}), ShapeError);
  try {
    broadcast_shapes("add", {2, 3}, {4, 3});
    FAIL();
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(),
                 "[add] shapes [2, 3] and [4, 3] do not broadcast: sizes 2 and 4 at dimension 0 of "
                 "the result\n  hint: sizes must be equal or 1, counted from the last dimension");
  }
}

TEST(Error, SaysWhereWhatAndHow) {
  EXPECT_STREQ(ValueError("op", "went wrong").what(), "[op] went wrong");
  EXPECT_STREQ(ValueError("op", "went wrong", "do right").what(),
               "[op] went wrong\n  hint: do right");
  EXPECT_THROW(throw OutOfMemory("op", "x"), Error);
}

TEST(Dims, Join) {
  EXPECT_EQ(joined({1, 2}, {3}), (Shape{1, 2, 3}));
  EXPECT_EQ(joined({}, {}), Shape{});
  EXPECT_THROW(joined(Dims::filled(5, 1), Dims::filled(4, 1)), ShapeError);
}

}  // namespace
}  // namespace strata
