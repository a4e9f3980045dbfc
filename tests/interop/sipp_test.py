#!/usr/bin/env python3
"""SIPp, another stack that takes every message by the letter: registering, calling, holding, parking in every way, recalls, keys; some at once."""
import os, re, unittest

from office import Node, directory, eventually, main, need
import office
from sipp import Sipp, login, rows

CALLERS, CALLEES, RETRIEVERS = ([f'{kind}{i:04d}' for i in range(20)] for kind in '123')
NET = f'127.{60 + os.getpid() % 150}.{os.getpid() // 150 % 250}.'   # of this run: .1 is Parkway, .2 call, .3 are called, .4 retrieve


def call_id(message): return re.search(r'(?mi)^Call-ID: *(\S+)', message)[1]


class Traffic(unittest.TestCase):
    def setUp(self):
        self.started = []
        self.addCleanup(lambda: [s.stop() for s in self.started])

    def start(self, **more):
        """Parkway; more: of its directory."""
        staff = [(n, f'Load {n}') for n in CALLERS + CALLEES + RETRIEVERS]
        self.node = Node(directory(staff, **more), address=NET + '1', level='info').start()
        self.addCleanup(self.node.close)

    def sipp(self, scenario, last, port, **more):
        started = Sipp(self.node.folder, scenario, self.node.server(office.transport), NET + str(last), port,
                       transport=office.transport, trace=True, **more)
        self.started.append(started)
        return started

    def clients(self, scenario, last, port, numbers, dials, **more):
        data = rows(os.path.join(self.node.folder, f'{scenario}.csv'), [(n, login(n, 'secret' + n), d) for n, d in zip(numbers, dials)])
        return self.sipp(scenario, last, port, data=data, count=len(numbers), seconds=30, **more)

    def callees(self, scenario, numbers=CALLEES, last=3, port=7000, **more):
        """Phones, answering as the scenario says; they stay registered over the connection that their calls come down."""
        phones = self.clients('registered', last, port, numbers, numbers, out_of_call=scenario, rate=100, talk_ms=60000, **more)
        with_contact = eventually(lambda: phones.counts()['current'] >= len(numbers) and self.registered(numbers[-1]), 8)
        self.assertTrue(with_contact, phones.errors())
        return phones

    def registered(self, number):
        """Seen from outside by its binding."""
        phone = office.Phone(number, 'secret' + number, self.node.server('udp'), address=NET + '9')
        try: return bool(phone.register(contact='').all('Contact'))
        finally: phone.close()

    def good(self, *clients):
        for client in clients:
            status = client.wait(40)
            self.assertEqual(status, 0, f'{client.counts()}\n{client.errors()}\n{self.node.text(30)}')
            self.assertEqual(client.counts()['failed'], 0)

    def test_register(self):
        """Twenty phones register with digest."""
        self.start()
        self.good(self.clients('register', 2, 6000, CALLERS, CALLERS, rate=50))

    def test_options(self):
        """OPTIONS."""
        self.start()
        self.good(self.clients('options', 2, 6000, CALLERS, CALLERS, rate=50))

    def test_call(self):
        """Twenty calls with a challenge, ringing, a second of talk, goodbye."""
        self.start()
        self.callees('callee')
        calls = self.clients('caller', 2, 6000, CALLERS, CALLEES, rate=20, talk_ms=300)
        self.good(calls)

    def test_hold(self):
        """Twenty calls with hold and resume by re-INVITE."""
        self.start()
        self.callees('callee')
        self.good(self.clients('holding_caller', 2, 6000, CALLERS, CALLEES, rate=20, talk_ms=100))

    def parked(self, phones, outcome='Subscription-State: terminated'):
        """The callers, all parked: each parker has seen the outcome."""
        callers = self.clients('patient_caller', 2, 6000, CALLERS, CALLEES, rate=20)
        self.assertTrue(eventually(lambda: phones.said(outcome) >= len(CALLEES), 10, every=.1), phones.errors(20000) + self.node.text())
        return callers

    def retrieved(self, callers, codes):
        self.good(self.clients('retriever', 4, 8000, RETRIEVERS, codes, rate=10), callers)

    def park(self, phones, *outcome):
        self.retrieved(self.parked(phones, *outcome), ['*88' + n for n in CALLEES])

    def consult(self, scenario):
        """Phones that make a second call to park. They register apart."""
        if office.transport == 'tcp': self.skipTest('SIPp gives no credentials to calls that come down a connection of its own making')
        self.start()
        self.good(self.clients('register', 3, 7000, CALLEES, CALLEES, rate=50))
        users = rows(os.path.join(self.node.folder, 'users.csv'), [(n, login(n, 'secret' + n)) for n in CALLEES])
        return self.sipp(scenario, 3, 7000, users=users, keys=[('parkcode', '*68')])

    def test_park_by_refer(self):
        """Twenty calls parked by REFER, each retrieved by somebody else, who hangs up."""
        self.start()
        self.park(self.callees('refer_parker', keys=[('parkcode', '*68')]))

    def test_park_by_invite(self):
        """Twenty calls held and parked by INVITE, each retrieved by somebody else, who hangs up."""
        self.park(self.consult('invite_parker'), 'CSeq: 2 ACK')

    def test_park_by_attended_transfer(self):
        """Twenty calls transferred to a code that was called first, each parked once and retrieved."""
        phones = self.consult('attended_parker')
        self.park(phones, 'CSeq: 2 REFER')
        # 481: the call was gone before, parked by the one to the code.
        answers = [m for m in phones.messages(('SIP/2.0 202', 'SIP/2.0 481')) if 'CSeq: 2 REFER' in m]
        self.assertEqual(len(set(map(call_id, answers))), len(CALLEES), phones.errors(20000))

    def test_group_park(self):
        """Twenty calls parked at the group, each at a member of its own; members who dial *88 alone get one each."""
        members = '", "'.join(RETRIEVERS + CALLEES)
        self.start(more=f'[[tenant.call_park_group]]\nname = "All"\nmembers = ["{members}"]\n')
        self.callees('callee', RETRIEVERS, 5, 8100)
        callers = self.parked(self.callees('group_parker', keys=[('parkcode', '*58')]))
        self.retrieved(callers, ['*88'] * len(RETRIEVERS))

    def test_recall(self):
        """Twenty parked calls that nobody takes ring their parkers back, who talk and hang up."""
        self.start(call_park='recall_time = 5')
        phones = self.callees('refer_parker', keys=[('parkcode', '*68')])
        self.good(self.parked(phones))
        self.assertGreaterEqual(phones.said('info=park-recall'), len(CALLEES))

    def test_notification(self):
        """Twenty keys watch twenty places: each shows its parked call, and is dark when that is retrieved."""
        self.start()
        watchers = self.clients('watcher', 5, 8100, RETRIEVERS, CALLEES, rate=50)
        self.assertTrue(eventually(lambda: watchers.said('<dialog-info') >= len(CALLEES), 8, every=.1), watchers.errors())
        self.park(self.callees('refer_parker', keys=[('parkcode', '*68')]))
        self.good(watchers)
        told = {}
        for message in watchers.messages('NOTIFY '):
            told.setdefault(call_id(message), []).append('bw:callpark' in message)
        self.assertEqual(len(told), len(CALLEES))
        for key in told.values(): self.assertEqual((any(key), key[-1]), (True, False), told)


if __name__ == '__main__':
    need('sipp')
    main()
