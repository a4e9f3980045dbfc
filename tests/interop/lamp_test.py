#!/usr/bin/env python3
"""What phones are told of calls that are parked, and of calls that are up: park-info, call-info, dialog."""
import re, time

from office import directory, main
from park_test import ParkOffice

PARK_BODY = 'application/x-broadworks-callpark-info+xml'
DIALOG_BODY = 'application/dialog-info+xml'
LATE = 1.0                                                      # s; 0.3 is promised, but the machine may be busy with other tests


class Lamps(ParkOffice):
    def is_told(self, phone, count=1):
        """(time, NOTIFY) of park-info."""
        at, notify = phone.wait_told('park-info', count)
        self.assertEqual(notify.header('Content-Type'), PARK_BODY)
        self.assertTrue(notify.header('Subscription-State'))
        return at, notify

    def untold(self, phone):
        self.assertFalse([m for _, m in phone.told if '<parked>' in m.body], phone.ladder())

    def test_the_phones_of_the_place_are_told(self):
        """Every phone of 103 is told who is parked, at once, and again when nobody is any more."""
        desk, cordless, alice = self.phone('103'), self.phone('103'), self.phone('101')
        began = time.monotonic()
        out = self.park('*68103')
        for phone in (desk, cordless):
            at, notify = self.is_told(phone)
            self.assertLess(at - began, LATE)
            self.assertIn('<identity display="user106">sip:106@pbx.test;user=phone</identity>', notify.body)
            for word in ('Bob', '*88103'): self.assertIn(word, notify.body)
            self.assertRegex(notify.header('From'), '^"Call Park" <sip:666@pbx.test>;tag=')
            self.assertRegex(notify.header('Contact'), r'^<sip:666@127\.0\.0\.1:')
            self.assertEqual(notify.header('Call-Info'), '<sip:pbx.test>;appearance-index=*;appearance-state=idle')
        began = time.monotonic()
        alice.call('*88103').wait_up()
        for phone in (desk, cordless):
            at, notify = self.is_told(phone, 2)
            self.assertLess(at - began, LATE)
            self.assertNotIn('<parked>', notify.body)
        self.untold(alice), self.untold(self.bob)
        self.assertEqual(out.state, 'up')

    def test_the_customer_hangs_up(self):
        """A parked party that hangs up clears the lamps."""
        james = self.phone('103')
        out = self.park('*68103')
        self.is_told(james)
        out.hang_up()
        self.assertNotIn('<parked>', self.is_told(james, 2)[1].body)

    def test_group_park(self):
        """Every member of the group is told of a group park, the parker is not; each when it registers, where it was away."""
        carol = self.phone('104')
        james = self.phone('103', registered=False)
        james.register()
        self.park('*58')                                        # at Bob, the first who is registered: he is told as the place
        self.assertIn('106', self.is_told(carol)[1].body)
        self.assertIn('106', self.is_told(james)[1].body)
        self.assertIn('106', self.is_told(self.bob)[1].body)
        late = self.phone('104')
        self.assertIn('106', self.is_told(late)[1].body)

    def test_the_own_extension(self):
        """A parker who parks at its own extension is told."""
        self.park('*68')
        self.is_told(self.bob)

    def test_a_phone_that_registers_anew(self):
        """The state is sent again to a phone that comes back."""
        self.park('*68103')
        james = self.phone('103')
        self.assertIn('<parked>', self.is_told(james)[1].body)

    def test_a_phone_that_refuses(self):
        """489: not told again by that channel, until it registers anew."""
        james = self.phone('103')
        james.refuses['park-info'] = 489
        out = self.park('*68103')
        self.is_told(james)
        self.phone('101').call('*88103').wait_up().hang_up()
        out.wait_over()
        self.park('*68103').hang_up()
        self.nothing_at(self.phone('105'), '*88103')
        self.assertEqual(len(james.told), 1, james.ladder())
        james.refuses.clear()
        james.register(expires=0)
        james.register()
        self.park('*68103')
        self.is_told(james, 2)

    def test_a_phone_that_is_dead(self):
        """A phone that does not answer delays no other."""
        dead, james = self.phone('103'), self.phone('103')
        dead.silent.add('NOTIFY')
        began = time.monotonic()
        self.park('*68103')
        self.assertLess(self.is_told(james)[0] - began, LATE)

    def test_several_calls(self):
        """The body shows the call that a bare *88 would fetch: the one parked first; then the next."""
        james = self.phone('103')
        self.park('*68103')
        eve = self.phone('105')
        self.park('*68103', self.talk(eve, self.bob))
        james.call('*88').wait_up()
        james.wait('105 on the display', lambda: '105@' in james.told[-1][1].body)

    def test_call_info(self):
        """A phone that subscribes call-info is told by the BroadWorks body there, and not by park-info."""
        james = self.phone('103')
        lamp = james.subscribe('call-info', '103', PARK_BODY)
        self.assertEqual(lamp.final.status, 200, james.ladder())
        lamp.wait('first NOTIFY', lambda s: '<callpark/>' in s.body)
        self.assertEqual(lamp.notifies[0][1].header('Call-Info'), '<sip:pbx.test>;appearance-index=*;appearance-state=idle')
        out = self.park('*68103')
        lamp.wait('parked', lambda s: '<identity display="user106">sip:106@pbx.test;user=phone</identity>' in s.body)
        out.hang_up()
        lamp.wait('cleared', lambda s: '<callpark/>' in s.body)
        self.untold(james)

    def test_dialog_of_ordinary_calls(self):
        """A BLF key shows early, confirmed and no call; documents are full, their versions grow."""
        alice, eve = self.phone('101'), self.phone('105')
        lamp = eve.subscribe('dialog', '102', DIALOG_BODY)
        self.assertEqual(lamp.final.status, 200, eve.ladder())
        lamp.wait('idle', lambda s: not [x for x in s.states if x != 'terminated'])
        out = alice.call('102')
        into = self.bob.next_call()
        into.ring()
        lamp.wait('early', lambda s: 'early' in s.states)
        into.answer()
        lamp.wait('confirmed', lambda s: 'confirmed' in s.states)
        out.wait_up().hang_up()
        lamp.wait('idle again', lambda s: not [x for x in s.states if x != 'terminated'])
        versions = [int(re.search(r'version="(\d+)"', m.body)[1]) for _, m in lamp.notifies]
        self.assertEqual(versions, sorted(set(versions)))
        self.assertIn('entity="sip:102@pbx.test"', lamp.body)

    def test_dialog_of_a_parked_call(self):
        """A BLF key of the place shows the parked call, and who it is."""
        eve = self.phone('105')
        lamp = eve.subscribe('dialog', '103', DIALOG_BODY)
        out = self.park('*68103')
        lamp.wait('parked', lambda s: 'bw:callpark' in s.body and '106' in s.body and s.states == ['confirmed'])
        out.hang_up()
        lamp.wait('idle', lambda s: not [x for x in s.states if x != 'terminated'])

    def test_retrieve_by_the_published_dialog(self):
        """INVITE with Replaces of the dialog that the BLF key was told takes the parked call."""
        eve = self.phone('105', tone=850)
        lamp = eve.subscribe('dialog', '103', DIALOG_BODY)
        out = self.park('*68103')
        lamp.wait('parked', lambda s: s.states == ['confirmed'])
        said = {k: re.search(rf'{k}="([^"]*)"', lamp.body) for k in ('call-id', 'local-tag', 'remote-tag')}
        self.assertTrue(all(said.values()), lamp.body)
        call_id, local, remote = (said[k][1] for k in ('call-id', 'local-tag', 'remote-tag'))
        taken = eve.call('103', headers=[('Replaces', f'{call_id};to-tag={local};from-tag={remote}'), ('Require', 'replaces')])
        taken.wait_up().wait_hears(440)
        out.wait_hears(850)

    def test_a_subscription_ends(self):
        """Expires: 0 ends it with a last NOTIFY; nothing comes after that."""
        eve = self.phone('105')
        lamp = eve.subscribe('dialog', '103', DIALOG_BODY)
        lamp.wait('first', lambda s: True)
        self.assertEqual(lamp.refresh(0).status, 200)
        lamp.wait('last', lambda s: s.notifies[-1][1].header('Subscription-State').startswith('terminated'))
        count = len(lamp.notifies)
        self.park('*68103').hang_up()
        self.nothing_at(self.phone('101'), '*88103')
        self.assertEqual(len(lamp.notifies), count)

    def test_a_refresh(self):
        """A refresh keeps the subscription and sends the full state."""
        eve = self.phone('105')
        lamp = eve.subscribe('dialog', '103', DIALOG_BODY)
        self.park('*68103')
        lamp.wait('parked', lambda s: s.states == ['confirmed'])
        count = len(lamp.notifies)
        self.assertEqual(lamp.refresh(600).status, 200)
        lamp.wait('state once more', lambda s: len(s.notifies) > count and s.states == ['confirmed'])

    def test_events_nobody_knows(self):
        """An unknown event: 489 with Allow-Events; an extension nobody has: 404; without credentials: 401."""
        eve = self.phone('105')
        answer = eve.subscribe('telepathy', '103', DIALOG_BODY).final
        self.assertEqual(answer.status, 489)
        for event in ('dialog', 'call-info'): self.assertIn(event, answer.header('Allow-Events'))
        self.assertEqual(eve.subscribe('dialog', '199', DIALOG_BODY).final.status, 404)
        eve.algorithms = ()
        self.assertEqual(eve.subscribe('dialog', '103', DIALOG_BODY).final.status, 401)


class ParkerIsTold(Lamps):
    call_park = 'send_notification_to_parker = true'

    def test_the_parker_is_told(self):
        """send_notification_to_parker: the parker is told of a park at another extension."""
        self.phone('103')
        self.park('*68103')
        self.assertIn('<parked>', self.is_told(self.bob)[1].body)


class Tenants(Lamps):
    second_tenant = directory([('101', 'Other'), ('103', 'Other James')], domain='other.test', name='other', default=False, first=False)

    def test_lamps_of_another_tenant(self):
        """103 of another tenant sees nothing of what is parked at 103 here."""
        james, other = self.phone('103'), self.phone('103', domain='other.test')
        lamp = other.subscribe('dialog', '103', DIALOG_BODY)
        self.park('*68103')
        self.is_told(james)
        self.assertEqual(other.call('*88103').wait_final().status, 404)
        self.untold(other)
        self.assertNotIn('106', ''.join(m.body for _, m in lamp.notifies))


def load_tests(loader, tests, pattern):
    """Each class with its own tests only: those of Lamps need not be run by its heirs."""
    found = loader.suiteClass()
    for case in (Lamps, ParkerIsTold, Tenants):
        found.addTests(case(name) for name in loader.getTestCaseNames(case) if name in vars(case))
    return found


if __name__ == '__main__':
    main()
