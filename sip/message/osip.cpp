#include "sip/message/osip.hpp"

#include "sip/message/message.hpp"

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <mutex>

namespace parkway::sip {

namespace {

std::atomic<osip_trace> trace_hook{nullptr};

void on_trace(const char*, int, osip_trace_level_t, const char* format, va_list arguments) {
  const auto hook = trace_hook.load(std::memory_order_relaxed);
  if (!hook) return;
  char line[512];
  std::vsnprintf(line, sizeof line, format, arguments);
  hook(line);
}

}  // namespace

void init_osip(osip_trace trace) {
  static std::once_flag once;
  std::call_once(once, [trace] {
    trace_hook = trace;
    osip_trace_initialize_func(OSIP_ERROR, on_trace);
    if (!trace)
      for (int level = 0; level < END_TRACE_LEVEL; ++level)
        osip_trace_disable_level(static_cast<osip_trace_level_t>(level));
    parser_init();
  });
}

}  // namespace parkway::sip
