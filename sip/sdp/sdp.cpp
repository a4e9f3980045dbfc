#include "sip/sdp/sdp.hpp"

#include "sip/message/text.hpp"

#include <algorithm>
#include <array>

namespace parkway::sip {

namespace {

using bounds = sdp_bounds;

fault bad(const char* what) {
  return {fault_code::malformed, what};
}

/// Static payload types that telephones use (RFC 3551 §6).
struct static_type {
  std::uint8_t payload_type;
  std::string_view name;
  std::uint32_t clock_rate;
  std::uint8_t channels;
};
constexpr std::array<static_type, 24> static_types{{
  {0, "PCMU", 8000, 1},   {3, "GSM", 8000, 1},    {4, "G723", 8000, 1},   {5, "DVI4", 8000, 1},
  {6, "DVI4", 16000, 1},  {7, "LPC", 8000, 1},    {8, "PCMA", 8000, 1},   {9, "G722", 8000, 1},
  {10, "L16", 44100, 2},  {11, "L16", 44100, 1},  {12, "QCELP", 8000, 1}, {13, "CN", 8000, 1},
  {14, "MPA", 90000, 1},  {15, "G728", 8000, 1},  {16, "DVI4", 11025, 1}, {17, "DVI4", 22050, 1},
  {18, "G729", 8000, 1},  {25, "CELB", 90000, 1}, {26, "JPEG", 90000, 1}, {28, "NV", 90000, 1},
  {31, "H261", 90000, 1}, {32, "MPV", 90000, 1},  {33, "MP2T", 90000, 1}, {34, "H263", 90000, 1},
}};

codec codec_of_type(std::uint8_t payload_type) {
  codec out;
  out.payload_type = payload_type;
  for (const auto& known : static_types) {
    if (known.payload_type != payload_type) continue;
    out.name = known.name;
    out.clock_rate = known.clock_rate;
    out.channels = known.channels;
  }
  return out;
}

std::optional<media_direction> direction_named(std::string_view text) {
  if (text == "sendrecv") return media_direction::sendrecv;
  if (text == "sendonly") return media_direction::sendonly;
  if (text == "recvonly") return media_direction::recvonly;
  if (text == "inactive") return media_direction::inactive;
  return std::nullopt;
}

/// Takes the next line off `rest`, ended by CRLF, bare LF or the end of the text.
std::string_view cut_line(std::string_view& rest) {
  auto line = cut_to(rest, '\n');
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Takes the next word off `rest`, and the spaces behind it.
std::string_view cut_word(std::string_view& rest) {
  const auto word = cut_to(rest, ' ');
  while (rest.starts_with(' '))
    rest.remove_prefix(1);
  return word;
}

/// "IN IP4 192.0.2.1/127": the address. Nothing: a host name, or not of the grammar.
std::optional<ip_address> read_address(std::string_view text) {
  if (!same_token(cut_word(text), "IN")) return std::nullopt;
  cut_word(text);  // IP4 or IP6: the literal says it better.
  auto literal = cut_word(text);
  return ip_address::parse(cut_to(literal, '/'));
}

/// Reads a description line by line. Views into the text.
class reader {
 public:
  result<session_description> read(std::string_view text);

 private:
  const char* take(std::string_view line);
  const char* take_media(std::string_view rest);
  const char* take_formats(std::string_view rest, media_stream& stream);
  const char* take_address(std::string_view value);
  const char* take_attribute(std::string_view line);
  bool take_stream_attribute(std::string_view name, std::string_view value);
  bool take_rtpmap(std::string_view value);
  bool take_fmtp(std::string_view value);
  bool take_rtcp(std::string_view value);
  codec* codec_of(std::string_view& value);
  void keep(std::string_view line);
  const char* finish();

  media_stream* stream() { return out_.streams.empty() ? nullptr : &out_.streams.back(); }

  session_description out_;
  std::optional<ip_address> address_;
  std::optional<media_direction> direction_;
  std::vector<std::optional<media_direction>> directions_;  ///< By stream: its own.
  std::size_t attribute_count_ = 0;
  fault_code code_ = fault_code::malformed;  ///< Of what take() complains about.
};

result<session_description> reader::read(std::string_view text) {
  if (text.size() > bounds::body_max) return fault{fault_code::too_big, "session description"};
  if (!text.starts_with("v=0")) return bad("no v=0");
  while (!text.empty()) {
    const auto line = cut_line(text);
    if (line.empty()) continue;
    const char* wrong =
      line.size() > bounds::line_max ? (code_ = fault_code::too_big, "long line") : take(line);
    if (wrong) return fault{code_, wrong};
  }
  if (const char* wrong = finish()) return bad(wrong);
  return std::move(out_);
}

const char* reader::take(std::string_view line) {
  if (line.size() < 2 || line[1] != '=') return "a line without type";
  if (line.find('\0') != std::string_view::npos || line.find('\r') != std::string_view::npos)
    return "NUL or CR in a line";
  const auto value = line.substr(2);
  switch (line[0]) {
    case 'm':
      return take_media(value);
    case 'c':
      return take_address(value);
    // A description of ours has its own version, origin, name and times.
    case 'v':
    case 'o':
    case 's':
    case 't':
    case 'r':
    case 'z':
      return nullptr;
    default:
      break;
  }
  if (++attribute_count_ > bounds::attribute_count_max) {
    code_ = fault_code::too_big;
    return "too many attributes";
  }
  if (line[0] == 'a') return take_attribute(line);
  keep(line);
  return nullptr;
}

const char* reader::take_media(std::string_view rest) {
  if (out_.streams.size() == bounds::stream_count_max) {
    code_ = fault_code::too_big;
    return "too many streams";
  }
  media_stream stream;
  stream.kind = cut_word(rest);
  auto ports = cut_word(rest);
  const auto port = number_in(cut_to(ports, '/'), 65535);
  stream.protocol = cut_word(rest);
  if (stream.kind.empty() || !port || stream.protocol.empty()) return "m= not readable";
  stream.port = static_cast<std::uint16_t>(*port);
  if (const char* wrong = take_formats(rest, stream)) return wrong;
  out_.streams.push_back(std::move(stream));
  directions_.emplace_back();
  return nullptr;
}

const char* reader::take_formats(std::string_view rest, media_stream& stream) {
  const bool rtp = stream.protocol.find("RTP/") != std::string::npos;
  std::size_t count = 0;
  while (!rest.empty()) {
    const auto word = cut_word(rest);
    if (word.empty()) continue;
    if (++count > bounds::codec_count_max) {
      code_ = fault_code::too_big;
      return "too many formats";
    }
    if (!rtp) {
      stream.formats.emplace_back(word);
      continue;
    }
    const auto type = number_in(word, 127);
    if (!type) return "payload type out of range";
    const auto same = [&](const codec& c) { return c.payload_type == *type; };
    if (std::none_of(stream.codecs.begin(), stream.codecs.end(), same))
      stream.codecs.push_back(codec_of_type(static_cast<std::uint8_t>(*type)));
  }
  return count ? nullptr : "m= without a format";
}

const char* reader::take_address(std::string_view value) {
  const auto address = read_address(value);
  if (!address) {
    code_ = fault_code::unsupported;
    return "c= is no address";
  }
  auto& place = stream() ? stream()->address : address_;
  if (!place) place = address;  // Further ones are multicast layers.
  return nullptr;
}

const char* reader::take_attribute(std::string_view line) {
  auto value = line.substr(2);
  const auto name = cut_to(value, ':');
  if (const auto direction = direction_named(name)) {
    (stream() ? directions_.back() : direction_) = direction;
    return nullptr;
  }
  if (!stream() || !take_stream_attribute(name, value)) keep(line);
  return nullptr;
}

/// False: it is not modelled, or not readable, and travels along as written.
bool reader::take_stream_attribute(std::string_view name, std::string_view value) {
  if (name == "rtpmap") return take_rtpmap(value);
  if (name == "fmtp") return take_fmtp(value);
  if (name == "rtcp") return take_rtcp(value);
  if (name != "ptime" || stream()->packet_time_ms) return false;
  const auto ms = number_in(trimmed(value.substr(0, value.find('.'))), 1000);
  if (!ms || *ms == 0) return false;
  stream()->packet_time_ms = static_cast<std::uint16_t>(*ms);
  return true;
}

/// The codec whose payload type `value` begins with, which is taken off; null: not in the m= line.
codec* reader::codec_of(std::string_view& value) {
  const auto type = number_in(cut_word(value), 127);
  for (auto& c : stream()->codecs)
    if (type && c.payload_type == *type) return &c;
  return nullptr;
}

bool reader::take_rtpmap(std::string_view value) {
  codec* c = codec_of(value);
  if (!c) return false;
  const auto name = cut_to(value, '/');
  const auto rate = number_in(trimmed(cut_to(value, '/')), 1000000);
  const auto channels = value.empty() ? 1 : number_in(trimmed(value), 255);
  if (name.empty() || !rate || !channels) return false;
  c->name.assign(name);
  for (char& letter : c->name)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  c->clock_rate = static_cast<std::uint32_t>(*rate);
  c->channels = static_cast<std::uint8_t>(*channels);
  return true;
}

bool reader::take_fmtp(std::string_view value) {
  codec* c = codec_of(value);
  if (!c || !c->parameters.empty() || value.empty()) return false;
  c->parameters = value;
  return true;
}

bool reader::take_rtcp(std::string_view value) {
  const auto port = number_in(cut_word(value), 65535);
  if (!port || stream()->rtcp) return false;
  endpoint where{{}, static_cast<std::uint16_t>(*port)};  // No address: that of the stream.
  if (!value.empty()) {
    const auto address = read_address(value);
    if (!address) return false;
    where.address = *address;
  }
  stream()->rtcp = where;
  return true;
}

void reader::keep(std::string_view line) {
  (stream() ? stream()->attributes : out_.attributes).emplace_back(line);
}

/// Gives each stream what the session said for all, and drops formats nobody named.
const char* reader::finish() {
  for (std::size_t i = 0; i < out_.streams.size(); ++i) {
    auto& s = out_.streams[i];
    if (!s.address) s.address = address_;
    if (!s.address && !s.refused()) return "no c= for a stream";
    if (s.rtcp && s.address && s.rtcp->address.is_any()) s.rtcp->address = *s.address;
    s.direction = directions_[i].value_or(direction_.value_or(media_direction::sendrecv));
    if (std::none_of(s.codecs.begin(), s.codecs.end(), [](auto& c) { return !c.name.empty(); }))
      for (const auto& c : s.codecs)
        s.formats.push_back(std::to_string(c.payload_type));
    std::erase_if(s.codecs, [](const codec& c) { return c.name.empty(); });
  }
  return nullptr;
}

}  // namespace

result<session_description> parse_sdp(std::string_view text) {
  return reader{}.read(text);
}

std::string_view sdp_origin_line(std::string_view text) {
  for (text = text.substr(0, bounds::body_max); !text.empty();) {
    const auto line = cut_line(text);
    if (line.starts_with("o=")) return line.substr(2);
    if (line.starts_with("m=")) break;
  }
  return {};
}

}  // namespace parkway::sip
