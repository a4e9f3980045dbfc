#include "sip/message/status.hpp"

namespace parkway::sip {

std::uint16_t status_of(fault_code code) {
  switch (code) {
    case fault_code::malformed:
      return 400;
    case fault_code::too_big:
      return 513;
    case fault_code::unsupported:
      return 488;
    case fault_code::unauthorized:
      return 401;
    case fault_code::forbidden:
      return 403;
    case fault_code::no_such_number:
    case fault_code::nothing_parked:
    case fault_code::no_call:
      return 404;
    case fault_code::not_reachable:
      return 480;
    case fault_code::busy:
      return 486;
    case fault_code::declined:
      return 603;
    case fault_code::no_answer:
      return 480;
    case fault_code::no_common_codec:
      return 488;
    case fault_code::gone:
      return 481;
    case fault_code::glare:
      return 491;
    case fault_code::overloaded:
    case fault_code::unavailable:
      return 503;
    case fault_code::internal:
      return 500;
  }
  return 500;
}

std::uint16_t status_of(const refusal& why) {
  return why.status ? why.status : status_of(why.code);
}

namespace {

/// What a refusal of the phone says, in the words of the actors.
fault_code code_of(std::uint16_t status) {
  switch (status) {
    case 400:
      return fault_code::malformed;
    case 401:
    case 403:
    case 407:
      return fault_code::forbidden;
    case 404:
    case 410:
    case 484:
    case 604:
      return fault_code::no_such_number;
    case 408:
    case 487:
      return fault_code::no_answer;
    case 413:
    case 513:
      return fault_code::too_big;
    case 415:
    case 488:
    case 606:
      return fault_code::no_common_codec;
    case 480:
      return fault_code::not_reachable;
    case 481:
      return fault_code::gone;
    case 482:
      return fault_code::not_reachable;
    case 486:
    case 600:
      return fault_code::busy;
    case 491:
      return fault_code::glare;
    case 405:
    case 416:
    case 420:
    case 489:
    case 501:
      return fault_code::unsupported;
    default:
      break;
  }
  if (status < 400) return fault_code::not_reachable;  // Redirections are not followed.
  return status >= 500 && status < 600 ? fault_code::unavailable : fault_code::declined;
}

/// The status for the other party: a phone's own, but for what is between that phone and us alone.
std::uint16_t told_to_others(std::uint16_t status) {
  if (status < 400) return 0;
  switch (status) {
    case 401:
    case 407:
      return 403;
    case 482:  // The phone sends our calls back to us: nobody is there.
      return 480;
    case 420:
    case 421:
    case 422:
    case 423:
    case 483:
    case 503:  // The phone is overloaded, we are not (RFC 3261 §16.7 step 6).
      return 500;
    default:
      return status;
  }
}

}  // namespace

refusal refusal_of(std::uint16_t status) {
  return {code_of(status), told_to_others(status), {}};
}

std::string_view reason_phrase(std::uint16_t status) {
  switch (status) {
    case 100:
      return "Trying";
    case 180:
      return "Ringing";
    case 181:
      return "Call Is Being Forwarded";
    case 182:
      return "Queued";
    case 183:
      return "Session Progress";
    case 199:
      return "Early Dialog Terminated";
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Notification";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Moved Temporarily";
    case 305:
      return "Use Proxy";
    case 380:
      return "Alternative Service";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 412:
      return "Conditional Request Failed";
    case 413:
      return "Request Entity Too Large";
    case 414:
      return "Request-URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Unsupported URI Scheme";
    case 420:
      return "Bad Extension";
    case 421:
      return "Extension Required";
    case 422:
      return "Session Interval Too Small";
    case 423:
      return "Interval Too Brief";
    case 429:
      return "Provide Referrer Identity";
    case 430:
      return "Flow Failed";
    case 433:
      return "Anonymity Disallowed";
    case 439:
      return "First Hop Lacks Outbound Support";
    case 480:
      return "Temporarily Unavailable";
    case 481:
      return "Call/Transaction Does Not Exist";
    case 482:
      return "Loop Detected";
    case 483:
      return "Too Many Hops";
    case 484:
      return "Address Incomplete";
    case 485:
      return "Ambiguous";
    case 486:
      return "Busy Here";
    case 487:
      return "Request Terminated";
    case 488:
      return "Not Acceptable Here";
    case 489:
      return "Bad Event";
    case 491:
      return "Request Pending";
    case 493:
      return "Undecipherable";
    case 500:
      return "Server Internal Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Server Time-out";
    case 505:
      return "Version Not Supported";
    case 513:
      return "Message Too Large";
    case 580:
      return "Precondition Failure";
    case 600:
      return "Busy Everywhere";
    case 603:
      return "Decline";
    case 604:
      return "Does Not Exist Anywhere";
    case 606:
      return "Not Acceptable";
    default:
      break;
  }
  switch (status / 100) {
    case 1:
      return "Session Progress";
    case 2:
      return "OK";
    case 3:
      return "Multiple Choices";
    case 4:
      return "Bad Request";
    case 5:
      return "Server Internal Error";
    default:
      return "Decline";
  }
}

}  // namespace parkway::sip
