#pragma once

#include <atomic>
#include <concepts>
#include <utility>

namespace strata {

/// A reference count inside the object: half the size of a shared_ptr and one allocation.
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;
  virtual ~RefCounted() = default;

  void retain() const { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      const_cast<RefCounted*>(this)->dispose();
  }
  bool unique() const { return refs_.load(std::memory_order_acquire) == 1; }

 protected:
  /// Called when the last reference is gone. The one place where counted objects die.
  virtual void dispose() { delete this; }

 private:
  mutable std::atomic<int> refs_{0};
};

/// Owning handle of a RefCounted object.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* p) : p_(p) {
    if (p_) p_->retain();
  }
  Ref(const Ref& o) : Ref(o.p_) {}
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  template <class U>
  // NOLINTNEXTLINE(google-explicit-constructor): upcast
  requires std::derived_from<U, T> Ref(const Ref<U>& o) : Ref(o.get()) {}
  Ref& operator=(Ref o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Ref() {
    if (p_) p_->release();
  }

  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const = default;

 private:
  T* p_ = nullptr;
};

/// Makes a counted object; the counterpart of RefCounted::dispose.
template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>(new T(std::forward<Args>(args)...));
}

}  // namespace strata
