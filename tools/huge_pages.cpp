#include "tools/huge_pages.hpp"

#ifdef PARKWAY_TCMALLOC

#include <gperftools/malloc_extension.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace parkway {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

/// What the heap asks for memory: the allocator it had, in whole huge pages.
class huge_page_source final : public SysAllocator {
 public:
  explicit huge_page_source(SysAllocator* from) : from_(from) {}

  void* Alloc(std::size_t size, std::size_t* got, std::size_t alignment) override {
    const auto whole = (size + huge_page - 1) / huge_page * huge_page;
    void* const memory = from_->Alloc(whole, got, std::max(alignment, huge_page));
    // A wish: no matter if it is refused, and whoever allocates may be about to read errno.
    const int error = errno;
    if (memory) madvise(memory, got ? *got : whole, MADV_HUGEPAGE);
    errno = error;
    return memory;
  }

 private:
  SysAllocator* from_;
};

}  // namespace

void grow_in_huge_pages() {
  auto* const heap = MallocExtension::instance();
  // Never deleted: the heap outlives everything.
  if (auto* const from = heap->GetSystemAllocator())
    heap->SetSystemAllocator(new huge_page_source(from));
}

}  // namespace parkway

#else  // The allocators of the sanitizers know better.

void parkway::grow_in_huge_pages() {
}

#endif
