#include "sip/message/prescan.hpp"
#include "sip/message/stream_framer.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace parkway::sip;

namespace {

const std::string start = "OPTIONS sip:pbx.test SIP/2.0\r\n";

std::string with(const std::string& headers, const std::string& body = {}) {
  return start + headers + "\r\n" + body;
}

std::string times(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

}  // namespace

TEST_CASE("empty lines and scraps are keep-alives, not messages", "[prescan]") {
  for (const std::string bytes : {"", "\r\n", "\r\n\r\n", "\r\n\r\n\r\n\r\n", "jaK"}) {
    CHECK(prescan(bytes).verdict == scan_verdict::keep_alive);
    CHECK(prescan(bytes).status() == 0);
  }
  CHECK(prescan(std::string_view("\0\0\0\0", 4)).verdict == scan_verdict::keep_alive);
}

TEST_CASE("header block and body are split where Content-Length says", "[prescan]") {
  for (const std::string name : {"Content-Length", "content-length ", "l", "L\t"}) {
    const auto wire = with(name + ": 4\r\n", "body and a padding nobody asked for");
    const auto out = prescan(wire);
    REQUIRE(out.verdict == scan_verdict::message);
    CHECK(out.body == "body");
    CHECK(out.header.ends_with(": 4\r\n\r\n"));
  }
  const auto none = with("X: y\r\n", "all of it");
  CHECK(prescan(none).body == "all of it");
  const auto early = "\r\n\r\n" + with("X: y\r\n");
  CHECK(prescan(early).header.starts_with("OPTIONS"));
}

TEST_CASE("a Content-Length that cannot be is told apart from one that is too big", "[prescan]") {
  for (const std::string value : {"-999", "", "x", "5 5", "+5", "0x10", "1\r\nl: 1"}) {
    const auto wire = with("Content-Length: " + value + "\r\n", "12345");
    CHECK(prescan(wire).verdict == scan_verdict::malformed);
    CHECK(prescan(wire).status() == 400);
  }
  for (const std::string value : {"65537", "4294967297", "99999999999999999999999"}) {
    const auto wire = with("Content-Length: " + value + "\r\n", "12345");
    CHECK(prescan(wire).verdict == scan_verdict::body_too_big);
    CHECK(prescan(wire).status() == 413);
  }
  CHECK(prescan(with("Content-Length: 6\r\n", "12345")).status() == 400);
}

TEST_CASE("each bound holds exactly", "[prescan]") {
  const auto verdict = [](const std::string& wire) { return prescan(wire).verdict; };
  const auto ok = scan_verdict::message, big = scan_verdict::too_big;

  CHECK(verdict(with("X: " + std::string(scan_bounds::line_max - 3, 'x') + "\r\n")) == ok);
  CHECK(verdict(with("X: " + std::string(scan_bounds::line_max - 2, 'x') + "\r\n")) == big);
  // Folded lines count as one.
  CHECK(verdict(with("X: y" + times(3, "\r\n " + std::string(700, 'x')) + "\r\n")) == big);

  CHECK(verdict(with(times(scan_bounds::header_count_max, "X: y\r\n"))) == ok);
  CHECK(verdict(with(times(scan_bounds::header_count_max + 1, "X: y\r\n"))) == big);

  for (const std::string mark : {";", ",", "?", "&"}) {
    CHECK(verdict(with("X: " + times(scan_bounds::separators_max, mark) + "\r\n")) == ok);
    CHECK(verdict(with("X: " + times(scan_bounds::separators_max + 1, mark) + "\r\n")) == big);
  }
  CHECK(verdict("OPTIONS sip:a@b" + times(65, ";x") + " SIP/2.0\r\nX: y\r\n\r\n") == big);

  CHECK(verdict(with(times(scan_bounds::via_count_max, "Via: x\r\n"))) == ok);
  CHECK(verdict(with(times(scan_bounds::via_count_max + 1, "v: x\r\n"))) == big);
  CHECK(verdict(with(times(2, "Via: a" + times(35, ",b") + "\r\n"))) == big);

  const auto line = "X: " + std::string(1019, 'x') + "\r\n";  // 1 KiB.
  CHECK(verdict(with(times(15, line))) == ok);
  CHECK(verdict(with(times(16, line))) == big);
  CHECK(prescan(with(times(16, line))).status() == 513);

  const auto body = std::string(scan_bounds::message_max, 'x');
  CHECK(verdict(with("X: y\r\n", body.substr(start.size() + 8))) == ok);
  CHECK(verdict(with("X: y\r\n", body.substr(start.size() + 7))) == big);
  CHECK(verdict(std::string(20000, 'x')) == big);
}

TEST_CASE("what two parsers could read in two ways is refused", "[prescan]") {
  for (const std::string& headers : {std::string("X: y\nY: z\r\n"), std::string("X: y\rY: z\r\n"),
                                     std::string("X: y\n"), std::string("X: \0y\r\n", 7)})
    CHECK(prescan(with(headers)).status() == 400);
  CHECK(prescan(start + "X: y\r\n").status() == 400);  // No end of headers.
  CHECK(prescan("OPTIONS sip:pbx.test SIP/2.0\r\n folded: y\r\n\r\n").verdict
        == scan_verdict::message);  // The parser refuses it: it is a start line still.
}

TEST_CASE("a stream is cut into the messages it was made of, however it arrives", "[prescan]") {
  const auto first = with("Content-Length: 4\r\n", "body"), second = with("l: 0\r\n");
  const auto all = first + "\r\n\r\n" + second + "\r\n" + first;
  const auto piece = GENERATE(1u, 2u, 3u, 7u, 50u, 4096u);
  stream_framer framer;
  std::string seen;
  for (std::size_t at = 0; at < all.size(); at += piece) {
    framer.feed(std::string_view(all).substr(at, piece));
    for (bool more = true; more;) {
      switch (framer.next()) {
        case stream_framer::step::need_more:
          more = false;
          break;
        case stream_framer::step::message:
          seen += "[" + std::string(framer.bytes()) + "]";
          break;
        case stream_framer::step::ping:
          seen += "ping";
          break;
        case stream_framer::step::pong:
          seen += "pong";
          break;
        case stream_framer::step::broken:
          FAIL("broken");
      }
    }
  }
  CHECK(seen == "[" + first + "]ping[" + second + "]pong[" + first + "]");
  CHECK(framer.held() == 0);
}

TEST_CASE("a stream that breaks a bound is given up with what an answer needs", "[prescan]") {
  const auto refused = [](const std::string& bytes) {
    stream_framer framer;
    for (std::size_t at = 0; at < bytes.size(); at += 1000) {
      framer.feed(std::string_view(bytes).substr(at, 1000));
      if (framer.next() != stream_framer::step::broken) continue;
      CHECK(framer.refused().header.starts_with("OPTIONS"));
      framer.feed(bytes);
      CHECK(framer.next() == stream_framer::step::broken);  // Stays so.
      CHECK(framer.held() <= scan_bounds::header_block_max);
      return framer.refused().status();
    }
    return std::uint16_t{0};
  };
  CHECK(refused(with("Content-Length: 0\r\n")) == 0);
  CHECK(refused(with("X: y\r\n")) == 400);  // Where does it end?
  CHECK(refused(with("Content-Length: -1\r\n")) == 400);
  CHECK(refused(with("Content-Length: 65536\r\n")) == 413);
  CHECK(refused(with("Content-Length: 0\r\nX: " + std::string(3000, 'x') + "\r\n")) == 513);
  CHECK(refused(start + times(20000, "X")) == 513);  // The empty line never comes.
}
