"""A Parkway of one's own: the program with a configuration in a directory that goes away with it."""
import json, os, re, shutil, signal, subprocess, tempfile, threading, time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
READY_WITHIN = 10.0                                             # s; contract: 2, on an idle machine

NODE = '''[node]
name = "test"
data_dir = "data"
[log]
level = "{level}"
{listeners}
[media]
port_min = {port_min}
port_max = {port_max}
music = "{music}"
mode = "{mode}"
[http]
port = 0
[directory]
seed = "directory.toml"
'''
# A program that is started goes with the one that started it, however that ends.
TOGETHER = ['setpriv', '--pdeathsig', 'KILL', '--']
LISTENER = '[[sip.listen]]\ntransport = "{}"\naddress = "{}"\nport = {}\n'


def binary():
    """The program under test: $PARKWAY_BINARY, else the release."""
    return os.environ.get('PARKWAY_BINARY') or os.path.join(ROOT, 'build', 'release', 'parkway')


class NotReady(Exception):
    """The program ended, or said nothing, before it was ready."""


class Node:
    """start() until its ready line; stop() by SIGTERM. Everything it wrote to stderr is in `lines`."""

    def __init__(self, directory, address='127.0.0.1', ports=(0, 0), level='debug', music='', mode='relay', more='', program=None,
                 config=None, command=(), media_ports=(20000, 29999)):
        """directory: text of the directory file. more: further text of the node's. config: its whole text instead. command: words in front."""
        self.folder = tempfile.mkdtemp(prefix='parkway-')
        self.program, self.command = program or binary(), list(command)
        self.config = os.path.join(self.folder, 'node.toml')
        listeners = ''.join(LISTENER.format(t, address, p) for t, p in zip(('udp', 'tcp'), ports))
        text = config or NODE.format(level=level, listeners=listeners, music=music, mode=mode, port_min=media_ports[0],
                                     port_max=media_ports[1]) + more
        self.write('node.toml', text)
        self.write('directory.toml', directory)
        self.lines, self.process, self.ready = [], None, {}
        self.heard, self.silent = threading.Condition(), False  # silent: its stderr is closed

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w') as f: f.write(text)
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(os.path.join(self.folder, name)) as f: return f.read()

    def launch(self):
        """Starts it, without waiting."""
        self.process = subprocess.Popen([*TOGETHER, *self.command, self.program, 'run', '--config', self.config], cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True).start()
        return self

    def start(self):
        began = time.monotonic()
        self.launch()
        line = self.wait_line(r'^ready sip\.|"message":"ready sip\.', READY_WITHIN)
        if not line: raise NotReady(f'exit status {self.process.poll()}:\n' + self.text())
        self.ready_after = time.monotonic() - began
        if line.startswith('{'): line = json.loads(line)['message']
        self.ready = dict(word.split('=', 1) for word in line.split()[1:])
        return self

    def wait_line(self, pattern, seconds=5, since=0):
        """The first line that matches; None when it ends, or the time is over."""
        def found(): return next((x for x in self.lines[since:] if re.search(pattern, x)), None)
        with self.heard:
            self.heard.wait_for(lambda: found() or self.silent, seconds)
            return found()

    def _read(self, pipe):
        for line in pipe:
            with self.heard:
                self.lines.append(line.decode(errors='replace').rstrip('\n'))
                self.heard.notify_all()
        pipe.close()
        with self.heard:
            self.silent = True
            self.heard.notify_all()

    def text(self, last=60): return '\n'.join(self.lines[-last:])

    def server(self, transport='udp'):
        host, _, port = self.ready['sip.' + transport].rpartition(':')
        return host, int(port)

    @property
    def pid(self): return self.process.pid

    @property
    def alive(self): return self.process.poll() is None

    def send_signal(self, number): self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Exit status and how long it took; killed when it does not end."""
        began = time.monotonic()
        if self.alive: self.send_signal(number)
        try: status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        return status, time.monotonic() - began

    def close(self):
        if self.process and self.alive: self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def directory(extensions, domain='pbx.test', call_park='', codes='', more='', name='test', default=True, first=True):
    """Text of a directory file: extensions [(number, name)...], passwords secret<number>."""
    admin = '[system_admin]\nusername = "admin"\npassword = "secret-of-admin"\n' if first else ''
    text = (f'{admin}[[tenant]]\nname = "{name}"\ndomain = "{domain}"\ndefault = {str(default).lower()}\n'
            f'admin = {{ username = "{name}", password = "secret-of-tenant" }}\n[tenant.call_park]\n{call_park}\n'
            f'[tenant.feature_access_codes]\n{codes}\n')
    for number, shown in extensions:
        text += f'[[tenant.extension]]\nnumber = "{number}"\ndisplay_name = "{shown}"\npassword = "secret{number}"\n'
    return text + more
