#include "sip/message/status.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace parkway;
using namespace parkway::sip;

TEST_CASE("every fault has its status", "[translate]") {
  const std::map<fault_code, int> table{
    {fault_code::malformed, 400},       {fault_code::too_big, 513},
    {fault_code::unsupported, 488},     {fault_code::unauthorized, 401},
    {fault_code::forbidden, 403},       {fault_code::no_such_number, 404},
    {fault_code::nothing_parked, 404},  {fault_code::no_call, 404},
    {fault_code::not_reachable, 480},   {fault_code::busy, 486},
    {fault_code::declined, 603},        {fault_code::no_answer, 480},
    {fault_code::no_common_codec, 488}, {fault_code::gone, 481},
    {fault_code::glare, 491},           {fault_code::overloaded, 503},
    {fault_code::unavailable, 503},     {fault_code::internal, 500},
  };
  for (const auto& [code, status] : table)
    CHECK(status_of(code) == status);
}

TEST_CASE("a phone's own status is passed on as it was", "[translate]") {
  CHECK(status_of(refusal{fault_code::busy, 600, {}}) == 600);
  CHECK(status_of(refusal{fault_code::busy, 0, {}}) == 486);
  for (const std::uint16_t status : {403, 404, 408, 410, 480, 486, 487, 488, 500, 600, 603, 606})
    CHECK(status_of(refusal_of(status)) == status);
}

TEST_CASE("what is between a phone and us alone is not passed on", "[translate]") {
  // The caller has no contact to follow, no challenge to answer, and we are not overloaded.
  for (const std::uint16_t status : {300, 301, 302, 305, 380, 482})
    CHECK(status_of(refusal_of(status)) == 480);
  for (const std::uint16_t status : {401, 407})
    CHECK(status_of(refusal_of(status)) == 403);
  for (const std::uint16_t status : {420, 421, 422, 483, 503})
    CHECK(status_of(refusal_of(status)) == 500);
}

TEST_CASE("what a phone answers is understood", "[translate]") {
  const std::map<int, fault_code> table{
    {486, fault_code::busy},        {600, fault_code::busy},
    {603, fault_code::declined},    {404, fault_code::no_such_number},
    {408, fault_code::no_answer},   {480, fault_code::not_reachable},
    {481, fault_code::gone},        {488, fault_code::no_common_codec},
    {491, fault_code::glare},       {501, fault_code::unsupported},
    {503, fault_code::unavailable}, {302, fault_code::not_reachable},
    {499, fault_code::declined},    {699, fault_code::declined},
    {599, fault_code::unavailable},
  };
  for (const auto& [status, code] : table)
    CHECK(refusal_of(static_cast<std::uint16_t>(status)).code == code);
}

TEST_CASE("every status has words", "[translate]") {
  for (std::uint16_t status = 100; status < 700; ++status)
    CHECK_FALSE(reason_phrase(status).empty());
  CHECK(reason_phrase(486) == "Busy Here");
  CHECK(reason_phrase(499) == reason_phrase(400));
}
