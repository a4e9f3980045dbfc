#!/usr/bin/env python3
"""Parking and retrieving in every shape a phone can ask for it."""
import time

from office import MUSIC, Office, eventually, main
from message import name_of, user_of

# The cast: 106 is the customer (440 Hz), 102 Bob parks, 103 James and 104 Carol are in Bob's group, 101 Alice and 105 Eve are not.


class ParkOffice(Office):
    def setUp(self):
        super().setUp()
        self.customer, self.bob = self.phone('106', tone=440), self.phone('102', tone=1000)

    def answered_call(self):
        """The customer calls Bob, who answers: (customer's call, Bob's)."""
        return self.talk(self.customer, self.bob)

    def park(self, dialled='*68103', call=None):
        """Bob parks the customer by REFER and hangs up when it is done: the customer's call."""
        out, into = call or self.answered_call()
        into.refer(dialled)
        self.assertEqual(into.wait_report(), 200)
        into.hang_up()
        return out

    def retrieve(self, phone, dialled):
        """phone's call, answered."""
        return phone.call(dialled).wait_up()

    def retrieved(self, phone, dialled, parked, tone):
        """Takes the parked customer back: both hear each other."""
        taken = self.retrieve(phone, dialled)
        taken.wait_hears(440)
        parked.wait_hears(tone)
        return taken

    def nothing_at(self, phone, dialled):
        self.assertEqual(phone.call(dialled).wait_final().status, 404, f'{dialled}: something is parked there')

    def untouched(self, out, into):
        """The call of customer and Bob is as it was."""
        since = time.monotonic()
        out.wait_hears(1000, since=since), into.wait_hears(440, since=since)
        self.assertEqual((out.state, into.state), ('up', 'up'))


class Park(ParkOffice):
    def test_park_at_another_extension(self):
        """REFER to *68103: 202, report 200, music without a re-INVITE, James takes the call with *88."""
        out, into = self.answered_call()
        james = self.phone('103', tone=850)
        self.assertEqual(self.bob.answered(into.refer('*68103')).status, 202)
        self.assertEqual(into.wait_report(), 200)
        out.wait_hears(MUSIC)
        into.hang_up()
        taken = self.retrieved(james, '*88', out, 850)
        self.assertEqual(out.heard('INVITE'), [], 'relay: the parked party gets no re-INVITE')
        taken.hang_up()
        out.wait_over()

    def test_park_at_the_own_extension(self):
        """*68 and *68# park at the parker's own extension; another phone of it takes the call."""
        for code in ('*68', '*68#'):
            out = self.park(code)
            cordless = self.phone('102', tone=850)
            self.retrieved(cordless, '*88', out, 850).hang_up()
            out.wait_over()
            cordless.register(expires=0)

    def test_retrieve_from_anywhere(self):
        """*88103 takes the call parked at 103 from any phone of the tenant, as often as one is parked, and then 404."""
        alice = self.phone('101', tone=850)
        out = self.park('*68103')
        self.retrieved(alice, '*88103', out, 850)
        self.nothing_at(self.phone('105'), '*88103')

    def test_group_park(self):
        """*58 hunts the first registered member; any member takes the call with a bare *88."""
        for code in ('*58', '*58#'):
            james, carol = self.phone('103'), self.phone('104', tone=850)
            self.bob.register(expires=0)
            self.bob.register()
            out = self.park(code)
            self.retrieved(carol, '*88', out, 850).hang_up()
            out.wait_over()
            james.register(expires=0), carol.register(expires=0)

    def test_hunting(self):
        """Hunting begins with the first member who is registered and has nothing parked: Bob himself, then Carol (James is away)."""
        self.phone('104')
        alice = self.phone('101', tone=850)
        first = self.park('*58')
        self.customer = self.phone('105', tone=440)
        second = self.park('*58')
        self.nothing_at(alice, '*88103')
        self.retrieved(alice, '*88102', first, 850)
        self.retrieved(alice, '*88104', second, 850)

    def test_an_escaped_code(self):
        """%2A is a star, and user=phone is no part of the number."""
        out, into = self.answered_call()
        into.refer('%2A68103', host='pbx.test;user=phone')
        self.assertEqual(into.wait_report(), 200)
        self.retrieved(self.phone('101', tone=850), '%2A88103', out, 850)

    def test_the_caller_parks(self):
        """Whoever called whom: the peer of the parker is parked."""
        out = self.bob.call('106')
        into = self.customer.next_call()
        into.answer()
        out.wait_up()
        out.refer('*68103')
        self.assertEqual(out.wait_report(), 200)
        into.wait_hears(MUSIC)
        taken = self.retrieved(self.phone('101', tone=850), '*88103', into, 850)
        self.assertIn('106', taken.final.header('P-Asserted-Identity'))

    def test_park_by_invite_while_held(self):
        """Hold, then INVITE *68103 from the same phone: the held call is parked, both calls of the parker end."""
        out, into = self.answered_call()
        self.assertEqual(into.hold().status, 200)
        parking = self.bob.call('*68103').wait_up()
        parking.wait_over(10), into.wait_over(10)
        out.wait_hears(MUSIC)
        self.retrieved(self.phone('103', tone=850), '*88', out, 850)

    def test_park_by_invite_of_the_call_on_hold(self):
        """Of two calls, the one that is held is parked; the other goes on."""
        out, into = self.answered_call()
        self.assertEqual(into.hold().status, 200)
        eve = self.phone('105', tone=700)
        out2 = eve.call('102')
        into2 = self.bob.next_call()
        into2.answer()
        out2.wait_up()
        self.bob.call('*68103').wait_up()
        out.wait_hears(MUSIC)
        into.wait_over(10)
        into2.wait_hears(700)
        self.assertEqual((out2.state, into2.state), ('up', 'up'))

    def test_park_by_attended_transfer(self):
        """A phone that transfers to *68103 with a consultation: parked once, at 103."""
        out, into = self.answered_call()
        into.hold()
        consult = self.bob.call('*68103').wait_up()
        answer = self.bob.answered(into.refer('*68103', replaces=consult))
        self.assertIn(answer.status, (202, 481))
        if answer.status == 202: self.assertEqual(into.wait_report(), 200)
        alice = self.phone('101', tone=850)
        self.retrieved(alice, '*88103', out, 850)
        self.nothing_at(self.phone('105'), '*88103')

    def test_park_by_refer_outside_a_dialog(self):
        """REFER to sip:park@domain;orbit=103 (or to the code) with Replaces, its tags in either order, parks the peer of that call;
        the 202 names the orbit. An anonymous From is let in, somebody else's is not."""
        james = self.phone('103', tone=850)
        for own_first, from_, asked in ((False, None, 'sip:park@pbx.test;orbit=103'),
                                        (True, '<sip:anonymous@anonymous.invalid>', 'sip:*68103@pbx.test')):
            out, into = self.answered_call()
            call_id, *tags = into.name
            to_tag, from_tag = reversed(tags) if own_first else tags
            escaped = f'{call_id}%3Bto-tag%3D{to_tag}%3Bfrom-tag%3D{from_tag}'.replace('@', '%40')
            headers = [('Refer-To', f'<sip:106@127.0.0.1?Replaces={escaped}>'), ('Referred-By', f'<{self.bob.uri}>')]
            ask = lambda name: self.bob.request('REFER', asked, headers, from_=name)
            self.assertEqual(ask('<sip:103@pbx.test>').status, 403)
            accepted = ask(from_)
            self.assertEqual(accepted.status, 202)
            self.assertEqual(accepted.header('Contact'), '<sip:park@pbx.test;orbit=103>')
            self.assertEqual(accepted.header('Expires'), '180')
            out.wait_hears(MUSIC)
            self.retrieved(james, '*88', out, 850).hang_up()
            out.wait_over()

    def test_the_longest_parked_comes_first(self):
        """Several calls at one extension: the one parked first is taken first."""
        eve = self.phone('105', tone=520)
        first = self.park('*68103')
        second = self.park('*68103', self.talk(eve, self.bob))
        james, alice = self.phone('103', tone=850), self.phone('101', tone=700)
        self.retrieved(james, '*88', first, 850)
        taken = self.retrieve(alice, '*88103')
        taken.wait_hears(520), second.wait_hears(700)

    def test_the_retriever_sees_the_customer(self):
        """The 200 to the retriever carries name and number of the parked party; the parked party is told the retriever's."""
        out = self.park('*68103')
        james = self.phone('103')
        taken = self.retrieve(james, '*88')
        self.assertEqual((name_of(taken.final.header('P-Asserted-Identity')), user_of(taken.final.header('P-Asserted-Identity'))), ('user106', '106'))
        told = out.wait_inbox('UPDATE')
        self.assertEqual((name_of(told.header('P-Asserted-Identity')), user_of(told.header('P-Asserted-Identity'))), ('James', '103'))
        self.assertEqual(told.body, '', 'relay: no new session is needed')

    def test_a_customer_without_a_name(self):
        """A parked party that withholds its identity is anonymous to the retriever."""
        out = self.customer.call('102', headers=[('Privacy', 'id')])
        into = self.bob.next_call()
        into.answer()
        out.wait_up()
        self.park('*68103', (out, into))
        shown = self.retrieve(self.phone('103'), '*88').final
        self.assertIn('anonymous@', shown.header('P-Asserted-Identity'))
        self.assertNotIn('106', shown.header('P-Asserted-Identity'))
        self.assertEqual(shown.header('Privacy'), 'id')

    def test_the_sound_stays_continuous(self):
        """For the parked party, music and retriever are one stream: SSRC and sequence do not jump."""
        out = self.park('*68103')
        out.wait_hears(MUSIC)
        self.retrieved(self.phone('103', tone=850), '*88', out, 850)
        self.assertEqual(out.audio.gaps(), 0)

    def test_two_retrievers_at_once(self):
        """Exactly one of several simultaneous retrievers gets the call; the others get 404."""
        out = self.park('*68103')
        phones = [self.phone(n, tone=850) for n in ('101', '103', '104', '105')]
        calls = [p.call('*88103') for p in phones]
        finals = sorted(c.wait_final().status for c in calls)
        self.assertEqual(finals, [200, 404, 404, 404])
        out.wait_hears(850)

    def test_parked_again(self):
        """A retrieved call can be held, and parked again elsewhere."""
        out = self.park('*68103')
        james = self.phone('103', tone=850)
        taken = self.retrieved(james, '*88', out, 850)
        self.assertEqual(taken.hold().status, 200)
        out.wait_hears(MUSIC)
        self.assertEqual(taken.resume().status, 200)
        taken.refer('*68104')
        self.assertEqual(taken.wait_report(), 200)
        taken.hang_up()
        self.retrieved(self.phone('101', tone=700), '*88104', out, 700)

    def test_the_customer_hangs_up(self):
        """A parked party that hangs up frees the place."""
        out = self.park('*68103')
        self.assertEqual(self.customer.answered(out.hang_up()).status, 200)
        self.nothing_at(self.phone('101'), '*88103')

    def test_the_parked_party_is_answered(self):
        """Re-INVITE, UPDATE and refresh of a parked party are answered, and the music goes on."""
        out = self.park('*68103')
        for ask in (lambda: out.propose('sendonly'), lambda: out.propose('sendrecv'), lambda: out.request('UPDATE'),
                    lambda: out.propose('sendrecv', 'UPDATE')):
            # 491: Parkway itself was about to change the session; a phone tries again (RFC 3261 14.1).
            self.assertTrue(eventually(lambda: self.customer.answered(ask()).status == 200, 3))
        out.wait_hears(MUSIC, since=time.monotonic())

    def test_offers_of_the_parked_party_that_overtake_each_other(self):
        """Re-INVITEs and UPDATEs without a pause, from the moment of the park: each is answered, if only with 491 or 500."""
        for _ in range(40):
            out, into = self.answered_call()
            into.refer('*68103')
            self.assertEqual(into.wait_report(), 200)
            into.hang_up()
            asked = [out.propose('sendonly'), out.propose('sendrecv'), out.request('UPDATE'), out.propose('sendrecv', 'UPDATE')]
            for one in asked: self.assertIn(self.customer.answered(one).status, (200, 491, 500))
            out.hang_up()

    def test_no_common_codec(self):
        """A retriever without a common codec gets 488, and the call stays parked."""
        self.customer.codecs = ('PCMU',)
        out = self.park('*68103')
        self.assertEqual(self.phone('101', codecs=('PCMA',)).call('*88103').wait_final().status, 488)
        self.retrieved(self.phone('104', tone=850), '*88103', out, 850)

    def test_the_answer_offers_what_the_parked_party_speaks(self):
        """Joined without a re-INVITE: the retriever is answered with the codec of the parked party."""
        self.customer.codecs = ('PCMA',)
        out = self.park('*68103')
        taken = self.retrieved(self.phone('103', tone=850), '*88', out, 850)
        self.assertEqual(taken.audio.remote.codecs[0][0], 'PCMA')
        self.assertEqual(out.heard('INVITE'), [])

    def test_a_retriever_without_an_offer(self):
        """INVITE *88 without a session: the offer is in the 200."""
        out = self.park('*68103')
        taken = self.phone('103', tone=850).call('*88', offer=False).wait_up()
        taken.wait_hears(440)
        out.wait_hears(850)

    def test_goodbye_back_to_back_with_the_refer(self):
        """BYE right behind the REFER: the customer is parked all the same."""
        out, into = self.answered_call()
        with self.bob.changed:
            into.refer('*68103')
            into.hang_up()
        out.wait_hears(MUSIC)
        self.retrieved(self.phone('103', tone=850), '*88', out, 850)

    def test_goodbye_after_the_answer(self):
        """BYE after the 202, before any report was answered: the customer is parked all the same."""
        out, into = self.answered_call()
        self.bob.silent.add('NOTIFY')
        self.bob.answered(into.refer('*68103'))
        into.hang_up()
        out.wait_hears(MUSIC)
        self.retrieved(self.phone('103', tone=850), '*88', out, 850)

    def test_parkway_says_goodbye(self):
        """A parker that does not hang up is hung up on, after its report."""
        out, into = self.answered_call()
        into.refer('*68103')
        self.assertEqual(into.wait_report(), 200)
        self.assertEqual(into.wait_over(10).ended_by, 'them')
        self.assertEqual(out.state, 'up')


class Refused(ParkOffice):
    call_park = 'max_parked_per_extension = 1'

    def refused(self, dialled, status, call):
        out, into = call
        into.refer(dialled)
        self.assertEqual(into.wait_report(), status, dialled)
        self.untouched(out, into)

    def test_an_extension_that_does_not_exist(self):
        """Park at 199: report 404, and the call is exactly as it was."""
        self.refused('*68199', 404, self.answered_call())

    def test_a_full_place(self):
        """A place that is full: report 486, and the call is as it was."""
        eve = self.phone('105')
        self.park('*68103', self.talk(eve, self.bob))
        self.refused('*68103', 486, self.answered_call())

    def test_a_full_group(self):
        """Every member's place is full: report 486."""
        eve = self.phone('105')
        parked = [self.park(f'*68{n}', self.talk(eve, self.bob)) for n in ('102', '103', '104')]
        self.assertTrue(all(p.state == 'up' for p in parked))
        self.refused('*58', 486, self.answered_call())

    def test_a_parker_in_no_group(self):
        """Group park by somebody who is in no group: 403."""
        alice = self.phone('101', tone=1000)
        self.bob = alice
        self.refused('*58', 403, self.talk(self.customer, alice))

    def test_nothing_to_park(self):
        """INVITE *68103 without another call: 404, and why."""
        final = self.bob.call('*68103').wait_final()
        self.assertEqual(final.status, 404)
        self.assertEqual(final.header('Warning'), '399 pbx "No call to park"')

    def test_a_call_that_is_not_answered(self):
        """A call that only rings cannot be parked: 403."""
        out = self.customer.call('102')
        self.bob.next_call().ring()
        out.wait_provisional(180)
        self.assertEqual(self.bob.call('*68103').wait_final().status, 403)
        self.assertEqual(out.state, 'calling')

    def test_a_refused_park_by_invite(self):
        """By INVITE: 404 for an unknown extension; the held call is still held, and can be resumed."""
        out, into = self.answered_call()
        into.hold()
        self.assertEqual(self.bob.call('*68199').wait_final().status, 404)
        out.wait_hears(MUSIC)
        self.assertEqual(into.resume().status, 200)
        self.untouched(out, into)

    def test_goodbye_and_the_park_fails(self):
        """The parker hung up and the park fails: it is rung back at once, `Park failed: NAME`, and is joined again."""
        out, into = self.answered_call()
        with self.bob.changed:
            into.refer('*68199')
            into.hang_up()
        back = self.bob.next_call()
        self.assertIn('Park failed: user106', back.incoming.header('From'))
        self.assertEqual(out.state, 'up')
        back.answer()
        back.wait_up().wait_hears(440)
        out.wait_hears(1000)

    def test_goodbye_of_a_phone_that_wants_no_reports(self):
        """Refer-Sub: false, and the park fails: the phone cannot know. Whoever hangs up then is rung back."""
        out, into = self.answered_call()
        self.assertEqual(self.bob.answered(into.refer('*68199', headers=[('Refer-Sub', 'false')])).status, 202)
        into.hang_up()
        self.assertIn('Park failed: user106', self.bob.next_call().incoming.header('From'))
        self.assertEqual((out.state, into.reports), ('up', []))

    def test_nothing_to_retrieve(self):
        """Retrieving where nothing is parked, at nobody's number, and bare: 404."""
        for dialled in ('*88103', '*88199', '*88', '*88#'): self.nothing_at(self.bob, dialled)


class Disabled(ParkOffice):
    call_park = 'enabled = false'

    def test_call_park_is_disabled(self):
        """Disabled: 403, and the call is as it was."""
        out, into = self.answered_call()
        into.refer('*68103')
        self.assertEqual(into.wait_report(), 403)
        self.untouched(out, into)


class Scope(ParkOffice):
    call_park = 'retrieve_scope = "GROUP_OR_OWNER"'

    def test_who_may_retrieve(self):
        """GROUP_OR_OWNER: others get 403; a member of the place's group, and the parker, get the call."""
        out = self.park('*68103')
        self.assertEqual(self.phone('101').call('*88103').wait_final().status, 403)
        self.retrieved(self.phone('104', tone=850), '*88103', out, 850).hang_up()
        out.wait_over()
        out = self.park('*68101')
        self.retrieved(self.bob, '*88101', out, 1000)


class FewCalls(ParkOffice):
    more = '[limits]\ncalls = 1\n'

    def test_a_full_node(self):
        """No room for another call: what is up is parked, by REFER and by INVITE, and fetched all the same."""
        eve = self.phone('105')
        out = self.park('*68103')
        self.assertEqual(eve.call('101').wait_final().status, 503)
        james = self.phone('103', tone=850)
        back = self.retrieved(james, '*88', out, 850)
        back.hold()
        james.call('*68103').wait_up()
        self.retrieved(self.phone('101', tone=1000), '*88103', out, 1000)
        self.assertEqual(eve.call('104').wait_final().status, 503)


class OtherCodes(ParkOffice):
    codes = 'CALL_PARK = "#1"\nGROUP_CALL_PARK = "#2"\nCALL_RETRIEVE = "#3"'

    def test_codes_of_the_tenant(self):
        """The codes are the tenant's; # travels as %23, and the former ones are nobody's."""
        out = self.park('#1103')
        self.retrieved(self.phone('103', tone=850), '#3', out, 850)
        self.assertEqual(self.bob.call('*88103').wait_final().status, 404)


class Recall(ParkOffice):
    call_park = 'recall_time = 5\nrecall_ring_time = 5\nrecall_retry_time = 5\nmax_park_time = 3600'

    def test_the_parker_is_rung(self):
        """After recall_time the parker rings, `Recall: NAME`; answered, both talk."""
        out = self.park('*68103')
        back = self.bob.next_call(8)
        self.assertIn('Recall: user106', back.incoming.header('From'))
        self.assertIn('park-recall', back.incoming.header('Alert-Info'))
        back.answer()
        back.wait_up().wait_hears(440)
        out.wait_hears(1000)
        self.nothing_at(self.phone('101'), '*88103')

    def test_retrieved_while_it_rings(self):
        """A retrieve while the parker rings: the recall is cancelled."""
        out = self.park('*68103')
        back = self.bob.next_call(8)
        back.ring()
        self.retrieved(self.phone('103', tone=850), '*88', out, 850)
        back.wait_over()

    def test_busy_and_rung_again(self):
        """A busy parker is rung again after recall_retry_time; the call stays retrievable meanwhile."""
        out = self.park('*68103')
        self.bob.next_call(8).refuse(486)
        self.assertEqual(out.state, 'up')
        out.wait_hears(MUSIC)
        self.bob.next_call(8).answer()
        out.wait_hears(1000)


class Final(ParkOffice):
    call_park = 'recall_time = 0\nmax_park_time = 5\nfinal = "104"'

    def test_final(self):
        """When max_park_time is over, the call goes to `final`."""
        carol = self.phone('104', tone=850)
        out = self.park('*68103')
        last = carol.next_call(8)
        last.answer()
        out.wait_hears(850)
        last.hang_up()
        out.wait_over()


class DirectPark(ParkOffice):
    mode = 'direct'

    def test_park_and_retrieve(self):
        """Direct mode: the parked party is sent music by re-INVITE, and joined with the retriever by another."""
        out, into = self.answered_call()
        into.refer('*68103')
        self.assertEqual(into.wait_report(), 200)
        into.hang_up()                      # until then its phone sends to its peer directly
        out.wait_hears(MUSIC)
        self.retrieved(self.phone('103', tone=850), '*88', out, 850)
        self.assertTrue(out.heard('INVITE'))


if __name__ == '__main__':
    main()
