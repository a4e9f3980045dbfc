#!/usr/bin/env python3
"""SIPp, another stack that takes every message by the letter: registering, calling, holding, parking, retrieving, some at once."""
import os, unittest

from office import Node, directory, eventually, main, need
import office
from sipp import Sipp, login, rows

CALLERS, CALLEES, RETRIEVERS = ([f'{kind}{i:04d}' for i in range(20)] for kind in '123')
NET = f'127.{60 + os.getpid() % 150}.{os.getpid() // 150 % 250}.'   # of this run: .1 is Parkway, .2 call, .3 are called, .4 retrieve


class Traffic(unittest.TestCase):
    def setUp(self):
        staff = [(n, f'Load {n}') for n in CALLERS + CALLEES + RETRIEVERS]
        self.node = Node(directory(staff), address=NET + '1', level='info').start()
        self.addCleanup(self.node.close)
        self.started = []
        self.addCleanup(lambda: [s.stop() for s in self.started])

    def sipp(self, scenario, last, port, **more):
        started = Sipp(self.node.folder, scenario, self.node.server(office.transport), NET + str(last), port,
                       transport=office.transport, trace=True, **more)
        self.started.append(started)
        return started

    def clients(self, scenario, last, port, numbers, dials, **more):
        data = rows(os.path.join(self.node.folder, f'{scenario}.csv'), [(n, login(n, 'secret' + n), d) for n, d in zip(numbers, dials)])
        return self.sipp(scenario, last, port, data=data, count=len(numbers), seconds=30, **more)

    def callees(self, scenario, **more):
        """All callees, answering as the scenario says; they stay registered over the connection that their calls come down."""
        phones = self.clients('registered', 3, 7000, CALLEES, CALLEES, out_of_call=scenario, rate=100, talk_ms=60000, **more)
        with_contact = eventually(lambda: phones.counts()['current'] >= len(CALLEES) and self.registered(), 8)
        self.assertTrue(with_contact, phones.errors())
        return phones

    def registered(self):
        """The last callee is there: seen from outside by its binding."""
        phone = office.Phone(CALLEES[-1], 'secret' + CALLEES[-1], self.node.server('udp'), address=NET + '9')
        try: return bool(phone.register(contact='').all('Contact'))
        finally: phone.close()

    def good(self, *clients):
        for client in clients:
            status = client.wait(40)
            self.assertEqual(status, 0, f'{client.counts()}\n{client.errors()}\n{self.node.text(30)}')
            self.assertEqual(client.counts()['failed'], 0)

    def test_register(self):
        """Twenty phones register with digest."""
        self.good(self.clients('register', 2, 6000, CALLERS, CALLERS, rate=50))

    def test_options(self):
        """OPTIONS."""
        self.good(self.clients('options', 2, 6000, CALLERS, CALLERS, rate=50))

    def test_call(self):
        """Twenty calls with a challenge, ringing, a second of talk, goodbye."""
        self.callees('callee')
        calls = self.clients('caller', 2, 6000, CALLERS, CALLEES, rate=20, talk_ms=300)
        self.good(calls)

    def test_hold(self):
        """Twenty calls with hold and resume by re-INVITE."""
        self.callees('callee')
        self.good(self.clients('holding_caller', 2, 6000, CALLERS, CALLEES, rate=20, talk_ms=100))

    def park(self, phones, outcome):
        callers = self.clients('patient_caller', 2, 6000, CALLERS, CALLEES, rate=20)
        self.assertTrue(eventually(lambda: phones.said(outcome) >= len(CALLEES), 10, every=.1), phones.errors(20000) + self.node.text())
        third = self.clients('retriever', 4, 8000, RETRIEVERS, ['*88' + n for n in CALLEES], rate=10)
        self.good(third, callers)

    def test_park_by_refer(self):
        """Twenty calls parked by REFER, each retrieved by somebody else, who hangs up."""
        self.park(self.callees('refer_parker', keys=[('parkcode', '*68')]), 'Subscription-State: terminated')

    def test_park_by_invite(self):
        """Twenty calls held and parked by INVITE, each retrieved by somebody else, who hangs up."""
        if office.transport == 'tcp': self.skipTest('SIPp gives no credentials to calls that come down a connection of its own making')
        self.good(self.clients('register', 3, 7000, CALLEES, CALLEES, rate=50))
        users = rows(os.path.join(self.node.folder, 'users.csv'), [(n, login(n, 'secret' + n)) for n in CALLEES])
        self.park(self.sipp('invite_parker', 3, 7000, users=users, keys=[('parkcode', '*68')]), 'CSeq: 2 ACK')


if __name__ == '__main__':
    need('sipp')
    main()
