/// Session descriptions: never read past the end, and what is printed reads as what was printed.

#include "sip/sdp/sdp.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <cstring>
#include <memory>

using namespace parkway;
using namespace parkway::sip;
using fuzz::promise;

std::vector<std::string> fuzz::seeds() {
  return {
    "v=0\r\no=- 1 2 IN IP4 192.0.2.10\r\ns=-\r\ni=x\r\nc=IN IP4 192.0.2.10\r\nb=AS:80\r\nt=0 0\r\n"
    "a=sendonly\r\nm=audio 40000 RTP/AVP 0 8 9 96 101\r\na=rtpmap:96 opus/48000/2\r\n"
    "a=fmtp:96 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
    "a=ptime:20\r\na=rtcp:40001 IN IP4 192.0.2.11\r\na=recvonly\r\na=ssrc:1 cname:x\r\n",
    "v=0\no=- 1 2 IN IP6 ::1\ns=-\nt=0 0\nm=video 0 RTP/SAVP 34\nm=image 5 udptl t38\n"
    "c=IN IP6 2001:db8::1\nm=audio 4000/2 RTP/AVP 97\nc=IN IP4 0.0.0.0/127\na=inactive",
    "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 4000 RTP/AVP\n",
  };
}

std::vector<std::string> fuzz::words() {
  return {"m=audio 4000 RTP/AVP 0\r\n",
          "m=",
          "c=IN IP4 ",
          "a=rtpmap:0 ",
          "a=fmtp:",
          "a=rtcp:",
          "a=ptime:",
          "a=sendrecv\r\n",
          "\r\n",
          "\n",
          " ",
          "/",
          ":",
          "128",
          "65536",
          "RTP/AVP",
          std::string("\0", 1)};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // On the heap without a terminating NUL, so that the sanitizer sees any step past the end.
  const auto exact = std::make_unique<char[]>(size);
  std::memcpy(exact.get(), data, size);
  const std::string_view text(exact.get(), size);
  (void)sdp_origin_line(text);
  const auto first = parse_sdp(text);
  if (!first) return 0;
  promise(first->streams.size() <= sdp_bounds::stream_count_max);
  const auto printed = print_sdp(*first, {"-", 1, 2}, "192.0.2.1");
  promise(printed.size() <= sdp_size(*first) + 1);
  const auto second = parse_sdp(printed);
  if (!second) {
    promise(second.error().code == fault_code::too_big);  // We name what it left unsaid.
    return 0;
  }
  promise(first->streams.size() == second->streams.size());
  for (std::size_t i = 0; i < first->streams.size(); ++i) {
    auto before = first->streams[i];
    if (!before.address)
      before.address = second->streams[i].address;  // Refused streams may lack it.
    promise(before.codecs == second->streams[i].codecs);
    promise(before.direction == second->streams[i].direction);
    promise(before.address == second->streams[i].address);
  }
  return 0;
}
