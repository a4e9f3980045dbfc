"""Starts SIPp on a scenario of scenarios.py and reads what it counted."""
import csv, os, re, signal, subprocess

from scenarios import TEXTS

TRANSPORTS = dict(udp='u1', tcp='t1')


def rows(path, lines):
    """Writes an injection file; its path."""
    with open(path, 'w') as f: f.write('SEQUENTIAL\n' + ''.join(';'.join(line) + '\n' for line in lines))
    return path


def login(number, password): return f'[authentication username={number} password={password}]'


class Sipp:
    """One SIPp at work.

    scenario: a name of scenarios.py. data: injection file of a client. users: one that is looked up by number. rate: calls a second;
    count: calls, then it ends; without, it serves. talk_ms: -d. out_of_call: a scenario for calls that come to a client."""

    def __init__(self, folder, scenario, target, address, port, data=None, users=None, rate=10, count=0, talk_ms=None, seconds=0,
                 transport='udp', keys=(), out_of_call=None, command=(), trace=False):
        self.folder = os.path.join(folder, f'{scenario}-{address}-{port}-{len(os.listdir(folder))}')
        os.mkdir(self.folder)
        arguments = ['setpriv', '--pdeathsig', 'KILL', '--', *command, 'sipp', '-sf', self._text(scenario), '-i', address, '-p', str(port), '-mi', address, '-t', TRANSPORTS[transport],
                     '-nostdin', '-max_recv_loops', '1', '-timer_resol', '1', '-deadcall_wait', '2000', '-skip_rlimit', '-max_socket', '20000',
                     '-buff_size', '4194304', '-trace_stat', '-stf', 'stat.csv', '-fd', '1', '-trace_rtt', '-rtt_freq', '1',
                     '-trace_err', '-error_file', 'errors.log']
        if trace: arguments += ['-trace_msg', '-message_file', 'messages.log']
        if data: arguments += ['-inf', data]
        if users:
            os.symlink(users, os.path.join(self.folder, 'users.csv'))
            arguments += ['-inf', 'users.csv', '-infindex', 'users.csv', '0']
        if count: arguments += ['-m', str(count)]
        if data: arguments += ['-r', str(rate), '-rp', '1000', '-l', '100000']
        # SIPp 3.6 ends by a signal where a scenario for calls from outside measures times.
        if out_of_call: arguments += ['-oocsf', self._text(out_of_call, timed=False)]
        if talk_ms is not None: arguments += ['-d', str(talk_ms)]
        if seconds: arguments += ['-timeout', f'{seconds}s']
        for key, value in keys: arguments += ['-key', key, value]
        with open(os.path.join(self.folder, 'screen'), 'w') as screen:
            self.process = subprocess.Popen([*arguments, '%s:%d' % target], cwd=self.folder, env=dict(os.environ, TERM='dumb'),
                                            stdin=subprocess.DEVNULL, stdout=screen, stderr=screen)

    def _text(self, scenario, timed=True):
        path = os.path.join(self.folder, scenario + '.xml')
        text = TEXTS[scenario]()
        with open(path, 'w') as f: f.write(text if timed else re.sub(r' (start_)?rtd="\d+"', '', text))
        return path

    def said(self, text):
        """How often a text was on the wire (trace=True)."""
        try:
            with open(os.path.join(self.folder, 'messages.log'), errors='replace') as f: return f.read().count(text)
        except OSError: return 0

    def messages(self, beginning):
        """The messages on the wire that begin so (a text, or one of several), in their order (trace=True)."""
        with open(os.path.join(self.folder, 'messages.log'), errors='replace') as f: log = f.read()
        return [m for m in re.split(r'(?m)^-{10,}.*\n(?:\w.*message (?:received|sent).*\n\n)?', log) if m.lstrip().startswith(beginning)]

    def wait(self, seconds):
        """Its exit status (0: all calls were good); stopped when the time is over."""
        try: return self.process.wait(seconds)
        except subprocess.TimeoutExpired: return self.stop()

    def stop(self, seconds=3):
        """Ends it as a user would; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)
            try: self.process.wait(seconds)
            except subprocess.TimeoutExpired: self.process.kill()
        return self.process.wait()

    def counts(self):
        """dict(ok, failed, repeated, current) so far."""
        try:
            with open(os.path.join(self.folder, 'stat.csv')) as f: table = list(csv.reader(f, delimiter=';'))
            last = dict(zip(table[0], table[-1]))
            return dict(ok=int(last['SuccessfulCall(C)']), failed=int(last['FailedCall(C)']), repeated=int(last['Retransmissions(C)']),
                        current=int(last['CurrentCall']))
        except (OSError, IndexError, KeyError, ValueError): return dict(ok=0, failed=0, repeated=0, current=0)

    def p95(self):
        """ms until the answer that a scenario times (SIPp's clock: steps of 1 to 4 ms); None without any."""
        times = []
        for name in os.listdir(self.folder):
            if name.endswith('_rtt.csv'):
                with open(os.path.join(self.folder, name)) as f:
                    times += [float(line.split(';')[1]) for line in f if line.count(';') >= 2 and line.split(';')[1].replace('.', '').isdigit()]
        return sorted(times)[int(len(times) * .95)] if times else None

    def errors(self, most=4000):
        """What it complained of."""
        said = ''
        for name in ('errors.log', 'messages.log', 'screen'):
            try:
                with open(os.path.join(self.folder, name), errors='replace') as f: said += f'--- {name}\n' + f.read()[:most]
            except OSError: pass
        return said
