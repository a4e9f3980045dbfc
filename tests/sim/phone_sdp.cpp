#include "tests/sim/phone_sdp.hpp"

#include <algorithm>
#include <sstream>

namespace parkway::sim {

std::string phone_sdp::text() const {
  std::ostringstream out;
  out << "v=0\r\no=- " << session << ' ' << version << " IN IP4 " << address
      << "\r\ns=-\r\nc=IN IP4 " << address << "\r\nt=0 0\r\nm=audio " << port << " RTP/AVP";
  for (auto& c : codecs)
    out << ' ' << c.payload_type;
  out << "\r\n";
  for (auto& c : codecs)
    out << "a=rtpmap:" << c.payload_type << ' ' << c.name << "\r\n";
  out << "a=" << direction << "\r\n";
  return out.str();
}

namespace {

std::string static_name(int payload_type) {
  switch (payload_type) {
    case 0:
      return "PCMU/8000";
    case 8:
      return "PCMA/8000";
    case 9:
      return "G722/8000";
    case 18:
      return "G729/8000";
    default:
      return {};
  }
}

void read_audio_line(const std::string& line, phone_sdp& out) {
  std::istringstream in(line.substr(8));
  std::string protocol;
  in >> out.port >> protocol;
  for (int pt; in >> pt;)
    out.codecs.push_back({pt, static_name(pt)});
}

void read_rtpmap(const std::string& line, phone_sdp& out) {
  std::istringstream in(line.substr(9));
  sdp_codec c;
  in >> c.payload_type >> c.name;
  for (auto& known : out.codecs)
    if (known.payload_type == c.payload_type) known.name = c.name;
}

}  // namespace

std::optional<phone_sdp> read_sdp(std::string_view text) {
  phone_sdp out;
  out.port = 0;
  bool audio = false, other = false;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.back() != '\r') return std::nullopt;
    line.pop_back();
    if (line.rfind("m=", 0) == 0) {
      other = audio || line.rfind("m=audio ", 0) != 0;
      if (!other) audio = true, read_audio_line(line, out);
    } else if (other) {
      continue;
    } else if (line.rfind("c=IN IP4 ", 0) == 0) {
      out.address = line.substr(9);
    } else if (line.rfind("o=", 0) == 0) {
      std::istringstream in(line.substr(2));
      std::string user;
      in >> user >> out.session >> out.version;
    } else if (line.rfind("a=rtpmap:", 0) == 0) {
      read_rtpmap(line, out);
    } else if (line == "a=sendrecv" || line == "a=sendonly" || line == "a=recvonly"
               || line == "a=inactive") {
      out.direction = line.substr(2);
    }
  }
  if (!audio) return std::nullopt;
  return out;
}

std::string answered_direction(std::string_view offered, std::string_view own) {
  bool they_send = offered == "sendrecv" || offered == "sendonly";
  bool they_listen = offered == "sendrecv" || offered == "recvonly";
  bool send = they_listen && (own == "sendrecv" || own == "sendonly");
  bool listen = they_send && (own == "sendrecv" || own == "recvonly");
  return send && listen ? "sendrecv" : send ? "sendonly" : listen ? "recvonly" : "inactive";
}

std::vector<sdp_codec> common_codecs(const std::vector<sdp_codec>& offered,
                                     const std::vector<sdp_codec>& known) {
  std::vector<sdp_codec> both;
  for (auto& c : offered)
    if (std::any_of(known.begin(), known.end(), [&](auto& k) { return k.name == c.name; }))
      both.push_back(c);
  return both;
}

}  // namespace parkway::sim
