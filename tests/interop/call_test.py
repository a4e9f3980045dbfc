#!/usr/bin/env python3
"""Extension to extension: answering, refusing, holding, transferring, with sound."""
import time

from office import MUSIC, Office, directory, eventually, main
from audio import Description
from message import name_of, parameter, user_of


class Calls(Office):
    def test_options(self):
        """OPTIONS to Parkway itself: 200 without credentials."""
        phone = self.phone('101', registered=False)
        answer = phone.request('OPTIONS', credentials_for=False)
        self.assertEqual(answer.status, 200)
        for method in ('INVITE', 'REFER', 'NOTIFY'): self.assertIn(method, answer.header('Allow'))

    def test_numbers_that_cannot_be_called(self):
        """A number nobody has: 404; an extension with no contact: 480."""
        alice = self.phone('101')
        self.assertEqual(alice.call('199').wait_final().status, 404)
        self.assertEqual(alice.call('104').wait_final().status, 480)

    def test_everybody_is_challenged(self):
        """INVITE, and REFER outside a dialog, without credentials: 401."""
        alice = self.phone('101')
        alice.algorithms = ()
        self.assertEqual(alice.call('102').wait_final().status, 401)
        self.assertEqual(alice.request('REFER', '102', [('Refer-To', '<sip:103@pbx.test>')]).status, 401)

    def test_a_false_from(self):
        """A From user other than the authenticated one is refused with 403; anonymous is not."""
        alice, bob = self.phone('101'), self.phone('102')
        self.assertEqual(alice.call('102', from_='<sip:103@pbx.test>').wait_final().status, 403)
        alice.call('102', from_='"Anonymous" <sip:anonymous@anonymous.invalid>')
        self.assertNotIn('101', bob.next_call().incoming.header('From'))

    def test_a_call(self):
        """Ringing, answer, sound both ways, goodbye of the called; each dialog is Parkway's own."""
        alice, bob = self.phone('101', tone=440), self.phone('102', tone=1000)
        out = alice.call('102')
        into = bob.next_call()
        self.assertEqual((user_of(into.incoming.header('From')), name_of(into.incoming.header('From'))), ('101', 'Alice'))
        self.assertNotEqual(into.call_id, out.call_id)
        into.ring()
        out.wait_provisional(180)
        into.answer()
        out.wait_up(), into.wait_up()
        self.assertIn('"Bob"', out.final.header('P-Asserted-Identity'))
        out.wait_hears(1000), into.wait_hears(440)
        for mine, theirs in ((out, into), (into, out)):
            self.assertNotEqual(mine.audio.remote.port, theirs.audio.port, 'relay: the other phone\'s port is not shown')
        into.hang_up()
        self.assertEqual(out.wait_over().ended_by, 'them')

    def test_the_caller_hangs_up(self):
        """BYE of the caller ends the other side too, and is answered; a second BYE is 481."""
        alice, bob = self.phone('101'), self.phone('102')
        out, into = self.talk(alice, bob)
        self.assertEqual(alice.answered(out.hang_up()).status, 200)
        into.wait_over()
        self.assertEqual(alice.answered(out.request('BYE')).status, 481)

    def test_requests_of_no_dialog(self):
        """Requests of a dialog nobody knows: 481."""
        alice = self.phone('101')
        call = alice.call('199')
        call.wait_final()
        call.remote += ';tag=nobody' if 'tag=' not in call.remote else ''
        for method in ('BYE', 'INFO', 'UPDATE', 'REFER', 'NOTIFY'):
            self.assertEqual(alice.answered(call.request(method)).status, 481, method)

    def test_early_media(self):
        """183 with a session description reaches the caller, and its sound too."""
        alice, bob = self.phone('101'), self.phone('102', tone=850)
        out = alice.call('102')
        bob.next_call().ring(183, early=True)
        self.assertTrue(out.wait_provisional(183).body)
        out.wait_hears(850)

    def test_reliable_provisionals(self):
        """100rel on both sides: PRACK of the caller, PRACK to the called."""
        alice, bob = self.phone('101'), self.phone('102')
        out = alice.call('102', headers=[('Supported', '100rel')])
        into = bob.next_call()
        self.assertIn('100rel', ' '.join(into.incoming.all('Supported') + into.incoming.all('Require')))
        into.ring(183, early=True, reliable=True)
        self.assertIn('100rel', out.wait_provisional(183).header('Require'))
        into.wait_inbox('PRACK')
        into.answer()
        out.wait_up()

    def test_the_caller_gives_up(self):
        """CANCEL: 200 for it, 487 for the INVITE, the called phone stops ringing."""
        alice, bob = self.phone('101'), self.phone('102')
        out = alice.call('102')
        into = bob.next_call()
        into.ring()
        out.wait_provisional(180)
        self.assertEqual(alice.answered(out.cancel()).status, 200)
        self.assertEqual(out.wait_final().status, 487)
        self.assertEqual(into.wait_over().ended_by, 'them')

    def test_refusals(self):
        """What a phone refuses with is what the caller gets."""
        alice, bob = self.phone('101'), self.phone('102')
        for status in (486, 480, 404, 408, 603, 488):
            out = alice.call('102')
            bob.next_call().refuse(status)
            self.assertEqual(out.wait_final().status, status)

    def test_a_fork(self):
        """All contacts ring, the first answer wins, the rest get CANCEL with a reason."""
        alice, desk, cordless = self.phone('101'), self.phone('102', tone=440), self.phone('102')
        out = alice.call('102')
        one, other = desk.next_call(), cordless.next_call()
        one.ring(), other.ring()
        one.answer()
        out.wait_up()
        other.wait_over()
        reason = other.heard('CANCEL')[0].header('Reason')
        self.assertEqual((reason.split(';')[0], parameter(reason, 'cause'), parameter(reason, 'text')),
                         ('SIP', '200', 'Call completed elsewhere'))
        out.wait_hears(440)

    def test_a_fork_where_one_is_busy(self):
        """One busy contact does not end the ringing of the other; 603 does."""
        alice, desk, cordless = self.phone('101'), self.phone('102'), self.phone('102')
        out = alice.call('102')
        desk.next_call().refuse(486)
        call = cordless.next_call()
        call.ring()
        out.wait_provisional(180)
        call.answer()
        out.wait_up().hang_up()
        out = alice.call('102')
        call = cordless.next_call()
        call.ring()
        out.wait_provisional(180)
        desk.next_call().refuse(603)
        self.assertEqual(out.wait_final().status, 603)
        call.wait_over()

    def test_hold(self):
        """The held party hears music and gets no re-INVITE; after the resume both hear each other."""
        alice, bob = self.phone('101', tone=440), self.phone('102', tone=1000)
        out, into = self.talk(alice, bob)
        out.wait_hears(1000)
        held = out.hold()
        self.assertEqual((held.status, Description(held.body).direction), (200, 'recvonly'))
        into.wait_hears(MUSIC)
        self.assertEqual(out.resume().status, 200)
        since = time.monotonic()
        into.wait_hears(440, since=since), out.wait_hears(1000, since=since)
        self.assertEqual(into.heard('INVITE') + into.heard('UPDATE'), [])

    def test_hold_by_update(self):
        """UPDATE holds and resumes as a re-INVITE does."""
        alice, bob = self.phone('101', tone=440), self.phone('102')
        out, into = self.talk(alice, bob)
        self.assertEqual(bob.answered(into.propose('inactive', 'UPDATE')).status, 200)
        out.wait_hears(MUSIC)
        self.assertEqual(bob.answered(into.propose('sendrecv', 'UPDATE')).status, 200)
        into.wait_hears(440)

    def test_both_hold(self):
        """Each side may hold; the call is back when both have resumed."""
        alice, bob = self.phone('101', tone=440), self.phone('102', tone=1000)
        out, into = self.talk(alice, bob)
        for call in (out, into): self.assertEqual(call.hold().status, 200)
        for call in (out, into): self.assertEqual(call.resume().status, 200)
        since = time.monotonic()
        into.wait_hears(440, since=since), out.wait_hears(1000, since=since)

    def test_offers_that_overtake_each_other(self):
        """Two re-INVITEs and an UPDATE without a pause: the first is answered, the others too or refused with 491 or 500, each time.
        As many as one phone may ask in a call without a pause: beyond 60 it is 503."""
        alice, bob = self.phone('101', tone=440), self.phone('102')
        out, into = self.talk(alice, bob)
        for _ in range(18):
            first, second, third = out.propose('sendonly'), out.propose('sendrecv'), out.propose('sendrecv', 'UPDATE')
            self.assertIn(alice.answered(first).status, (200, 491))
            for asked in (second, third): self.assertIn(alice.answered(asked).status, (200, 491, 500))
        into.wait_hears(440)

    def test_session_timers(self):
        """A caller with session timers gets one of 1800 s or less; an interval under 90 s is 422 with Min-SE."""
        alice, bob = self.phone('101'), self.phone('102')
        timer = ('Supported', 'timer')
        refused = alice.call('102', headers=[timer, ('Session-Expires', '60')]).wait_final()
        self.assertEqual((refused.status, refused.header('Min-SE')), (422, '90'))
        out = alice.call('102', headers=[timer, ('Session-Expires', '1800')])
        bob.next_call().answer()
        expires = out.wait_up().final.header('Session-Expires')
        self.assertTrue(90 <= int(expires.split(';')[0]) <= 1800, expires)
        self.assertIn(parameter(';' + expires.partition(';')[2], 'refresher'), ('uac', 'uas'))

    def test_a_refresh(self):
        """A session refresh without a change is answered and disturbs nobody."""
        alice, bob = self.phone('101', tone=440), self.phone('102')
        out, into = self.talk(alice, bob)
        self.assertEqual(alice.answered(out.request('UPDATE')).status, 200)
        into.wait_hears(440)
        self.assertEqual(into.inbox, [])

    def test_an_offer_that_comes_late(self):
        """INVITE without an offer: it stands in the 200, the answer in the ACK, and both are heard."""
        alice, bob = self.phone('101', tone=440), self.phone('102', tone=1000)
        out = alice.call('102', offer=False)
        bob.next_call().answer()
        self.assertTrue(out.wait_up().final.body)
        out.wait_hears(1000)
        bob.calls[-1].wait_hears(440)

    def test_info(self):
        """INFO in a dialog reaches the other side with its body."""
        alice, bob = self.phone('101'), self.phone('102')
        out, into = self.talk(alice, bob)
        asked = out.request('INFO', body='Signal=5\r\nDuration=160\r\n', kind='application/dtmf-relay')
        self.assertEqual(alice.answered(asked).status, 200)
        self.assertEqual(into.wait_inbox('INFO').body, 'Signal=5\r\nDuration=160\r\n')

    def test_codecs_are_the_phones(self):
        """One phone with A-law only: both sides agree on it, and it sounds right."""
        alice, bob = self.phone('101', tone=440, codecs=('PCMA',)), self.phone('102', tone=1000)
        out, into = self.talk(alice, bob)
        out.wait_hears(1000), into.wait_hears(440)
        self.assertEqual({p[1] for p in into.audio.heard}, {8})

    def test_no_common_codec(self):
        """A called phone that shares no codec: 488 for the caller."""
        alice, bob = self.phone('101', codecs=('PCMA',)), self.phone('102', codecs=('PCMU',))
        out = alice.call('102')
        bob.next_call().answer()
        self.assertEqual(out.wait_final().status, 488)

    def test_a_tenant_calls_inside_itself(self):
        """The number dialled is looked up in the caller's tenant."""
        alice, bob = self.phone('101'), self.phone('102')
        alice.call('102', host='192.0.2.1')
        bob.next_call()


class Transfers(Office):
    def test_blind_transfer(self):
        """Bob refers Alice to Carol: Alice and Carol talk, Bob is told 200 and is out."""
        alice, bob, carol = self.phone('101', tone=440), self.phone('102'), self.phone('104', tone=1000)
        out, into = self.talk(alice, bob)
        refer = into.refer('104')
        self.assertEqual(bob.answered(refer).status, 202)
        at_carol = carol.next_call()
        self.assertIn('101', at_carol.incoming.header('From'))
        self.assertEqual((out.state, into.state), ('up', 'up'), 'the old call stays until the target answered')
        at_carol.answer()
        self.assertEqual(into.wait_report(), 200)
        out.wait_hears(1000), at_carol.wait_hears(440)
        into.wait_over(10)
        self.assertEqual(out.state, 'up')
        at_carol.hang_up()
        out.wait_over()

    def test_the_reports(self):
        """A REFER makes a subscription: first 100, then the outcome; Event, Subscription-State, sipfrag."""
        alice, bob, carol = self.phone('101'), self.phone('102'), self.phone('104')
        out, into = self.talk(alice, bob)
        into.refer('104')
        carol.next_call().refuse(486)
        self.assertEqual(into.wait_report(), 486)
        first, last = into.heard('NOTIFY')[0], into.heard('NOTIFY')[-1]
        self.assertTrue(first.body.startswith('SIP/2.0 100'))
        for notify in (first, last):
            self.assertEqual(notify.header('Event').split(';')[0], 'refer')
            self.assertTrue(notify.header('Content-Type').startswith('message/sipfrag'))
        self.assertTrue(first.header('Subscription-State').startswith('active'))
        self.assertTrue(last.header('Subscription-State').startswith('terminated'))

    def test_a_transfer_that_fails(self):
        """The target is unknown: the referrer is told, and the call goes on as it was."""
        alice, bob = self.phone('101', tone=440), self.phone('102')
        out, into = self.talk(alice, bob)
        into.refer('199')
        self.assertEqual(into.wait_report(), 404)
        into.wait_hears(440)
        self.assertEqual((out.state, into.state), ('up', 'up'))

    def test_without_reports(self):
        """Refer-Sub: false: nobody is told anything (RFC 4488)."""
        alice, bob, carol = self.phone('101'), self.phone('102'), self.phone('104')
        out, into = self.talk(alice, bob)
        answer = bob.answered(into.refer('104', headers=[('Refer-Sub', 'false')]))
        self.assertEqual(answer.header('Refer-Sub'), 'false')
        carol.next_call().answer()
        into.wait_over(10)
        self.assertEqual(into.heard('NOTIFY'), [])

    def test_attended_transfer(self):
        """Bob talks to Carol first, then joins Alice with her by REFER with Replaces."""
        alice, bob, carol = self.phone('101', tone=440), self.phone('102'), self.phone('104', tone=1000)
        out, into = self.talk(alice, bob)
        into.hold()
        consult, at_carol = self.talk(bob, carol)
        into.refer('104', replaces=consult)
        self.assertEqual(into.wait_report(), 200)
        out.wait_hears(1000), at_carol.wait_hears(440)
        into.wait_over(10), consult.wait_over(10)
        out.hang_up()
        at_carol.wait_over()

    def test_invite_with_replaces(self):
        """A phone takes a call over by INVITE with Replaces: the replaced leg ends."""
        alice, bob, cordless = self.phone('101', tone=440), self.phone('102'), self.phone('102', tone=1000)
        out, into = self.talk(alice, bob)
        call_id, to_tag, from_tag = into.name
        taken = cordless.call('101', headers=[('Replaces', f'{call_id};to-tag={to_tag};from-tag={from_tag}'), ('Require', 'replaces')])
        taken.wait_up().wait_hears(440)
        into.wait_over()
        out.wait_hears(1000)

    def test_replaces_of_an_early_dialog_alone(self):
        """early-only, and the call has been answered: 486, and it goes on (RFC 3891 §3)."""
        alice, bob, cordless = self.phone('101', tone=440), self.phone('102'), self.phone('102')
        out, into = self.talk(alice, bob)
        call_id, to_tag, from_tag = into.name
        replaces = f'{call_id};to-tag={to_tag};from-tag={from_tag};early-only'
        self.assertEqual(cordless.call('101', headers=[('Replaces', replaces)]).wait_final().status, 486)
        into.wait_hears(440)
        out.hang_up()
        into.wait_over()

    def test_replaces_of_nothing(self):
        """Replaces of a dialog nobody knows: 481."""
        alice, bob = self.phone('101'), self.phone('102')
        answer = alice.call('102', headers=[('Replaces', 'nobody@nowhere;to-tag=1;from-tag=2')]).wait_final()
        self.assertEqual(answer.status, 481)
        self.assertFalse(bob.calls)


class Tenants(Office):
    second_tenant = directory([('101', 'Other Alice'), ('104', 'Other Carol')], domain='other.test', name='other', default=False, first=False)

    def test_replaces_of_another_tenant(self):
        """One tenant cannot take a call of another, even when it knows its dialog."""
        alice, bob = self.phone('101'), self.phone('102')
        out, into = self.talk(alice, bob)
        stranger = self.phone('101', domain='other.test')
        call_id, to_tag, from_tag = into.name
        answer = stranger.call('104', headers=[('Replaces', f'{call_id};to-tag={to_tag};from-tag={from_tag}')]).wait_final()
        self.assertEqual(answer.status, 481)
        self.assertEqual((out.state, into.state), ('up', 'up'))

    def test_the_same_number_elsewhere(self):
        """104 is Carol of the caller's tenant only."""
        carol, other = self.phone('104'), self.phone('104', domain='other.test')
        self.phone('101').call('104')
        carol.next_call()
        self.assertFalse(other.calls)


class FewCalls(Office):
    more = '[limits]\ncalls = 1\n'

    def test_too_many_calls(self):
        """Beyond the limit: 503 with Retry-After; the call that is up goes on, and when it ends there is room."""
        alice, bob, carol = self.phone('101'), self.phone('102'), self.phone('104')
        out, into = self.talk(alice, bob)
        refused = carol.call('101').wait_final()
        self.assertEqual(refused.status, 503)
        self.assertTrue(refused.header('Retry-After').isdigit())
        self.assertEqual(out.hold().status, 200)
        out.hang_up()
        into.wait_over()

        def room():
            call = carol.call('101')
            return eventually(lambda: call.final or call.provisional and len(alice.calls) > 1, 2) is True
        self.assertTrue(eventually(room))


class Direct(Office):
    mode = 'direct'

    def test_phones_send_to_each_other(self):
        """Direct mode: each phone is shown the other's address and port."""
        alice, bob = self.phone('101', tone=440), self.phone('102', tone=1000)
        out, into = self.talk(alice, bob)
        self.assertEqual(out.audio.remote.port, into.audio.port)
        self.assertEqual(into.audio.remote.port, out.audio.port)
        out.wait_hears(1000), into.wait_hears(440)

    def test_hold_is_relayed(self):
        """Direct mode: the held party is offered music by re-INVITE, and the other phone after the resume."""
        alice, bob = self.phone('101', tone=440), self.phone('102', tone=1000)
        out, into = self.talk(alice, bob)
        self.assertEqual(out.hold().status, 200)
        into.wait_inbox('INVITE')
        into.wait_hears(MUSIC)
        self.assertEqual(out.resume().status, 200)
        since = time.monotonic()
        into.wait_hears(440, since=since), out.wait_hears(1000, since=since)


if __name__ == '__main__':
    main()
