#pragma once

#include "kernel/messages/messages.hpp"
#include "kernel/runtime/actor.hpp"
#include "kernel/runtime/journal.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What stands around the actors in their tests: a wire without SIP, media without RTP, a journal
/// without a disk. Each keeps what it was told, and answers as the real one must.

namespace parkway::testing {

/// A session with one audio stream of these formats ("PCMA", "G722", …), static payload types.
session_ptr sound(const std::vector<std::string>& formats,
                  media_direction direction = media_direction::sendrecv,
                  const std::string& address = "192.0.2.1", std::uint16_t port = 4000);
/// The formats of a session's audio.
std::vector<std::string> formats_of(const session_ptr& session);

/// "leg 7": in what a test prints.
std::string text_of(const leg_id& id);

/// A leg as its phone sees it: what it was told last, what it was told at all.
struct fake_leg {
  caf::actor owner;
  bool inbound = false;
  std::string caller;         ///< Inbound: whose phone it is.
  bool from_outside = false;  ///< No leg: a REFER from outside of the call, over when reported.
  leg_id about;               ///< The leg that it means.
  bool over = false;
  bool up = false;
  bool is_of(const std::string& extension) const {
    return inbound ? caller == extension : placed && placed->extension.text == extension;
  }
  std::optional<place_call> placed;
  std::optional<send_ringing> rung;
  std::optional<answer_call> answered;
  std::optional<refusal> refused;
  std::optional<hang_up_reason> hung_up;
  std::vector<send_offer> offers;
  std::vector<answer_offer> offer_answers;
  std::vector<refusal> offer_refusals;
  std::optional<confirm> confirmed;
  std::vector<party> shown;
  std::vector<send_info> infos;
  std::vector<report_transfer> reports;
};

/// The transport. An owner that adopts a leg too late hears that it is over.
class fake_wire {
 public:
  fake_leg& leg(leg_id id) { return legs_[id]; }
  const std::map<leg_id, fake_leg>& legs() const { return legs_; }
  caf::actor spawn(caf::actor_system& system);
  caf::actor face() const { return face_; }
  /// Commands for legs that never were: no actor may send one.
  const std::vector<std::string>& strays() const { return strays_; }
  void clear() {
    legs_.clear();
    face_ = nullptr;
  }

  /// An event of a leg, to whoever owns it now.
  template <class Event>
  void says(Event event) {
    auto& of = legs_[event.leg];
    if (of.over) return;
    of.over = ends(event);
    if (is_up(event)) of.up = true;
    caf::send_as(face_, of.owner, std::move(event));
  }

 private:
  friend struct fake_transport;
  template <class Event>
  static bool ends(const Event&) {
    return std::is_same_v<Event, leg_ended> || std::is_same_v<Event, leg_refused>;
  }
  template <class Event>
  static bool is_up(const Event&) {
    return std::is_same_v<Event, leg_answered> || std::is_same_v<Event, leg_confirmed>;
  }

  std::map<leg_id, fake_leg> legs_;
  std::vector<std::string> strays_;
  caf::actor face_;
};

/// The media engine.
class fake_media {
 public:
  struct port {
    caf::actor owner;
    std::uint16_t number = 0;
    media_id joined;  ///< Serial 0: to nobody.
    std::optional<std::string> music;
    std::optional<aim_media> aimed;
  };
  bool fails = false;      ///< Opens no port, and says so.
  bool is_silent = false;  ///< Answers nothing.
  std::size_t opened = 0;  ///< How many ports ever.

  const std::map<media_id, port>& open_ports() const { return ports_; }
  port& at(media_id id) { return ports_.at(id); }
  bool is_open(media_id id) const { return ports_.contains(id); }
  /// The open port of that number, or null: what a session names.
  const port* numbered(std::uint16_t number) const;
  bool are_joined(media_id a, media_id b) const;
  caf::actor spawn(caf::actor_system& system);
  void clear() { ports_.clear(); }

 private:
  friend struct fake_engine;
  void part(media_id id);
  std::map<media_id, port> ports_;
};

/// The journal.
struct fake_journal {
  bool fails = false;
  bool is_silent = false;
  std::map<park_id, park_terms_ptr> on_disk;
  caf::actor spawn(caf::actor_system& system);
};

/// The bus.
struct fake_bus {
  std::vector<park_event> park_events;
  std::vector<std::string> park_notes;
  std::vector<registration_event> registrations;
  caf::actor spawn(caf::actor_system& system);
};

/// Anybody: keeps what it is sent.
class probe {
 public:
  explicit probe(caf::actor_system& system);
  ~probe();
  probe(const probe&) = delete;
  probe& operator=(const probe&) = delete;

  const caf::actor& who() const { return who_; }
  /// All messages of a type, oldest first.
  template <class Message>
  std::vector<Message> heard() const {
    std::vector<Message> all;
    for (const auto& m : *heard_)
      if (m.match_elements<Message>()) all.push_back(m.get_as<Message>(0));
    return all;
  }
  std::size_t heard_count() const { return heard_->size(); }

 private:
  std::shared_ptr<std::vector<caf::message>> heard_;
  caf::actor who_;
};

}  // namespace parkway::testing
