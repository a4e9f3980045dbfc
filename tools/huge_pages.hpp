#pragma once

namespace parkway {

/// Has the heap grow in huge pages from now on, where the kernel allows it (`madvise` or `always`
/// in transparent_hugepage/enabled); else nothing changes. Once, before the first thread.
///
/// A node with many registrations touches a page or two for each message, hardly ever one it has
/// touched lately: in a virtual machine, where a TLB miss walks two page tables, REGISTER cost a
/// third more with 50 000 phones than with 1 000. With huge pages it costs the same.
void grow_in_huge_pages();

}  // namespace parkway
