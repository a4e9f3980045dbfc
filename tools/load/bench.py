#!/usr/bin/env python3
"""What Parkway costs, measured with SIPp and simulated phones; one Markdown table at the end.

CPU is user and system time of the whole process (/proc/PID/stat), Parkway on the last core, SIPp on the first; memory is PSS.
Every REGISTER and INVITE is challenged (MD5). Calls are set up in relay mode; no RTP flows but music."""
import argparse, os, resource, shutil, statistics, sys, tempfile, time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'demo')]
from meter import cpu_seconds, pss_kb                           # noqa: E402
from deskphone import Phone                                     # noqa: E402
from node import Node, directory                                # noqa: E402
from sipp import Sipp, login, rows                              # noqa: E402
from watchers import Watchers                                   # noqa: E402

NET = '127.20.0.'
SERVER, CALLERS, CALLEES, RETRIEVERS = (NET + n for n in '1234')
CORES = sorted(os.sched_getaffinity(0))
NICE = ['nice', '-n', '-19'] if os.geteuid() == 0 else []
ON_FIRST, ON_LAST = ([*NICE, 'taskset', '-c', str(core)] for core in (CORES[0], CORES[-1]))
SET_UP = 4.0                                                    # s until what is held or parked has settled
RETRIEVE_AFTER = 2.5                                            # s from the beginning of a call to its retrieval
TRANSACTIONS_END = 34.0                                         # s: Timer J is 32 s; their end is not what is measured next


def number(kind, i): return f'{kind}{i:04d}'


class Bench:
    """A Parkway with users of three classes: 1.... call, 2.... are called and park, 3.... retrieve."""

    def __init__(self, options, users, more_users=0, second=0):
        """second: 1 for one that runs beside the first."""
        self.options, self.users, self.port = options, users, 5060 + second
        self.folder = tempfile.mkdtemp(prefix='parkway-bench-')
        numbers = [number(kind, i) for kind in '123' for i in range(users)] + [f'9{i:06d}' for i in range(more_users)]
        staff = directory([(n, 'Load ' + n) for n in numbers], domain='load.test', call_park='recall_time = 0')
        calls = max(2000, options.count + 500)
        top = 65000 - second * 4 * calls
        self.node = Node(staff, address=SERVER, ports=(self.port, self.port), level='warn', media_ports=(top - 4 * calls, top - 1), command=ON_LAST,
                         more=f'[limits]\ncalls = {calls + 20000}\n')
        self.node.start()
        self.running = []

    def close(self):
        for sipp in self.running: sipp.stop()
        self.node.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- SIPp

    def sipp(self, scenario, address, port, **more):
        self.running.append(Sipp(self.folder, scenario, (SERVER, self.port), address, port, command=ON_FIRST, **more))
        return self.running[-1]

    def data(self, name, users, dials=None):
        return rows(os.path.join(self.folder, f'{name}.csv'), [(u, login(u, 'secret' + u), d) for u, d in zip(users, dials or users)])

    def class_(self, kind): return [number(kind, i) for i in range(self.users)]

    def register(self, users, address, port, rate=1000):
        sipp = self.sipp('register', address, port, data=self.data('register', users), rate=rate, count=len(users), seconds=120)
        sipp.wait(150)
        if sipp.counts()['ok'] < len(users): raise SystemExit(f'could not register: {sipp.counts()}\n{sipp.errors()}\n{self.node.text(20)}')

    def phones(self, scenario='callee'):
        """The callees, answering."""
        users = self.data('callees', self.class_('2')) if scenario == 'invite_parker' else None
        return self.sipp(scenario, CALLEES, 7000, users=users, keys=[('parkcode', '*68')])

    def calls(self, scenario, rate, count, talk_ms=None):
        data = self.data('calls', self.class_('1'), self.class_('2'))
        return self.sipp(scenario, CALLERS, 6000, data=data, rate=rate, count=count, talk_ms=talk_ms, seconds=int(count / rate * 2 + 60))

    def retrieving(self, rate, count):
        data = self.data('retrieve', self.class_('3'), ['*88' + n for n in self.class_('2')])
        return self.sipp('retriever', RETRIEVERS, 8000, data=data, rate=rate, count=count, seconds=int(count / rate * 2 + 60))

    # ---- what is measured: each returns (figure, unit, what of it, remarks)

    def cost(self, began, ended, *clients):
        """us CPU of each operation that succeeded in all of these."""
        ok = min(c.counts()['ok'] for c in clients)
        failed = max(c.counts()['failed'] for c in clients)
        p95 = clients[-1].p95()
        said = f'{ok} good, {failed} failed, {sum(c.counts()["repeated"] for c in clients)} repeated' + (f', p95 {p95:.0f} ms' if p95 is not None else '')
        if failed: print('\n'.join(c.errors(1500) for c in clients), file=sys.stderr)
        return 1e6 * (ended - began) / max(1, ok), said

    def single(self, scenario, rate, users):
        count = int(rate * self.options.secs)
        sipp = self.sipp(scenario, CALLERS, 6000, data=self.data(scenario, users), rate=rate, count=count, seconds=60)
        began = cpu_seconds(self.node.pid)
        sipp.wait(90)
        return self.cost(began, cpu_seconds(self.node.pid), sipp)

    def flood(self, count, rate=5000):
        """OPTIONS, unmeasured."""
        self.sipp('options', CALLERS, 6000, data=self.data('options', self.class_('1')), rate=rate, count=count, seconds=60).wait(90)

    def call(self, rate):
        phones, began = self.phones(), cpu_seconds(self.node.pid)
        calls = self.calls('caller', rate, int(rate * self.options.secs), talk_ms=500)
        calls.wait(90)
        found = self.cost(began, cpu_seconds(self.node.pid), calls)
        phones.stop()
        return found

    def park(self, rate, parker):
        """A cycle is over when the caller got its BYE."""
        phones, began = self.phones(parker), cpu_seconds(self.node.pid)
        count = int(rate * self.options.secs)
        callers = self.calls('patient_caller', rate, count)
        time.sleep(RETRIEVE_AFTER)
        third = self.retrieving(rate, count)
        callers.wait(120), third.wait(20)
        found = self.cost(began, cpu_seconds(self.node.pid), callers, third)
        p95 = phones.p95()
        phones.stop()
        return found[0], found[1] + (f'; park p95 {p95:.0f} ms' if p95 is not None else '')

    def held(self, count, scenario, parker, rate=100):
        """kB of each call that is up or parked, and percent of a core while nothing happens; a few first, whose pages do not count."""
        for n in (50, count):
            before, rise = pss_kb(self.node.pid), n / rate
            phones = self.phones(parker)
            calls = self.calls(scenario, rate, n, talk_ms=int((rise + SET_UP + 12) * 1000))
            time.sleep(rise + SET_UP)
            up = calls.counts()['current']
            began, cpu = time.monotonic(), cpu_seconds(self.node.pid)
            time.sleep(5)
            busy = 100 * (cpu_seconds(self.node.pid) - cpu) / (time.monotonic() - began)
            each = (pss_kb(self.node.pid) - before) / n
            if scenario == 'patient_caller': self.retrieving(rate, n).wait(rise * 2 + 40)
            calls.wait(rise * 2 + 60)
            phones.stop()
        return each, busy, f'{up} of {count} up'


class Table:
    def __init__(self): self.lines = []

    def add(self, what, figure, remarks=''):
        self.lines.append(f'| {what} | {figure} | {remarks} |')
        print(f'{what}: {figure}  ({remarks})', file=sys.stderr, flush=True)

    def show(self): print('\n'.join(['| work | figure | remarks |', '|---|---|---|', *self.lines]))


def usual(options, table, wanted):
    bench = Bench(options, options.users)
    try:
        users = bench.class_('1')
        if wanted('register'):
            before = pss_kb(bench.node.pid)
            bench.register(users, CALLERS, 6000)
            table.add('memory of an idle registered extension', f'{(pss_kb(bench.node.pid) - before) / len(users):.1f} kB', f'{len(users)} registered')
            us, said = bench.single('register', 1000, users)
            table.add('REGISTER with digest, 1000/s', f'{us:.0f} us CPU', said)
        if wanted('options'):
            us, said = bench.single('options', 4000, users)
            table.add('OPTIONS, 4000/s', f'{us:.0f} us CPU', said)
        bench.register(bench.class_('2'), CALLEES, 7000)
        if wanted('call'):
            us, said = bench.call(100)
            table.add('call, challenged, relay, 100/s', f'{us / 1000:.2f} ms CPU', said)
        for parker, how in (('refer_parker', 'REFER'), ('invite_parker', 'INVITE')):
            for rate in (40, 200) if wanted('park') else ():
                us, said = bench.park(rate, parker)
                table.add(f'park and retrieve cycle by {how}, {rate}/s', f'{us / 1000:.2f} ms CPU', said)
        table.add('memory of the program', f'{pss_kb(bench.node.pid) / 1024:.0f} MiB', 'after all that')
    finally: bench.close()


def memory(options, table, wanted):
    """Each in a program of its own: pages that other work has left behind would be filled first."""
    for what, scenario, parker in (('held', 'caller', 'callee'), ('parked', 'patient_caller', 'refer_parker')):
        if not wanted(what): continue
        bench = Bench(options, options.users)
        try:
            bench.register(bench.class_('2'), CALLEES, 7000)
            bench.register(bench.class_('1'), CALLERS, 6000)        # an extension is no part of its call
            kb, busy, said = bench.held(options.count, scenario, parker)
            table.add(f'memory of a {what} call', f'{kb:.1f} kB', said)
            if what == 'parked': table.add(f'CPU of {options.count} parked calls with music', f'{busy:.1f} % of a core', said)
        finally: bench.close()


def hunting(options, table):
    """REFER to its report of success, where every member of the group has a call parked or no phone."""
    members = [number('1', i) for i in range(options.count)] + ['102']
    group = f'[[tenant.call_park_group]]\nname = "Sales"\nmembers = {members}\n'.replace("'", '"')
    staff = directory([(n, n) for n in [*members, '106']], call_park='recall_time = 0', more=group)
    node = Node(staff, level='warn', command=ON_LAST)
    node.start()
    caller, parker = phones = [Phone(n, 'secret' + n, node.server('udp')) for n in ('106', '102')]
    try:
        for phone in phones: phone.register()

        def park(code):
            out, into = caller.call('102'), parker.next_call()
            into.answer()
            out.wait_up(), into.wait_up()
            began = time.perf_counter()
            into.refer(code)
            if into.wait_report() != 200: raise SystemExit(f'{code} was refused')
            took = time.perf_counter() - began
            into.hang_up()
            return took
        park('*58')                                             # from now on nobody is available
        group_park, direct = (statistics.median(park(code) for _ in range(25)) * 1e3 for code in ('*58', f'*68{members[0]}'))
        table.add(f'group park, {options.count} members of whom none is free', f'{group_park:.1f} ms',
                  f'REFER to report, median; a direct park {direct:.1f}')
    finally:
        for phone in phones: phone.close()
        node.close()


def lamps(options, table):
    """From the press of a key to the phone that shows it; and the wave that one park makes among many watchers."""
    lookers = [number('1', i) for i in range(options.count)]
    node = Node(directory([(n, n) for n in [*lookers, '102', '103', '106']], call_park='recall_time = 0'), level='warn', command=ON_LAST)
    node.start()
    caller, parker, james = phones = [Phone(n, 'secret' + n, node.server('udp')) for n in ('106', '102', '103')]
    watching = Watchers(lookers, '103', node.server('udp'), SERVER)
    took = {}

    def note(what, began, moment): took.setdefault(what, []).append((moment - began) * 1e3)

    def cycle():
        out, into = caller.call('102'), parker.next_call()
        into.answer()
        out.wait_up(), into.wait_up()
        told, began = len(james.told), time.monotonic()

        def park():
            into.refer('*68103')
            if into.wait_report() != 200: raise SystemExit('*68103 was refused')
            note('REFER to its report', began, time.monotonic())
        yield park
        note('lamp on', began, james.wait_told('park-info', told + 1)[0])
        into.hang_up()
        began = time.monotonic()

        def retrieve():
            nonlocal taken
            taken = james.call('*88').wait_up()
            note('retrieve to its 200', began, time.monotonic())
        taken = None
        yield retrieve
        note('lamp off', began, james.wait_told('park-info', told + 2)[0])
        taken.hang_up()
        out.wait_over()

    try:
        for phone in phones: phone.register()
        for _ in range(21):
            for press in cycle(): press()
        for what, times in took.items(): table.add(what, f'{statistics.median(times):.1f} ms', f'median of {len(times)}, the phone in Python')
        watching.subscribe()
        waves, cpu = [], cpu_seconds(node.pid)
        for _ in range(10): waves += [watching.wave(press) for press in cycle()]
        us = 1e6 * (cpu_seconds(node.pid) - cpu) / (len(waves) * options.count)
        spread = statistics.median(last - first for first, last, _ in waves) * 1e3
        table.add(f'wave of {options.count} NOTIFYs, first to last', f'{spread:.0f} ms',
                  f'median of {len(waves)}; {sum(again for *_, again in waves)} repeated; {us:.0f} us CPU each')
    finally:
        watching.close()
        for phone in phones: phone.close()
        node.close()


OF_PHONES = dict(hunting=hunting, lamps=lamps)                  # measured with simulated phones, not with SIPp


def scale(options, table):
    """The same work by a program with 1 000 and by one with 50 000 live registrations, in turns: how fast the machine is changes within minutes."""
    few, many = benches = Bench(options, 1000, 1000), Bench(options, 1000, 50000, second=1)
    took = {}
    try:
        for bench, live in ((few, 1000), (many, 50000)):
            # Sources of SIPp keep one port; contacts of all of these are there.
            bench.register([f'9{i:06d}' for i in range(live)], NET + '5', 6500, rate=2000)
            bench.register(bench.class_('2'), CALLEES, 7000)
            bench.register(bench.class_('1'), CALLERS, 6000)
        time.sleep(TRANSACTIONS_END)
        for _ in range(5):
            for bench in benches:
                for what, one in (('REGISTER', lambda: bench.single('register', 1000, bench.class_('1'))),
                                  ('OPTIONS', lambda: bench.single('options', 4000, bench.class_('1'))), ('call', lambda: bench.call(100))):
                    took.setdefault((what, bench), []).append(one()[0])
        # Timer J keeps each for 32 s: the second run stands on those of the flood between them.
        time.sleep(TRANSACTIONS_END)
        fresh = few.single('options', 1000, few.class_('1'))[0]
        few.flood(50000)
        laden = few.single('options', 1000, few.class_('1'))[0]
        table.add('OPTIONS with none and with 50 000 live transactions at its begin', f'{fresh:.0f} and {laden:.0f} us CPU', f'{100 * (laden / fresh - 1):+.0f} %')
    finally:
        for bench in benches: bench.close()
    for what in ('REGISTER', 'OPTIONS', 'call'):
        before, after = took[what, few], took[what, many]
        table.add(f'{what} with 1 000 and with 50 000 live registrations', f'{statistics.median(before):.0f} and {statistics.median(after):.0f} us CPU',
                  f'{100 * (statistics.median(a / b for a, b in zip(after, before)) - 1):+.0f} %, medians of {len(before)} turns')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--scale', action='store_true', help='1 000 against 50 000 live registrations')
    p.add_argument('--only', default='', help='register,options,call,park,held,parked,hunting,lamps')
    p.add_argument('--secs', type=float, default=8, help='length of each measurement')
    p.add_argument('--users', type=int, default=1000, help='of each class')
    p.add_argument('--count', type=int, default=1000, help='calls held, calls parked')
    options = p.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    table, only = Table(), [w for w in options.only.split(',') if w]
    if options.scale: scale(options, table)
    elif set(only) - set(OF_PHONES) or not only:
        wanted = lambda what: not only or what in only
        if not only or set(only) - {'held', 'parked'}: usual(options, table, wanted)
        memory(options, table, wanted)
    for name, measure in OF_PHONES.items():
        if not options.scale and (not only or name in only): measure(options, table)
    table.show()


if __name__ == '__main__': main()
