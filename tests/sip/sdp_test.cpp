#include "sip/sdp/sdp.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::sip;

namespace {

const std::string head = "v=0\r\no=- 1 2 IN IP4 192.0.2.10\r\ns=-\r\nt=0 0\r\n";

session_description read(std::string_view text) {
  auto out = parse_sdp(text);
  INFO(text);
  REQUIRE(out);
  return *std::move(out);
}

fault_code why_not(std::string_view text) {
  const auto out = parse_sdp(text);
  INFO(text);
  REQUIRE(!out);
  return out.error().code;
}

ip_address v4(const char* text) {
  return *ip_address::parse(text);
}

}  // namespace

TEST_CASE("a phone's offer becomes a value", "[sdp]") {
  const auto s = read(
    "v=0\r\no=- 1 2 IN IP4 192.0.2.10\r\ns=call\r\nc=IN IP4 192.0.2.10\r\nb=AS:80\r\nt=0 0\r\n"
    "a=sendonly\r\na=group:BUNDLE 0\r\n"
    "m=audio 40000/2 RTP/AVP 0 8 96 101 101\r\n"
    "b=TIAS:64000\r\n"
    "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1; x\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
    "a=ptime:20\r\na=rtcp:40010\r\na=recvonly\r\na=ssrc:1 cname:x\r\n"
    "m=video 0 RTP/SAVP 34\r\nc=IN IP4 192.0.2.20/127\r\na=rtcp:9 IN IP4 192.0.2.21\r\n");
  REQUIRE(s.streams.size() == 2);
  const auto& audio = s.streams[0];
  CHECK(audio.port == 40000);
  CHECK(audio.address == v4("192.0.2.10"));
  CHECK(audio.direction == media_direction::recvonly);
  CHECK(audio.packet_time_ms == 20);
  CHECK(audio.rtcp == endpoint{v4("192.0.2.10"), 40010});
  CHECK(audio.codecs
        == std::vector<codec>{{0, "PCMU", 8000, 1, ""},
                              {8, "PCMA", 8000, 1, ""},
                              {96, "OPUS", 48000, 2, "useinbandfec=1; x"},
                              {101, "TELEPHONE-EVENT", 8000, 1, "0-15"}});
  CHECK(audio.attributes == std::vector<std::string>{"b=TIAS:64000", "a=ssrc:1 cname:x"});
  const auto& video = s.streams[1];
  CHECK(video.refused());
  CHECK(video.protocol == "RTP/SAVP");
  CHECK(video.address == v4("192.0.2.20"));
  CHECK(video.rtcp == endpoint{v4("192.0.2.21"), 9});
  CHECK(video.direction == media_direction::sendonly);
  CHECK(video.codecs == std::vector<codec>{{34, "H263", 90000, 1, ""}});
  CHECK(s.attributes == std::vector<std::string>{"b=AS:80", "a=group:BUNDLE 0"});
}

TEST_CASE("static payload types need no rtpmap", "[sdp]") {
  const auto s = read(head + "c=IN IP6 2001:db8::1\r\nm=audio 4000 RTP/AVP 0 3 4 8 9 13 18\r\n");
  std::string names;
  for (const auto& c : s.streams[0].codecs)
    names += c.name + " ";
  CHECK(names == "PCMU GSM G723 PCMA G722 CN G729 ");
  CHECK(s.streams[0].codecs[4].clock_rate == 8000);  // G.722, by decree (RFC 3551 §4.5.2).
  CHECK(s.streams[0].address == v4("2001:db8::1"));
}

TEST_CASE("a format nobody named is left out, but a stream keeps its shape", "[sdp]") {
  CHECK(read(head + "c=IN IP4 1.2.3.4\r\nm=audio 4000 RTP/AVP 0 97\r\n").streams[0].codecs.size()
        == 1);
  const auto s = read(head + "c=IN IP4 1.2.3.4\r\nm=audio 4000 RTP/AVP 97 98\r\n").streams[0];
  CHECK(s.codecs.empty());
  CHECK(s.formats == std::vector<std::string>{"97", "98"});
}

TEST_CASE("the hold of old phones is kept as it is", "[sdp]") {
  const auto s = read(head + "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n").streams[0];
  REQUIRE(s.address);
  CHECK(s.address->is_any());
  CHECK(s.direction == media_direction::sendrecv);
}

TEST_CASE("streams that are not RTP keep their formats", "[sdp]") {
  const auto s =
    read(head + "c=IN IP4 1.2.3.4\r\nm=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n").streams[0];
  CHECK(s.kind == "image");
  CHECK(s.formats == std::vector<std::string>{"t38"});
  CHECK(s.codecs.empty());
  CHECK(s.attributes == std::vector<std::string>{"a=T38FaxVersion:0"});
}

TEST_CASE("bare line feeds, a missing last one and empty lines are tolerated", "[sdp]") {
  CHECK(read("v=0\no=- 1 2 IN IP4 h\ns=-\nc=IN IP4 1.2.3.4\nt=0 0\nm=audio 4000 RTP/AVP 0 8")
          .streams[0]
          .codecs.size()
        == 2);
  CHECK(read(head + "\r\nc=IN IP4 1.2.3.4\r\n\r\nm=audio 4000 RTP/AVP  0\r\n\r\n").streams.size()
        == 1);
  CHECK(read("v=0").streams.empty());
}

TEST_CASE("what is no description is refused", "[sdp]") {
  const auto c = head + "c=IN IP4 1.2.3.4\r\n";
  for (const std::string& text :
       {std::string(), std::string("o=x\r\n"), c + "m=audio 4000 RTP/AVP\n", c + "m=audio 4000\r\n",
        c + "m=audio x RTP/AVP 0\r\n", c + "m=audio 65536 RTP/AVP 0\r\n",
        c + "m=audio 4000 RTP/AVP 128\r\n", c + "m=audio 4000 RTP/AVP x\r\n", c + "m=\r\n",
        c + "nonsense\r\n", c + "a\r\n", c + "a=x\ry\r\n", c + std::string("a=x\0y\r\n", 7),
        head + "m=audio 4000 RTP/AVP 0\r\n"})
    CHECK(why_not(text) == fault_code::malformed);
  CHECK(why_not(head + "c=IN IP4 media.example.com\r\nm=audio 4000 RTP/AVP 0\r\n")
        == fault_code::unsupported);
}

TEST_CASE("descriptions have bounds", "[sdp]") {
  const auto times = [](int n, const std::string& text) {
    std::string out;
    for (int i = 0; i < n; ++i)
      out += text;
    return out;
  };
  const auto c = head + "c=IN IP4 1.2.3.4\r\n";
  const std::string m = "m=audio 4000 RTP/AVP 0\r\n";
  CHECK(read(c + times(16, m)).streams.size() == 16);
  CHECK(why_not(c + times(17, m)) == fault_code::too_big);
  CHECK(read(c + "m=audio 4000 RTP/AVP" + times(64, " 0") + "\r\n").streams[0].codecs.size() == 1);
  CHECK(why_not(c + "m=audio 4000 RTP/AVP" + times(65, " 0") + "\r\n") == fault_code::too_big);
  CHECK(read(c + m + times(256, "a=x\r\n")).streams[0].attributes.size() == 256);
  CHECK(why_not(c + m + times(257, "a=x\r\n")) == fault_code::too_big);
  CHECK(why_not(c + "a=" + std::string(1023, 'x') + "\r\n") == fault_code::too_big);
  CHECK(why_not(c + times(400, "s=" + std::string(60, 'x') + "\r\n")) == fault_code::too_big);
}

TEST_CASE("what is printed reads as what was printed", "[sdp]") {
  const auto s = read(
    "v=0\r\no=- 1 2 IN IP4 192.0.2.10\r\ns=-\r\ni=info\r\nc=IN IP4 192.0.2.10\r\nb=AS:80\r\n"
    "t=0 0\r\na=ice-lite\r\ny=0100000001\r\n"
    "m=audio 40000 RTP/AVP 9 101\r\ni=title\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\na=ptime:30\r\na=rtcp:40010 IN IP4 192.0.2.99\r\na=inactive\r\na=mid:0\r\n"
    "m=image 0 udptl t38\r\nm=audio 5 RTP/AVP 97\r\nc=IN IP6 ::1\r\nf=v///\r\n");
  const auto text = print_sdp(s, {"-", 7, 8}, "198.51.100.1");
  CHECK(read(text) == s);
  CHECK(text.size() <= sdp_size(s));
  CHECK(sdp_origin_line(text) == "- 7 8 IN IP4 198.51.100.1");
}

TEST_CASE("streams without an address show ours", "[sdp]") {
  session_description s;
  s.streams.emplace_back();
  s.streams[0].port = 20000;
  s.streams[0].codecs = {{0, "PCMU", 8000, 1, ""}, {101, "TELEPHONE-EVENT", 8000, 1, "0-15"}};
  s.streams[0].rtcp = endpoint{{}, 20005};
  s.streams[0].packet_time_ms = 20;
  s.streams[0].direction = media_direction::sendonly;
  CHECK(print_sdp(s, {"parkway", 1, 2}, "2001:db8::5")
        == "v=0\r\n"
           "o=parkway 1 2 IN IP6 2001:db8::5\r\n"
           "s=-\r\n"
           "c=IN IP6 2001:db8::5\r\n"
           "t=0 0\r\n"
           "m=audio 20000 RTP/AVP 0 101\r\n"
           "a=rtpmap:0 PCMU/8000\r\n"
           "a=rtpmap:101 telephone-event/8000\r\n"
           "a=fmtp:101 0-15\r\n"
           "a=ptime:20\r\n"
           "a=rtcp:20005\r\n"
           "a=sendonly\r\n");
  CHECK(read(print_sdp(s, {}, "192.0.2.1")).streams[0].address == v4("192.0.2.1"));
}

TEST_CASE("a stream with nothing left still names a format", "[sdp]") {
  session_description s;
  s.streams.emplace_back();
  CHECK(print_sdp(s, {}, "192.0.2.1").find("m=audio 0 RTP/AVP 0\r\n") != std::string::npos);
}

TEST_CASE("the origin line is found before the first stream only", "[sdp]") {
  CHECK(sdp_origin_line("v=0\r\no=a b\r\n") == "a b");
  CHECK(sdp_origin_line("v=0\nm=audio 1 RTP/AVP 0\no=x\n").empty());
  CHECK(sdp_origin_line("").empty());
}
