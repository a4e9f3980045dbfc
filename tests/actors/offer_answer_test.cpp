#include "actors/common/offer_answer.hpp"

#include "tests/actors/fakes.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using parkway::testing::formats_of;
using parkway::testing::sound;
using names = std::vector<std::string>;

namespace {

codec format(std::uint8_t payload_type, const char* name) {
  return {payload_type, name, 8000, 1, ""};
}

std::vector<int> payload_types(const std::vector<codec>& codecs) {
  std::vector<int> all;
  for (const auto& c : codecs)
    all.push_back(c.payload_type);
  return all;
}

session_ptr changed(const session_ptr& from, void (*how)(session_description&)) {
  auto copy = *from;
  how(copy);
  return std::make_shared<const session_description>(std::move(copy));
}

/// An offer of audio with a video stream and an image stream behind it.
session_ptr with_video() {
  return changed(sound({"PCMA", "PCMU"}), [](session_description& s) {
    media_stream video;
    video.kind = "video";
    video.port = 5000;
    video.codecs = {{97, "H264", 90000, 1, ""}, {98, "VP8", 90000, 1, ""}};
    s.streams.push_back(video);
    media_stream image;
    image.kind = "image";
    image.protocol = "udptl";
    image.port = 6000;
    image.formats = {"t38"};
    s.streams.push_back(image);
  });
}

}  // namespace

TEST_CASE("the audio of a session is its first stream that a relay can carry", "[negotiation]") {
  CHECK(audio_of(nullptr) == nullptr);
  CHECK(audio_of(with_video())->kind == "audio");
  const auto refused = changed(sound({"PCMA"}), [](auto& s) { s.streams[0].port = 0; });
  CHECK(audio_of(refused) == nullptr);
  const auto encrypted =
    changed(sound({"PCMA"}), [](auto& s) { s.streams[0].protocol = "RTP/SAVP"; });
  CHECK(audio_of(encrypted) == nullptr);
  const auto second = changed(sound({"PCMA"}), [](auto& s) {
    s.streams.push_back(s.streams[0]);
    s.streams[0].protocol = "RTP/SAVP";
    s.streams[1].port = 4002;
  });
  CHECK(audio_of(second)->port == 4002);
}

TEST_CASE("common formats keep the order and the payload types of the offer", "[negotiation]") {
  const std::vector<codec> theirs{format(96, "OPUS"), format(8, "PCMA"), format(0, "PCMU")};
  const std::vector<codec> ours{format(0, "PCMU"), format(108, "PCMA")};
  CHECK(payload_types(common_codecs(theirs, ours)) == std::vector{8, 0});
  CHECK(payload_types(common_in_order_of(ours, theirs)) == std::vector{0, 8});
}

TEST_CASE("keys are no common language: events alone are nothing, and stand last",
          "[negotiation]") {
  const auto event = format(101, "TELEPHONE-EVENT");
  CHECK(common_codecs({event, format(9, "G722")}, {event, format(8, "PCMA")}).empty());
  CHECK(payload_types(common_codecs({event, format(8, "PCMA")}, {format(8, "PCMA"), event}))
        == std::vector{8, 101});
}

TEST_CASE("a format is told by name, rate and channels, not by its number", "[negotiation]") {
  codec stereo = format(96, "L16");
  stereo.channels = 2;
  CHECK(common_codecs({stereo}, {format(96, "L16")}).empty());
  CHECK(common_codecs({format(96, "ILBC")}, {format(97, "ILBC")}).size() == 1);
}

TEST_CASE("what nobody offered before is offered by us", "[negotiation]") {
  const auto offer = make_offer(own_codecs(), 20000, media_direction::sendrecv, 20);
  CHECK(formats_of(offer) == names{"PCMU", "PCMA", "G722", "TELEPHONE-EVENT"});
  const auto& stream = offer->streams.at(0);
  CHECK(stream.port == 20000);
  CHECK_FALSE(stream.address);
  CHECK(stream.packet_time_ms == 20);
}

TEST_CASE("a relayed offer carries the sound and leaves behind what only two phones could mean",
          "[negotiation]") {
  const auto from = changed(sound({"OPUS", "PCMA"}, media_direction::sendonly), [](auto& s) {
    s.streams[0].packet_time_ms = 30;
    s.streams[0].attributes = {"a=candidate:1 1 udp 1 192.0.2.1 4000 typ host", "b=AS:64",
                               "a=maxptime:60", "a=crypto:1 x"};
  });
  const auto made = relay_offer(from, 20002);
  REQUIRE(made);
  const auto& stream = made->streams.at(0);
  CHECK(made->streams.size() == 1);
  CHECK(stream.port == 20002);
  CHECK_FALSE(stream.address);
  CHECK(stream.direction == media_direction::sendonly);
  CHECK(stream.packet_time_ms == 30);
  CHECK(stream.attributes == names{"b=AS:64", "a=maxptime:60"});
  CHECK(formats_of(made) == names{"OPUS", "PCMA"});
  CHECK(relay_offer(nullptr, 20002) == nullptr);
}

TEST_CASE("an answer has the streams of its offer: the audio, and the others refused",
          "[negotiation]") {
  const auto offer = with_video();
  const auto answer = make_answer(offer, {format(8, "PCMA")}, 20004, media_direction::recvonly);
  REQUIRE(answer->streams.size() == 3);
  CHECK(answer->streams[0].port == 20004);
  CHECK(answer->streams[0].direction == media_direction::recvonly);
  CHECK(payload_types(answer->streams[0].codecs) == std::vector{8});
  CHECK(answer->streams[1].kind == "video");
  CHECK(answer->streams[1].refused());
  CHECK(answer->streams[1].codecs.size() == 1);  // An m= line has a format, refused or not.
  CHECK(answer->streams[2].refused());
  CHECK(answer->streams[2].formats == names{"t38"});
}

TEST_CASE("an answer to an offer without usable audio refuses every stream", "[negotiation]") {
  const auto encrypted =
    changed(sound({"PCMA"}), [](auto& s) { s.streams[0].protocol = "RTP/SAVP"; });
  const auto answer = make_answer(encrypted, {}, 9, media_direction::inactive);
  CHECK(answer->streams.at(0).refused());
  CHECK(answer->streams.at(0).protocol == "RTP/SAVP");
}

TEST_CASE("agreed is what our last words and the phone's have in common, in its numbers",
          "[negotiation]") {
  const auto ours =
    make_offer({format(0, "PCMU"), format(110, "ILBC")}, 20000, media_direction::sendrecv);
  const auto theirs =
    make_offer({format(98, "ILBC"), format(0, "PCMU")}, 4000, media_direction::sendrecv);
  CHECK(payload_types(agreed(ours, theirs)) == std::vector{0, 98});
  CHECK(agreed(nullptr, theirs).empty());
  CHECK(agreed(ours, nullptr).empty());
}

TEST_CASE("directions answer each other", "[negotiation]") {
  CHECK(answer_to(media_direction::sendrecv) == media_direction::sendrecv);
  CHECK(answer_to(media_direction::sendonly) == media_direction::recvonly);
  CHECK(answer_to(media_direction::recvonly) == media_direction::sendonly);
  CHECK(answer_to(media_direction::inactive) == media_direction::inactive);
}

TEST_CASE("hold is said in three ways", "[negotiation]") {
  CHECK(holds(sound({"PCMA"}, media_direction::sendonly)));
  CHECK(holds(sound({"PCMA"}, media_direction::inactive)));
  CHECK(holds(sound({"PCMA"}, media_direction::sendrecv, "0.0.0.0")));
  CHECK_FALSE(holds(sound({"PCMA"})));
  CHECK_FALSE(holds(sound({"PCMA"}, media_direction::recvonly)));
  CHECK_FALSE(holds(nullptr));
}

TEST_CASE("who holds does not listen, and who has no address cannot be reached", "[negotiation]") {
  CHECK(listens(sound({"PCMA"}, media_direction::recvonly)));
  CHECK_FALSE(listens(sound({"PCMA"}, media_direction::sendonly)));
  CHECK_FALSE(listens(nullptr));
  CHECK(rtp_of(sound({"PCMA"}))->text() == "192.0.2.1:4000");
  CHECK_FALSE(rtp_of(sound({"PCMA"}, media_direction::sendrecv, "0.0.0.0")));
  CHECK_FALSE(rtcp_of(sound({"PCMA"})));
  const auto with_rtcp = changed(sound({"PCMA"}), [](auto& s) {
    s.streams[0].rtcp = endpoint{*ip_address::parse("192.0.2.9"), 4001};
  });
  CHECK(rtcp_of(with_rtcp)->text() == "192.0.2.9:4001");
}

TEST_CASE("what one phone of a direct call says is an offer for the other", "[negotiation]") {
  const auto crossed = cross_offer(sound({"PCMA"}, media_direction::sendonly, "192.0.2.7", 4004));
  CHECK(crossed->streams[0].direction == media_direction::sendrecv);
  CHECK(rtp_of(crossed)->text() == "192.0.2.7:4004");
}

TEST_CASE("a direct answer names the other phone's address and the formats of both",
          "[negotiation]") {
  const auto offer = sound({"G722", "PCMA"}, media_direction::sendrecv, "192.0.2.1", 4000);
  const auto other = sound({"PCMA", "PCMU"}, media_direction::sendrecv, "192.0.2.2", 4002);
  const auto answer = cross_answer(offer, other, media_direction::sendrecv);
  REQUIRE(answer);
  CHECK(rtp_of(answer)->text() == "192.0.2.2:4002");
  CHECK(formats_of(answer) == names{"PCMA"});
  CHECK(cross_answer(sound({"G722"}), other, media_direction::sendrecv) == nullptr);
  CHECK(cross_answer(nullptr, other, media_direction::sendrecv) == nullptr);
}
