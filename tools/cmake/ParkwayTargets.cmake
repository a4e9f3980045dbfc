set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# What every target of ours is compiled with.
function(parkway_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wnon-virtual-dtor)
  target_compile_definitions(${target} PRIVATE PARKWAY_VERSION="${PROJECT_VERSION}")
  if(PARKWAY_SANITIZE)
    # null: CAF 0.17.6 dereferences a null tuple pointer in init_fun_factory.hpp.
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize=null
                           -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()

# parkway_library(NAME FOLDER LINK ...): all sources of one folder; with the common precompiled header.
function(parkway_library name folder)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  add_library(parkway_${name} STATIC ${sources})
  parkway_options(parkway_${name})
  target_include_directories(parkway_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(parkway_${name} PUBLIC ${arg_LINK})
  parkway_precompile(parkway_${name})
endfunction()

# The expensive headers, once. PUBLIC names only: nothing of ours, so that nothing hides behind it.
option(PARKWAY_PCH "Precompile the expensive headers" OFF)
function(parkway_precompile target)
  if(NOT PARKWAY_PCH)
    return()
  endif()
  if(TARGET parkway_kernel AND NOT target STREQUAL parkway_kernel)
    target_precompile_headers(${target} REUSE_FROM parkway_kernel)
  else()
    target_precompile_headers(${target} PRIVATE
      <caf/actor.hpp> <caf/actor_system.hpp> <caf/event_based_actor.hpp> <caf/stateful_actor.hpp>
      <caf/send.hpp> <spdlog/spdlog.h>
      <chrono> <functional> <map> <memory> <optional> <string> <unordered_map> <vector>)
  endif()
endfunction()
