#include "kernel/config/configuration_words.hpp"
#include "kernel/config/directory_tenant.hpp"

#include <fstream>

namespace parkway {

namespace {

namespace fs = std::filesystem;

std::string read_music(table_reader& table, const fs::path& folder, const std::string& base) {
  if (!table.has("music")) return base;
  const auto given = table.text("music");
  if (given.empty()) return {};
  const auto file = (folder / given).lexically_normal();
  std::error_code nothing;
  if (!fs::is_regular_file(file, nothing) || !std::ifstream{file}.good())
    refuse_missing_file(table, "music", file);
  return file.string();
}

void read_recall(table_reader& table, recall_terms& into) {
  into.target = table.choice("recall_to", into.target, recall_words);
  into.recall_time = table.seconds("recall_time", into.recall_time, 5, 3600, "no recall");
  into.recall_number = number{table.text("recall_number", into.recall_number.text)};
  into.ring_group = number{table.text("recall_ring_group", into.ring_group.text)};
  into.ring_group_time = table.seconds("recall_ring_group_time", into.ring_group_time, 5, 3600);
  into.ring_time = table.seconds("recall_ring_time", into.ring_time, 5, 120);
  into.retry_time = table.seconds("recall_retry_time", into.retry_time, 5, 60);
}

bool is_code(const std::string& text, const tenant& within) {
  const auto& codes = within.codes;
  const auto begins = [&](const std::string& code) {
    return !code.empty() && text.starts_with(code);
  };
  return text.starts_with('*') || text.starts_with('#') || begins(codes.call_park)
         || begins(codes.group_call_park) || begins(codes.call_retrieve);
}

/// A number a call is sent to must be somebody's.
void check_destination(table_reader& table, std::string_view key, const number& n,
                       const tenant& within) {
  if (n.empty() || !table.has(key)) return;
  if (within.extension(n) || within.ring_groups.contains(n)) return;
  if (is_code(n.text, within))
    table.refuse(key, "\"" + n.text
                        + "\" is a feature access code, which would park the call again; expected "
                          "the number of an extension or a ring group");
  else
    table.refuse(key, "nobody has the number \"" + n.text
                        + "\"; expected one of an extension or a ring group of the tenant");
}

void check_ring_group(table_reader& table, const recall_terms& terms, const tenant& within) {
  if (terms.ring_group.empty() || !table.has("recall_ring_group")) return;
  if (within.ring_groups.contains(terms.ring_group)) return;
  table.refuse("recall_ring_group", "no ring group of the tenant has the number \""
                                      + terms.ring_group.text
                                      + "\"; expected that of a [[tenant.ring_group]]");
}

}  // namespace

call_park_terms read_call_park(table_reader& table, const fs::path& folder) {
  call_park_terms made;
  made.enabled = table.flag("enabled", made.enabled);
  made.service_number = number{table.text("extension_number", made.service_number.text)};
  if (!is_number(made.service_number.text))
    table.refuse("extension_number", "\"" + made.service_number.text
                                       + "\" is not a number; expected 3–64 digits in quotes");
  auto& recall = made.recall;
  read_recall(table, recall);
  recall.max_park_time = table.seconds("max_park_time", recall.max_park_time, 5, 86'400, "none");
  if (const auto last = table.text("final", "HANGUP"); last != "HANGUP")
    recall.final_number = number{last};
  made.parked_per_extension_max = static_cast<std::uint32_t>(
    table.integer("max_parked_per_extension", made.parked_per_extension_max, 0, 10'000));
  made.scope = table.choice("retrieve_scope", made.scope, scope_words);
  made.notify_parker = table.flag("send_notification_to_parker", made.notify_parker);
  made.hunting = table.choice("hunting", made.hunting, hunting_words);
  made.music = read_music(table, folder, {});
  table.refuse_unknown();
  return made;
}

void read_group_terms(table_reader& table, const fs::path& folder, const call_park_terms& base,
                      park_group_entry& into) {
  into.recall = base.recall;
  read_recall(table, into.recall);
  into.hunting = table.choice("hunting", base.hunting, hunting_words);
  into.music = read_music(table, folder, base.music);
}

void check_recall(table_reader& table, const recall_terms& terms, const tenant& within) {
  check_destination(table, "recall_number", terms.recall_number, within);
  check_ring_group(table, terms, within);
  if (terms.final_number && terms.final_number->empty())
    table.refuse("final", "is empty; expected \"HANGUP\" or a number");
  else if (terms.final_number)
    check_destination(table, "final", *terms.final_number, within);

  const bool ring_group = terms.target == recall_target::ring_group_only
                          || terms.target == recall_target::user_first_then_ring_group;
  if (terms.target == recall_target::fixed_number && terms.recall_number.empty())
    table.refuse("recall_to", "\"NUMBER\" needs a recall_number");
  if (ring_group && terms.ring_group.empty())
    table.refuse("recall_to", "\"" + std::string{word(terms.target, recall_words)}
                                + "\" needs a recall_ring_group");
  if (terms.recall_time.count() == 0 && terms.max_park_time.count() == 0)
    table.refuse("recall_time",
                 "recall_time and max_park_time are both 0: a call nobody takes would wait for "
                 "ever; give one of them");
}

}  // namespace parkway
