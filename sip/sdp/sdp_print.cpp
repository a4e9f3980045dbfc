#include "sip/message/text.hpp"
#include "sip/sdp/sdp.hpp"

#include <array>

namespace parkway::sip {

namespace {

/// Encoding names compare without case, but some phones do not know that: the customary spelling.
std::string_view customary(std::string_view name) {
  constexpr std::array<std::array<std::string_view, 2>, 6> spellings{{
    {"TELEPHONE-EVENT", "telephone-event"},
    {"OPUS", "opus"},
    {"ILBC", "iLBC"},
    {"SPEEX", "speex"},
    {"RED", "red"},
    {"ULPFEC", "ulpfec"},
  }};
  for (const auto& [upper, usual] : spellings)
    if (name == upper) return usual;
  return name;
}

std::string_view direction_name(media_direction d) {
  switch (d) {
    case media_direction::sendrecv:
      return "sendrecv";
    case media_direction::sendonly:
      return "sendonly";
    case media_direction::recvonly:
      return "recvonly";
    case media_direction::inactive:
      return "inactive";
  }
  return "sendrecv";
}

void append_address(std::string& out, std::string_view literal) {
  out.append(literal.find(':') == std::string_view::npos ? "IN IP4 " : "IN IP6 ").append(literal);
}

void append_connection(std::string& out, std::string_view literal) {
  out += "c=";
  append_address(out, literal);
  out += "\r\n";
}

/// Lines of these types, in the order they came in.
void append_lines(std::string& out, const std::vector<std::string>& lines, std::string_view types) {
  for (const auto& line : lines)
    if (!line.empty() && types.find(line[0]) != std::string_view::npos)
      out.append(line).append("\r\n");
}

/// Lines of types nobody knows, which have no place of their own.
void append_unknown(std::string& out, const std::vector<std::string>& lines) {
  for (const auto& line : lines)
    if (!line.empty() && std::string_view("abeikpu").find(line[0]) == std::string_view::npos)
      out.append(line).append("\r\n");
}

void append_media_line(std::string& out, const media_stream& s) {
  out.append("m=").append(s.kind).append(" ");
  append_number(out, s.port);
  out.append(" ").append(s.protocol);
  for (const auto& c : s.codecs) {
    out += ' ';
    append_number(out, c.payload_type);
  }
  if (s.codecs.empty())
    for (const auto& format : s.formats)
      out.append(" ").append(format);
  if (s.codecs.empty() && s.formats.empty()) out += " 0";  // A refused stream still names one.
  out += "\r\n";
}

void append_codec(std::string& out, const codec& c) {
  out += "a=rtpmap:";
  append_number(out, c.payload_type);
  out.append(" ").append(customary(c.name)).append("/");
  append_number(out, c.clock_rate);
  if (c.channels != 1) {
    out += '/';
    append_number(out, c.channels);
  }
  out += "\r\n";
  if (c.parameters.empty()) return;
  out += "a=fmtp:";
  append_number(out, c.payload_type);
  out.append(" ").append(c.parameters).append("\r\n");
}

void append_rtcp(std::string& out, const media_stream& s) {
  out += "a=rtcp:";
  append_number(out, s.rtcp->port);
  if (!s.rtcp->address.is_any() && s.rtcp->address != s.address) {
    out += ' ';
    append_address(out, s.rtcp->address.text());
  }
  out += "\r\n";
}

void append_stream(std::string& out, const media_stream& s) {
  append_media_line(out, s);
  append_lines(out, s.attributes, "i");
  if (s.address) append_connection(out, s.address->text());
  append_lines(out, s.attributes, "bk");
  for (const auto& c : s.codecs)
    append_codec(out, c);
  if (s.packet_time_ms) {
    out += "a=ptime:";
    append_number(out, s.packet_time_ms);
    out += "\r\n";
  }
  if (s.rtcp) append_rtcp(out, s);
  append_lines(out, s.attributes, "a");
  out.append("a=").append(direction_name(s.direction)).append("\r\n");
  append_unknown(out, s.attributes);
}

std::size_t size_of(const std::vector<std::string>& lines) {
  std::size_t sum = 0;
  for (const auto& line : lines)
    sum += line.size() + 2;
  return sum;
}

}  // namespace

std::size_t sdp_size(const session_description& session) {
  constexpr std::size_t session_size = 256, stream_size = 192, codec_size = 64;
  std::size_t sum = session_size + size_of(session.attributes);
  for (const auto& s : session.streams) {
    sum +=
      stream_size + s.kind.size() + s.protocol.size() + size_of(s.attributes) + size_of(s.formats);
    for (const auto& c : s.codecs)
      sum += codec_size + c.name.size() + c.parameters.size();
  }
  return sum;
}

std::string print_sdp(const session_description& session, const sdp_origin& origin,
                      std::string_view address) {
  std::string out;
  out.reserve(sdp_size(session) + origin.username.size());
  out.append("v=0\r\no=").append(origin.username).append(" ");
  append_number(out, origin.id);
  out += ' ';
  append_number(out, origin.version);
  out += ' ';
  append_address(out, address);
  out += "\r\ns=-\r\n";
  append_lines(out, session.attributes, "iuep");
  append_connection(out, address);
  append_lines(out, session.attributes, "b");
  out += "t=0 0\r\n";
  append_lines(out, session.attributes, "ka");
  append_unknown(out, session.attributes);
  for (const auto& s : session.streams)
    append_stream(out, s);
  return out;
}

}  // namespace parkway::sip
