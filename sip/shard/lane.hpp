#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace parkway::sip {

/// One message on its way from a loop to another: counted until the last copy is gone, wherever it
/// ends, handled or lost with its mailbox.
using passage = std::shared_ptr<const void>;

/// The way from one shard to another, which has room for so much: a mailbox has no bound of its
/// own, and whoever fills it faster than it is read fills the memory. Entered on one thread; what
/// is under way may end on any.
class lane {
 public:
  struct bounds {
    std::size_t messages;
    std::size_t bytes;
  };

  explicit lane(const bounds& most) : most_(most), load_(std::make_shared<load>()) {}

  /// Room for one message of that size; null: there is none.
  passage enter(std::size_t bytes) {
    if (load_->messages >= most_.messages || load_->bytes + bytes > most_.bytes) return nullptr;
    ++load_->messages;
    load_->bytes += bytes;
    return {this, [held = load_, bytes](const void*) {
              --held->messages;
              held->bytes -= bytes;
            }};
  }
  /// Messages under way.
  std::size_t under_way() const { return load_->messages; }

 private:
  struct load {
    std::atomic<std::size_t> messages{0}, bytes{0};
  };

  bounds most_;
  std::shared_ptr<load> load_;
};

}  // namespace parkway::sip
