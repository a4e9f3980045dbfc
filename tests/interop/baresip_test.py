#!/usr/bin/env python3
"""Three baresips: a call, parks by transfer, music, a retrieve, a recall; each step proved by the tone that is on the wire."""
import os, time

from office import MUSIC, Office, eventually, main, music_file, need
import office
from baresip import Baresip
from capture import Capture

TONES = {'101': 440, '102': 1000, '103': 850}
HEARD = (*TONES.values(), MUSIC)


class Telephones(Office):
    # baresip 1.0 gives up where it is offered an algorithm it does not know, even after one that it does.
    more = '[sip]\ndigest = ["MD5"]\n'

    def setUp(self):
        super().setUp()
        # A block of ports of its own for each run, below those that the system gives out, beside Parkway's.
        base = 10000 + os.getpid() % 14 * 700
        self.rtp = {number: (base + 100 * n, base + 100 * n + 20) for n, number in enumerate(TONES)}
        self.capture = Capture(self.node.folder, (base, base + 400))
        self.addCleanup(self.capture.stop)
        self.sets = {}
        for n, (number, tone) in enumerate(TONES.items()):
            file = music_file(self.node.folder, tone, 30)
            phone = Baresip(self.node.folder, number, 'secret' + number, self.node.server(office.transport), file, base + 600 + 10 * n,
                            self.rtp[number], transport=office.transport)
            self.addCleanup(phone.close)
            self.sets[number] = phone
        for phone in self.sets.values(): self.assertTrue(eventually(lambda: 'OK' in phone.command('reginfo'), 8), phone.said())

    def hears(self, number, hertz, since):
        self.assertTrue(self.capture.wait_tone(self.rtp[number], hertz, HEARD, since),
                        f'{number} does not hear {hertz} Hz: {self.capture.tones(self.rtp[number], HEARD)[-20:]}\n{self.sets[number].said()}')

    def talk(self):
        """101 calls 102."""
        alice, bob = self.sets['101'], self.sets['102']
        alice.command('dial', 'sip:102@pbx.test')
        bob.wait('CALL_INCOMING')
        bob.command('accept')
        alice.wait('CALL_ESTABLISHED'), bob.wait('CALL_ESTABLISHED')
        return alice, bob

    def park(self, code):
        """102 parks 101 by transfer and is done; 101 hears music."""
        alice, bob = self.talk()
        began, mark = time.time(), bob.mark()
        self.hears('101', 1000, began)
        began = time.time()
        bob.command('transfer', f'sip:{code}@pbx.test')
        bob.wait('CALL_CLOSED', mark)
        self.since_parked = bob.mark()
        self.hears('101', MUSIC, began)
        return alice

    def retrieve(self, code, alice):
        """103 takes 101, both hear each other, 103 hangs up."""
        james, began = self.sets['103'], time.time()
        james.command('dial', f'sip:{code}@pbx.test')
        james.wait('CALL_ESTABLISHED')
        self.hears('101', 850, began), self.hears('103', 440, began)
        self.assertFalse([e for e in alice.events if e.get('type') == 'CALL_CLOSED'])
        james.command('hangup')
        alice.wait('CALL_CLOSED')


class Calls(Telephones):
    def test_call_and_hold(self):
        """Both hear each other; while one holds, the other hears music; after the resume both talk again."""
        began = time.time()
        alice, bob = self.talk()
        self.hears('101', 1000, began), self.hears('102', 440, began)
        began = time.time()
        alice.command('hold')
        self.hears('102', MUSIC, began)
        began = time.time()
        alice.command('resume')
        self.hears('101', 1000, began), self.hears('102', 440, began)
        mark = bob.mark()
        alice.command('hangup')
        bob.wait('CALL_CLOSED', mark)

    def test_park_and_retrieve(self):
        """102 parks 101 at 104; 103 dials *88104."""
        self.retrieve('*88104', self.park('*68104'))

    def test_group_park(self):
        """102 parks 101 at the group, whose only other phone is 103; 103 dials *88."""
        self.retrieve('*88', self.park('*58'))

    def test_a_retrieve_of_nothing(self):
        """*88104 with nothing parked: the phone shows 404."""
        james = self.sets['103']
        james.command('dial', 'sip:*88104@pbx.test')
        self.assertIn('404', james.wait('CALL_CLOSED')['param'])


class Recall(Telephones):
    call_park = 'recall_time = 5\n'

    def test_recall(self):
        """Nobody takes 101: 102 is rung, answers, and both hear each other."""
        alice, bob = self.park('*68104'), self.sets['102']
        self.assertIn('Recall', bob.wait('CALL_INCOMING', self.since_parked)['peerdisplayname'])
        began = time.time()
        bob.command('accept')
        self.hears('101', 1000, began), self.hears('102', 440, began)
        alice.command('hangup')
        bob.wait('CALL_CLOSED', self.since_parked)


if __name__ == '__main__':
    need('baresip', 'tcpdump')
    main()
