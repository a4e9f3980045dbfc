#include "tests/actors/fakes.hpp"

#include "actors/common/offer_answer.hpp"
#include "kernel/messages/watch.hpp"

#include <catch2/catch.hpp>

#include <typeinfo>

namespace parkway::testing {
namespace {

const std::map<std::string, codec> static_formats{
  {"PCMU", {0, "PCMU", 8000, 1, ""}},
  {"PCMA", {8, "PCMA", 8000, 1, ""}},
  {"G722", {9, "G722", 8000, 1, ""}},
  {"OPUS", {96, "OPUS", 48000, 2, ""}},
  {"TELEPHONE-EVENT", {101, "TELEPHONE-EVENT", 8000, 1, "0-16"}},
};

}  // namespace

session_ptr sound(const std::vector<std::string>& formats, media_direction direction,
                  const std::string& address, std::uint16_t port) {
  session_description made;
  auto& stream = made.streams.emplace_back();
  stream.port = port;
  stream.address = ip_address::parse(address);
  stream.direction = direction;
  for (const auto& f : formats)
    stream.codecs.push_back(static_formats.at(f));
  return std::make_shared<const session_description>(std::move(made));
}

std::vector<std::string> formats_of(const session_ptr& session) {
  std::vector<std::string> names;
  if (const auto* audio = audio_of(session))
    for (const auto& c : audio->codecs)
      names.push_back(c.name);
  return names;
}

std::string text_of(const leg_id& id) {
  return "leg " + std::to_string(id.serial);
}

// --- the wire ------------------------------------------------------------------------------------

struct fake_transport {
  static inline const char* name = "fake_transport";
  caf::event_based_actor* const self;
  fake_wire* const wire;

  fake_transport(caf::event_based_actor* actor, fake_wire* of) : self(actor), wire(of) {}

  /// Commands for a leg that is over are ignored.
  template <class Command, class How>
  auto command(How how) {
    return [this, how](const Command& c) {
      const auto found = wire->legs_.find(c.leg);
      if (found == wire->legs_.end())
        wire->strays_.push_back(std::string{typeid(Command).name()} + " " + text_of(c.leg));
      else if (!found->second.over)
        how(found->second, c);
    };
  }

  caf::behavior make_behavior() {
    // A message that its receiver does not list comes back as an error.
    self->set_error_handler([this](caf::scheduled_actor*, caf::error&) {
      wire->strays_.push_back("one that an actor does not list");
    });
    return {
      [this](const place_call& c) {
        auto& leg = wire->legs_[c.leg];
        leg.owner = c.owner;
        leg.placed = c;
      },
      [this](const adopt& c) {
        const auto found = wire->legs_.find(c.leg);
        if (found == wire->legs_.end()) return wire->strays_.push_back("adopt " + text_of(c.leg));
        if (found->second.over) self->send(c.owner, leg_ended{c.leg, end_cause::lost});
        found->second.owner = c.owner;
      },
      command<send_ringing>([](fake_leg& l, const send_ringing& c) { l.rung = c; }),
      command<answer_call>([](fake_leg& l, const answer_call& c) { l.answered = c; }),
      command<reject_call>([](fake_leg& l, const reject_call& c) {
        l.refused = c.why;
        l.over = true;
      }),
      command<hang_up>([](fake_leg& l, const hang_up& c) {
        l.hung_up = c.reason;
        l.over = true;
      }),
      command<send_offer>([](fake_leg& l, const send_offer& c) { l.offers.push_back(c); }),
      command<answer_offer>(
        [](fake_leg& l, const answer_offer& c) { l.offer_answers.push_back(c); }),
      command<refuse_offer>(
        [](fake_leg& l, const refuse_offer& c) { l.offer_refusals.push_back(c.why); }),
      command<confirm>([](fake_leg& l, const confirm& c) { l.confirmed = c; }),
      command<show_identity>(
        [](fake_leg& l, const show_identity& c) { l.shown.push_back(c.connected); }),
      command<send_info>([](fake_leg& l, const send_info& c) { l.infos.push_back(c); }),
      command<report_transfer>([this](fake_leg& l, const report_transfer& c) {
        l.reports.push_back(c);
        if (!l.from_outside || !c.final) return;
        l.over = true;  // Its phone has answered at once.
        const auto meant = wire->legs_.find(l.about);
        if (meant != wire->legs_.end() && !meant->second.over)
          self->send(meant->second.owner, transfer_reported{l.about, 0});
      }),
      [this](const owner_died& d) {
        for (auto& [id, leg] : wire->legs_)
          if (leg.owner && leg.owner.address() == d.owner) leg.over = true;
      },
      [](const phone_registered&) {},
      [](const phone_moved&) {},
      [](const phone_came&) {},
      [this](const notify_phone& n) {
        self->send(n.notifier, phone_answered{n.to.key, n.ticket, 200});
      },
      [](const drop_notify&) {},
      [](const watch_taken&) {},
      [this](const notify_watcher& n) {
        self->send(n.notifier, watcher_answered{n.id, 200});
      },
    };
  }
};

caf::actor fake_wire::spawn(caf::actor_system& system) {
  face_ = spawn_actor<fake_transport>(system, this);
  return face_;
}

// --- media ---------------------------------------------------------------------------------------

struct fake_engine {
  static inline const char* name = "fake_engine";
  caf::event_based_actor* const self;
  fake_media* const media;

  fake_engine(caf::event_based_actor* actor, fake_media* of) : self(actor), media(of) {}

  void open(const open_media& m) {
    if (media->is_silent) return;
    const auto to = caf::actor_cast<caf::actor>(self->current_sender());
    if (media->fails)
      return self->send(to, media_opened{m.id, 0, fault{fault_code::unavailable, "no port"}});
    ++media->opened;
    const auto number = static_cast<std::uint16_t>(20000 + 2 * media->opened);
    media->ports_[m.id] = {m.owner, number, {}, {}, {}};
    self->send(to, media_opened{m.id, number, {}});
  }

  caf::behavior make_behavior() {
    return {
      [this](const open_media& m) { open(m); },
      [this](const aim_media& m) {
        if (media->is_open(m.id)) media->at(m.id).aimed = m;
      },
      [this](const connect_media& m) {
        if (!media->is_open(m.a) || !media->is_open(m.b)) return;
        media->part(m.a);
        media->part(m.b);
        media->at(m.a).joined = m.b;
        media->at(m.b).joined = m.a;
      },
      [this](const play_music& m) {
        if (!media->is_open(m.id)) return;
        media->part(m.id);
        media->at(m.id).music = m.file;
      },
      [this](const mute_media& m) { media->part(m.id); },
      [this](const close_media& m) {
        media->part(m.id);
        media->ports_.erase(m.id);
      },
      [this](const adopt_media& m) {
        if (media->is_open(m.id)) media->at(m.id).owner = m.owner;
      },
      [this](const owner_died& d) {
        std::erase_if(media->ports_,
                      [&](const auto& p) { return p.second.owner.address() == d.owner; });
      },
    };
  }
};

void fake_media::part(media_id id) {
  const auto found = ports_.find(id);
  if (found == ports_.end()) return;
  if (const auto peer = ports_.find(found->second.joined); peer != ports_.end())
    peer->second.joined = {};
  found->second.joined = {};
  found->second.music.reset();
}

const fake_media::port* fake_media::numbered(std::uint16_t number) const {
  for (const auto& [id, one] : ports_)
    if (one.number == number) return &one;
  return nullptr;
}

bool fake_media::are_joined(media_id a, media_id b) const {
  const auto found = ports_.find(a);
  return found != ports_.end() && b && found->second.joined == b;
}

caf::actor fake_media::spawn(caf::actor_system& system) {
  return spawn_actor<fake_engine>(system, this);
}

// --- journal, bus, probe -------------------------------------------------------------------------

namespace {

struct journal_keeper {
  static inline const char* name = "fake_journal";
  caf::event_based_actor* const self;
  fake_journal* const journal;

  journal_keeper(caf::event_based_actor* actor, fake_journal* of) : self(actor), journal(of) {}

  caf::behavior make_behavior() {
    return {
      [this](const keep_parked& k) {
        const auto to = caf::actor_cast<caf::actor>(self->current_sender());
        if (journal->is_silent) return;
        if (journal->fails)
          return self->send(to, kept{k.id, fault{fault_code::unavailable, "disk full"}});
        journal->on_disk[k.id] = k.terms;
        self->send(to, kept{k.id, std::nullopt});
      },
      [this](const drop_parked& d) { journal->on_disk.erase(d.id); },
    };
  }
};

struct bus_listener {
  static inline const char* name = "fake_bus";
  fake_bus* const bus;

  bus_listener(caf::event_based_actor*, fake_bus* of) : bus(of) {}

  caf::behavior make_behavior() {
    return {
      [this](const park_event& e) { bus->park_events.push_back(e); },
      [this](const park_noted& n) { bus->park_notes.push_back(n.what); },
      [this](const registration_event& e) { bus->registrations.push_back(e); },
      [](const call_event&) {},
    };
  }
};

}  // namespace

caf::actor fake_journal::spawn(caf::actor_system& system) {
  return spawn_actor<journal_keeper>(system, this);
}

caf::actor fake_bus::spawn(caf::actor_system& system) {
  return spawn_actor<bus_listener>(system, this);
}

probe::probe(caf::actor_system& system) : heard_(std::make_shared<std::vector<caf::message>>()) {
  who_ = system.spawn<caf::hidden>(
    [](caf::event_based_actor* self,
       const std::shared_ptr<std::vector<caf::message>>& heard) -> caf::behavior {
      self->set_default_handler(
        [heard](caf::scheduled_actor*, caf::message_view& view) -> caf::result<caf::message> {
          heard->push_back(view.move_content_to_message());
          return caf::message{};
        });
      return {[](caf::unit_t) {}};
    },
    heard_);
}

probe::~probe() {
  caf::anon_send_exit(who_, caf::exit_reason::kill);
}

}  // namespace parkway::testing
