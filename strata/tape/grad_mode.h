#pragma once

namespace strata {

/// Whether ops record gradients in this thread; on at first.
bool grad_enabled();

/// Turns recording off (or, with `true`, on) for the life of the object, in this thread.
class GradMode {
 public:
  explicit GradMode(bool on);
  ~GradMode();
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool before_;
};

/// No op records a gradient while this object lives.
class NoGrad : public GradMode {
 public:
  NoGrad() : GradMode(false) {}
};

}  // namespace strata
