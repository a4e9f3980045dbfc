"""What the tests of this folder share: an office of scripted phones round the real program.

    python3 call_test.py [--transport udp|tcp] [--program PATH] [unittest's own arguments]

The program is $PARKWAY_BINARY, else PATH, else build/release/parkway. Exit status 77: a package is missing."""
import math, os, shutil, struct, sys, time, unittest, wave

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path[:0] = [os.path.join(ROOT, 'tools', 'demo'), os.path.join(ROOT, 'tools', 'load')]
sys.dont_write_bytecode = True

from deskphone import Phone, Silence                            # noqa: E402
from node import Node, NotReady, binary, directory              # noqa: E402

STAFF = [('101', 'Alice'), ('102', 'Bob'), ('103', 'James'), ('104', 'Carol'), ('105', 'Eve'), ('106', 'user106')]
SALES = '[[tenant.call_park_group]]\nname = "Sales"\nmembers = ["102", "103", "104"]\n'
MUSIC = 620                                                     # Hz, what the music of the tests is
TRANSPORTS = ('udp', 'tcp')
transport = 'udp'
SKIPPED = 77


def music_file(folder, hertz=MUSIC, seconds=2, rate=8000):
    path = os.path.join(folder, f'tone{hertz}.wav')
    with wave.open(path, 'wb') as f:
        f.setnchannels(1), f.setsampwidth(2), f.setframerate(rate)
        f.writeframes(b''.join(struct.pack('<h', int(12000 * math.sin(2 * math.pi * hertz * n / rate))) for n in range(seconds * rate)))
    return path


class Office(unittest.TestCase):
    """A Parkway of its own for every test. Class attributes say how it is configured."""
    call_park, codes, groups, more, mode = '', '', SALES, '', 'relay'
    second_tenant, default = '', True

    def setUp(self):
        self.phones = []
        staff = directory(STAFF, call_park=self.call_park, codes=self.codes, more=self.groups, default=self.default)
        self.node = Node(staff + self.second_tenant, music='tone.wav', mode=self.mode, more=self.more)
        os.rename(music_file(self.node.folder), os.path.join(self.node.folder, 'tone.wav'))
        self.addCleanup(self.node.close)
        self.addCleanup(self.close_phones)
        self.node.start()

    def close_phones(self):
        for phone in self.phones: phone.close()

    def phone(self, number, registered=True, transport_=None, **more):
        """A phone of the staff, registered."""
        via = transport_ or transport
        more.setdefault('name', dict(STAFF).get(number, ''))
        phone = Phone(number, 'secret' + number, self.node.server(via), transport=via, **more)
        self.phones.append(phone)
        if registered: self.assertEqual(phone.register().status, 200, phone.ladder())
        return phone

    def talk(self, caller, called, dialled=None):
        """Both calls of an answered call."""
        out = caller.call(dialled or called.number)
        into = called.next_call()
        into.answer()
        return out.wait_up(), into.wait_up()

    def run(self, result=None):
        """Where a test fails, what the program said is the other half of the story."""
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before and hasattr(self, 'node'):
            print(f'---- {self.id()}: the program said\n{self.node.text(40)}', file=sys.stderr)
            for phone in self.phones: print(f'---- {phone}\n{phone.ladder()}', file=sys.stderr)


def need(*programs):
    """Ends with 77 where a program is not installed."""
    missing = [p for p in programs if not shutil.which(p)]
    if missing:
        print('not installed: ' + ' '.join(missing))
        sys.exit(SKIPPED)


def eventually(condition, seconds=5, every=0.02):
    """What condition() returns once it is true; its last value when the time is over. For what nobody announces: /proc, files."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end: time.sleep(every)
    return found


def argument(name, default):
    """Takes `--name VALUE` off the command line."""
    if name not in sys.argv: return default
    at = sys.argv.index(name)
    value = sys.argv[at + 1]
    del sys.argv[at:at + 2]
    return value


def main():
    global transport
    transport = argument('--transport', 'udp')
    os.environ.setdefault('PARKWAY_BINARY', argument('--program', binary()))
    if not os.access(binary(), os.X_OK): sys.exit(f'no program at {binary()}')
    unittest.main(verbosity=2)
