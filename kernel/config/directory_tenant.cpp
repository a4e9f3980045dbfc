#include "kernel/config/directory_tenant.hpp"

#include "kernel/config/configuration_words.hpp"

#include <algorithm>
#include <set>

namespace parkway {

namespace {

namespace fs = std::filesystem;

/// Who has a number of the tenant, and since which line.
struct holder {
  std::string_view what;
  std::uint32_t line;
};
using number_space = std::unordered_map<number, holder>;

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_domain(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.back() != '.'
         && text.find("..") == text.npos
         && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == text.npos;
}

bool is_code(std::string_view text) {
  return text.size() >= 2 && text.size() <= 7 && (text[0] == '*' || text[0] == '#')
         && text.find_first_not_of("0123456789*#") == text.npos;
}

std::string read_shown_text(table_reader& table, std::string_view key) {
  auto given = table.text(key);
  if (has_control(given)) table.refuse(key, "has control characters; expected one line of text");
  if (given.size() > 128) table.refuse(key, "is longer than 128 bytes");
  return given;
}

/// A number for a new entry; empty where it cannot be had.
number claim_number(table_reader& table, std::string_view what, number_space& space) {
  auto given = table.required_text("number");
  if (given.empty()) return {};
  if (!is_number(given)) {
    table.refuse("number", "\"" + given + "\" is not a number; expected 3–64 digits in quotes");
    return {};
  }
  number made{std::move(given)};
  const auto [at, fresh] = space.emplace(made, holder{what, table.line("number")});
  if (fresh) return made;
  table.refuse("number", "\"" + made.text + "\" is taken by the " + std::string{at->second.what}
                           + " in line " + std::to_string(at->second.line)
                           + "; extensions, ring groups and extension_number share one number "
                             "space");
  return {};
}

void claim_name(table_reader& table, std::string_view key, const std::string& name,
                std::unordered_map<std::string, std::uint32_t>& taken) {
  if (name.empty()) return;
  const auto [at, fresh] = taken.emplace(name, table.line(key));
  if (!fresh)
    table.refuse(key, "\"" + name + "\" stands in line " + std::to_string(at->second)
                        + " already; expected another one");
}

void read_identity(table_reader& table, taken_names& taken, tenant& into) {
  into.name = tenant_name{table.required_text("name")};
  if (has_control(into.name.text) || into.name.text.size() > 64)
    table.refuse("name", "expected at most 64 bytes without control characters");
  claim_name(table, "name", into.name.text, taken.tenants);

  into.domain = lower(table.required_text("domain"));
  if (!into.domain.empty() && !is_domain(into.domain))
    table.refuse("domain", "\"" + into.domain + R"(" is no domain; expected one like "pbx.test")");
  claim_name(table, "domain", into.domain, taken.domains);

  into.is_default = table.flag("default", false);
  if (into.is_default && taken.default_tenant != 0)
    table.refuse("default", "the tenant in line " + std::to_string(taken.default_tenant)
                              + " is the default already; there is one at most");
  if (into.is_default && taken.default_tenant == 0) taken.default_tenant = table.line("default");

  into.language = table.text("language", into.language);
  if (into.language.size() < 2 || into.language.size() > 16 || has_control(into.language))
    table.refuse("language", R"(expected a language such as "en" or "de-CH")");
}

void read_codes(table_reader table, feature_codes& into) {
  constexpr std::array<std::string_view, 3> keys{"CALL_PARK", "GROUP_CALL_PARK", "CALL_RETRIEVE"};
  const std::array codes{&into.call_park, &into.group_call_park, &into.call_retrieve};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    *codes[i] = table.text(keys[i], *codes[i]);
    if (!is_code(*codes[i]))
      table.refuse(keys[i], "\"" + *codes[i]
                              + "\" is no feature access code; expected * or # and 1–6 of 0–9, * "
                                "and #");
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t k = 0; k < keys.size(); ++k) {
      const bool clash = i != k && !codes[i]->empty() && codes[k]->starts_with(*codes[i]);
      if (!clash || (*codes[i] == *codes[k] && k < i)) continue;  // Equal ones: said once.
      table.refuse(keys[k], "\"" + *codes[k] + "\" begins with " + std::string{keys[i]} + " = \""
                              + *codes[i] + "\"; none may be the beginning of another");
    }
  }
  table.refuse_unknown();
}

void read_extension(table_reader& table, const ha1_maker& ha1, number_space& space, tenant& into) {
  extension_entry made;
  made.number = claim_number(table, "extension", space);
  made.display_name = read_shown_text(table, "display_name");
  const auto password = table.required_text("password");
  if (!made.number.empty() && !password.empty()) {
    made.secret = ha1(made.number.text, into.domain, password);
    const auto key = made.number;
    into.extensions.emplace(key, std::move(made));
  }
  table.refuse_unknown();
}

ring_group_entry read_ring_group(table_reader& table, number_space& space) {
  ring_group_entry made;
  made.number = claim_number(table, "ring group", space);
  made.name = read_shown_text(table, "name");
  made.strategy = table.choice("strategy", made.strategy, strategy_words);
  made.ring_time = table.seconds("ring_time", made.ring_time, 5, 300);
  for (auto& member : table.texts("members"))
    made.members.emplace_back(std::move(member));
  if (made.members.empty())
    table.refuse("members", R"(a ring group needs one member at least, such as ["101"])");
  table.refuse_unknown();
  return made;
}

/// Members must be extensions, each once.
void check_members(table_reader& table, const std::vector<number>& members,
                   const number_space& space) {
  std::set<number> seen;
  for (const auto& member : members) {
    const auto found = space.find(member);
    if (found == space.end())
      table.refuse("members", "no extension of the tenant has the number \"" + member.text
                                + "\"; expected that of a [[tenant.extension]]");
    else if (found->second.what != "extension")
      table.refuse("members", "\"" + member.text + "\" is the number of a "
                                + std::string{found->second.what} + "; expected an extension");
    else if (!seen.insert(member).second)
      table.refuse("members", "\"" + member.text + "\" stands here twice; expected once");
  }
}

park_group_entry read_park_group(table_reader& table, const fs::path& folder,
                                 const call_park_terms& base) {
  park_group_entry made;
  made.name = group_name{table.required_text("name")};
  if (has_control(made.name.text) || made.name.text.size() > 128)
    table.refuse("name", "expected at most 128 bytes without control characters");
  for (auto& member : table.texts("members"))
    made.members.emplace_back(std::move(member));
  read_group_terms(table, folder, base, made);
  table.refuse_unknown();
  return made;
}

void add_park_group(table_reader& table, park_group_entry group, tenant& into) {
  for (const auto& member : group.members) {
    const auto [at, fresh] = into.group_of.emplace(member, into.park_groups.size());
    if (fresh || at->second == into.park_groups.size()) continue;
    table.refuse("members", "\"" + member.text + "\" is in the group \""
                              + into.park_groups[at->second].name.text
                              + "\" already; an extension is in at most one");
  }
  into.park_groups.push_back(std::move(group));
}

/// 12 hexadecimal digits in lower case, or empty. Colons, dashes and dots may stand between.
std::string normal_mac(const std::string& given) {
  std::string made;
  for (const char c : lower(given))
    if (c != ':' && c != '-' && c != '.') made += c;
  const bool right = made.size() == 12 && made.find_first_not_of("0123456789abcdef") == made.npos;
  return right ? made : std::string{};
}

void read_phone(table_reader& table, const number_space& space, taken_names& taken, tenant& into) {
  phone_entry made;
  const auto mac = table.required_text("mac");
  made.mac = normal_mac(mac);
  if (!mac.empty() && made.mac.empty())
    table.refuse("mac", "\"" + mac + R"(" is no MAC address; expected one like "001fc11c22a9")");
  claim_name(table, "mac", made.mac, taken.macs);
  made.model = lower(table.required_text("model"));
  if (made.model.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") != made.model.npos)
    table.refuse("model", "\"" + made.model + R"(" is no model; expected one like "htek-uc926")");
  made.extension = number{table.required_text("extension")};
  const auto found = space.find(made.extension);
  if (!made.extension.empty() && (found == space.end() || found->second.what != "extension"))
    table.refuse("extension", "no extension of the tenant has the number \"" + made.extension.text
                                + "\"; expected that of a [[tenant.extension]]");
  table.refuse_unknown();
  into.phones.push_back(std::move(made));
}

void read_ring_groups(table_reader& table, number_space& space, tenant& into) {
  for (auto& block : table.tables("ring_group")) {
    auto group = read_ring_group(block, space);
    check_members(block, group.members, space);
    if (group.number.empty()) continue;
    const auto key = group.number;
    into.ring_groups.emplace(key, std::move(group));
  }
}

void read_park_groups(table_reader& table, const fs::path& folder, const number_space& space,
                      tenant& into) {
  std::unordered_map<std::string, std::uint32_t> names;
  for (auto& block : table.tables("call_park_group")) {
    auto group = read_park_group(block, folder, into.call_park);
    claim_name(block, "name", group.name.text, names);
    check_members(block, group.members, space);
    const bool own_recall = block.has("recall_to") || block.has("recall_time")
                            || block.has("recall_number") || block.has("recall_ring_group");
    if (own_recall) check_recall(block, group.recall, into);
    add_park_group(block, std::move(group), into);
  }
}

}  // namespace

bool is_number(std::string_view text) {
  return text.size() >= 3 && text.size() <= 64 && text.find_first_not_of("0123456789") == text.npos;
}

std::string read_admin(table_reader& table, std::string_view key) {
  if (!table.has(key)) return {};
  auto account = table.table(key);
  auto username = account.required_text("username");
  if (has_control(username) || username.size() > 64)
    account.refuse("username", "expected at most 64 bytes without control characters");
  account.required_text("password");
  account.refuse_unknown();
  return username;
}

std::shared_ptr<tenant> read_tenant(table_reader& table, const fs::path& folder,
                                    const ha1_maker& ha1, taken_names& taken) {
  auto made = std::make_shared<tenant>();
  read_identity(table, taken, *made);
  made->admin = read_admin(table, "admin");
  read_codes(table.table("feature_access_codes"), made->codes);
  auto call_park = table.table("call_park");
  made->call_park = read_call_park(call_park, folder);

  number_space space;
  space.emplace(made->call_park.service_number,
                holder{"extension_number", call_park.line("extension_number")});
  auto extensions = table.tables("extension");
  made->extensions.reserve(extensions.size());
  space.reserve(extensions.size() + 1);
  for (auto& block : extensions)
    read_extension(block, ha1, space, *made);
  read_ring_groups(table, space, *made);
  check_recall(call_park, made->call_park.recall, *made);
  read_park_groups(table, folder, space, *made);
  for (auto& block : table.tables("phone"))
    read_phone(block, space, taken, *made);
  table.refuse_unknown();
  return made;
}

}  // namespace parkway
