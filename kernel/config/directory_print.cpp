#include "kernel/config/configuration_words.hpp"
#include "kernel/config/settings.hpp"

#include <algorithm>
#include <sstream>

namespace parkway {

namespace {

constexpr std::string_view masked = "\"***\"";

/// What a table is marked with whose plugin this version does not have.
std::string_view inert_without(std::string_view plugin, std::string_view remark) {
  const bool exists =
    std::find(built_in_plugins.begin(), built_in_plugins.end(), plugin) != built_in_plugins.end();
  return exists ? std::string_view{} : remark;
}

constexpr std::string_view no_http = " # inert: no http plugin in this version";
constexpr std::string_view no_provisioning = " # inert: no provisioning plugin in this version";

std::string number_list(const std::vector<number>& numbers) {
  std::string out = "[";
  for (const auto& n : numbers)
    out += (out.size() > 1 ? ", " : "") + toml_string(n.text);
  return out + "]";
}

/// Entries of a map in the order of their keys: the same directory prints the same.
template <class Map>
auto ordered(const Map& map) {
  std::vector<const typename Map::value_type*> entries;
  entries.reserve(map.size());
  for (const auto& entry : map)
    entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->first < b->first; });
  return entries;
}

void print_recall(std::ostream& out, const recall_terms& r, std::string_view indent) {
  out << indent << "recall_to = " << toml_string(word(r.target, recall_words)) << "\n"
      << indent << "recall_time = " << r.recall_time.count() << "\n"
      << indent << "recall_number = " << toml_string(r.recall_number.text) << "\n"
      << indent << "recall_ring_group = " << toml_string(r.ring_group.text) << "\n"
      << indent << "recall_ring_group_time = " << r.ring_group_time.count() << "\n"
      << indent << "recall_ring_time = " << r.ring_time.count() << "\n"
      << indent << "recall_retry_time = " << r.retry_time.count() << "\n";
}

void print_call_park(std::ostream& out, const call_park_terms& t) {
  const auto last = t.recall.final_number ? t.recall.final_number->text : "HANGUP";
  out << "\n  [tenant.call_park]\n  enabled = " << (t.enabled ? "true" : "false")
      << "\n  extension_number = " << toml_string(t.service_number.text) << "\n";
  print_recall(out, t.recall, "  ");
  out << "  max_park_time = " << t.recall.max_park_time.count()
      << "\n  final = " << toml_string(last)
      << "\n  max_parked_per_extension = " << t.parked_per_extension_max
      << "\n  retrieve_scope = " << toml_string(word(t.scope, scope_words))
      << "\n  send_notification_to_parker = " << (t.notify_parker ? "true" : "false")
      << "\n  hunting = " << toml_string(word(t.hunting, hunting_words))
      << "\n  music = " << toml_string(t.music) << "\n";
}

void print_numbers(std::ostream& out, const tenant& t) {
  for (const auto* entry : ordered(t.extensions))
    out << "\n  [[tenant.extension]]\n  number = " << toml_string(entry->first.text)
        << "\n  display_name = " << toml_string(entry->second.display_name)
        << "\n  password = " << masked << "\n";
  for (const auto* entry : ordered(t.ring_groups)) {
    const auto& group = entry->second;
    out << "\n  [[tenant.ring_group]]\n  number = " << toml_string(group.number.text)
        << "\n  name = " << toml_string(group.name)
        << "\n  strategy = " << toml_string(word(group.strategy, strategy_words))
        << "\n  ring_time = " << group.ring_time.count()
        << "\n  members = " << number_list(group.members) << "\n";
  }
}

void print_tenant(std::ostream& out, const tenant& t) {
  out << "\n[[tenant]]\nname = " << toml_string(t.name.text)
      << "\ndomain = " << toml_string(t.domain)
      << "\ndefault = " << (t.is_default ? "true" : "false") << "\n";
  if (!t.admin.empty())
    out << "admin = { username = " << toml_string(t.admin) << ", password = " << masked << " }"
        << inert_without("http", no_http) << "\n";
  out << "language = " << toml_string(t.language) << "\n";
  print_call_park(out, t.call_park);
  out << "\n  [tenant.feature_access_codes]\n  CALL_PARK = " << toml_string(t.codes.call_park)
      << "\n  GROUP_CALL_PARK = " << toml_string(t.codes.group_call_park)
      << "\n  CALL_RETRIEVE = " << toml_string(t.codes.call_retrieve) << "\n";
  print_numbers(out, t);
  for (const auto& group : t.park_groups) {
    out << "\n  [[tenant.call_park_group]]\n  name = " << toml_string(group.name.text)
        << "\n  members = " << number_list(group.members) << "\n";
    print_recall(out, group.recall, "  ");
    out << "  hunting = " << toml_string(word(group.hunting, hunting_words))
        << "\n  music = " << toml_string(group.music) << "\n";
  }
  for (const auto& phone : t.phones)
    out << "\n  [[tenant.phone]]" << inert_without("provisioning", no_provisioning)
        << "\n  mac = " << toml_string(phone.mac) << "\n  model = " << toml_string(phone.model)
        << "\n  extension = " << toml_string(phone.extension.text) << "\n";
}

}  // namespace

std::string print_directory(const tenant_list& list) {
  std::ostringstream out;
  if (!list.system_admin.empty())
    out << "\n[system_admin]" << inert_without("http", no_http)
        << "\nusername = " << toml_string(list.system_admin) << "\npassword = " << masked << "\n";
  for (const auto* entry : ordered(list.by_name))
    print_tenant(out, *entry->second);
  return out.str();
}

}  // namespace parkway
