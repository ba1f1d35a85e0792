#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

thread_local bool t_enabled = true;

}  // namespace

bool grad_enabled() { return t_enabled; }

GradMode::GradMode(bool on) : before_(t_enabled) { t_enabled = on; }

GradMode::~GradMode() { t_enabled = before_; }

}  // namespace strata
