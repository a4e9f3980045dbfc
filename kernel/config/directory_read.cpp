#include "kernel/config/directory_tenant.hpp"
#include "kernel/config/settings.hpp"

namespace parkway {

config_result<std::shared_ptr<const tenant_list>> read_directory(
  const std::filesystem::path& file) {
  mistakes errors{file.string()};
  const auto parsed = parse_toml(file, errors);
  if (!errors.none()) return errors.take();
  const auto folder = std::filesystem::absolute(file).parent_path();
  const ha1_maker ha1;
  taken_names taken;
  auto list = std::make_shared<tenant_list>();
  table_reader root{errors, parsed, "", 1};
  list->system_admin = read_admin(root, "system_admin");
  for (auto& block : root.tables("tenant"))
    list->add(read_tenant(block, folder, ha1, taken));
  root.refuse_unknown();
  if (!errors.none()) return errors.take();
  return std::shared_ptr<const tenant_list>{std::move(list)};
}

}  // namespace parkway
