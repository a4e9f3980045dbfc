/// Framing: how a stream is cut into reads makes no difference, and what comes out passes the
/// pre-scan.

#include "sip/message/stream_framer.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/sip_seeds.hpp"

#include <algorithm>

using namespace parkway;
using namespace parkway::sip;
using fuzz::promise;

std::vector<std::string> fuzz::seeds() {
  auto out = sip_seeds();
  const auto two = out[0] + "\r\n\r\n" + out[1] + "\r\n" + out[3];
  out.push_back(two);
  return out;
}
std::vector<std::string> fuzz::words() {
  return sip_words();
}

namespace {

/// All that comes out of a stream read in pieces of that size.
std::vector<std::string> framed(std::string_view bytes, std::size_t piece) {
  std::vector<std::string> out;
  stream_framer framer;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    framer.feed(bytes.substr(0, piece));
    for (auto step = framer.next(); step != stream_framer::step::need_more; step = framer.next()) {
      if (step == stream_framer::step::broken) {
        out.push_back("broken " + std::to_string(framer.refused().status()));
        return out;
      }
      if (step == stream_framer::step::message) {
        const auto verdict = prescan(framer.bytes()).verdict;
        promise(verdict == scan_verdict::message);
      }
      out.push_back(std::to_string(static_cast<int>(step)) + std::string(framer.bytes()));
    }
    promise(framer.held() <= scan_bounds::message_max + piece);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data),
                               std::min<std::size_t>(size, 8192));
  const auto whole = framed(bytes, 8192);
  promise(framed(bytes, 1) == whole);
  promise(framed(bytes, 61) == whole);
  return 0;
}
