# The real program against scripted phones, SIPp and baresip: ctest -L interop. $PARKWAY_BINARY names
# another program than the one this build makes; 77: a package is missing.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

# parkway_interop(NAME SCRIPT ARGUMENT...)
function(parkway_interop name script)
  add_test(NAME interop_${name}
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/interop/${script}
                   --program $<TARGET_FILE:parkway> ${ARGN})
  set_tests_properties(interop_${name} PROPERTIES LABELS interop SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

parkway_interop(program program_test.py)
parkway_interop(abuse abuse_test.py)
foreach(transport udp tcp)
  foreach(area registrar call park lamp sipp baresip)
    parkway_interop(${area}_${transport} ${area}_test.py --transport ${transport})
  endforeach()
endforeach()
