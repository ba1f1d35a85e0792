#include "models/vision/resnet_cifar.h"

#include "strata/ops/arithmetic.h"

namespace strata::models {

void ResNetCifar::members(nn::Visitor& v) {
  v("conv1", conv1_.conv)("bn1", conv1_.norm)("conv2", conv2_.conv)("bn2", conv2_.norm);
  v("pool", pool_);
  v("conv3", conv3_.conv)("bn3", conv3_.norm)("conv4", conv4_.conv)("bn4", conv4_.norm);
  v("conv5", conv5_.conv)("bn5", conv5_.norm)("conv6", conv6_.conv)("bn6", conv6_.norm);
  v("conv7", conv7_.conv)("bn7", conv7_.norm)("conv8", conv8_.conv)("bn8", conv8_.norm);
  v("largest", largest_)("flatten", flatten_)("fc", fc_);
}

Tensor ResNetCifar::forward(const Tensor& x) {
  Tensor y = pool_(conv2_(conv1_(x)));
  y = y + conv4_(conv3_(y));
  y = pool_(conv6_(pool_(conv5_(y))));
  y = y + conv8_(conv7_(y));
  return fc_(flatten_(largest_(y)));
}

}  // namespace strata::models
