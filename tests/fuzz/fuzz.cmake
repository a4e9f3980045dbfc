# Every fuzz target twice: as a smoke test that any compiler builds (fixed mutations, some seconds in
# ctest, a minute each under PARKWAY_NIGHTLY), and with clang and PARKWAY_FUZZ for libFuzzer:
#   cmake -B build/fuzz -DCMAKE_CXX_COMPILER=clang++ -DPARKWAY_FUZZ=ON -DPARKWAY_SANITIZE=ON
#   build/fuzz/tests/message_fuzz -max_total_time=300 -max_len=8192
set(PARKWAY_FUZZ_SECONDS 2)
if(PARKWAY_NIGHTLY)
  set(PARKWAY_FUZZ_SECONDS 60)
endif()

foreach(target message sdp uri digest stream refer watch configuration)
  add_executable(${target}_fuzz ${CMAKE_CURRENT_LIST_DIR}/${target}_fuzz.cpp)
  parkway_options(${target}_fuzz)
  target_include_directories(${target}_fuzz PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target}_fuzz PRIVATE parkway_sip)
  if(PARKWAY_FUZZ AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_sources(${target}_fuzz PRIVATE ${CMAKE_CURRENT_LIST_DIR}/fuzz_mutator.cpp)
    target_compile_options(${target}_fuzz PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${target}_fuzz PRIVATE -fsanitize=fuzzer)
    add_test(NAME ${target}_fuzz COMMAND ${target}_fuzz -max_total_time=${PARKWAY_FUZZ_SECONDS}
                                         -max_len=8192 -seed=4475)
  else()
    target_sources(${target}_fuzz PRIVATE ${CMAKE_CURRENT_LIST_DIR}/fuzz_driver.cpp)
    add_test(NAME ${target}_fuzz COMMAND ${target}_fuzz ${PARKWAY_FUZZ_SECONDS})
  endif()
endforeach()

# Coverage guides libFuzzer through our parsers only if they are built for it; the kernel, too,
# because its precompiled header is theirs.
if(PARKWAY_FUZZ AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  foreach(library parkway_kernel parkway_sip)
    target_compile_options(${library} PRIVATE -fsanitize=fuzzer-no-link)
  endforeach()
endif()
