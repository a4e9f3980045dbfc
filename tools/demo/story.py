#!/usr/bin/env python3
"""A short play for three simulated desk phones and a real Parkway: a call, a park, a retrieve, a recall.

The phones are programs, but they speak SIP over real sockets, and every line of the ladder is a message that was really sent.
Ends by itself: exit status 0 when all went as it should."""
import argparse, os, re, signal, sys, threading, time

sys.dont_write_bytecode = True
from deskphone import Phone                                     # noqa: E402
from message import name_of, user_of                            # noqa: E402
from node import Node, NotReady, ROOT                           # noqa: E402

RECALL_TIME = 6                                                 # s; in the demo directory it is a minute
NAMES = {'101': 'Alice', '103': 'James', '106': 'user106'}
COLUMN, WIDTH = 12, 26

REQUESTS = {
    'REGISTER': 'I am here: send my calls to this address',
    'INVITE': 'please connect me',
    'ACK': 'understood',
    'BYE': 'goodbye',
    'CANCEL': 'never mind, stop ringing',
    'REFER': 'connect my partner with somebody else',
    'UPDATE': 'by the way, this is whom you are talking to',
}
ANSWERS = {180: 'it is ringing', 183: 'it is ringing', 200: 'yes, done', 202: 'I will try', 401: 'first prove who you are (password)',
           404: 'there is nothing there', 486: 'busy', 487: 'stopped'}


class Ladder:
    """Prints who said what to whom while it happens."""

    def __init__(self, colour):
        self.began, self.lock, self.colour = time.monotonic(), threading.Lock(), colour
        self.shown = set()

    def paint(self, text, code): return f'\x1b[{code}m{text}\x1b[0m' if self.colour else text

    def scene(self, title):
        with self.lock: print('\n' + self.paint(f'  == {title}', '1'))

    def tell(self, text):
        with self.lock: print(self.paint('  ' + text, '36'), flush=True)

    def message(self, phone, sent, message):
        if message.status == 100: return
        key = phone.number, sent, message.key, message.start
        what = message.start.replace(' SIP/2.0', '').replace('SIP/2.0 ', '')
        if message.is_request: what = f'{message.method} {user_of(message.uri)}'.replace('parkway', '').strip() if sent else message.method
        if message.method == 'REFER' and sent and message.is_request: what = f'REFER to {user_of(message.header("Refer-To"))}'
        with self.lock:
            if key in self.shown: return                        # a repetition on the wire
            self.shown.add(key)
            line = what.center(WIDTH - 4, '-')[:WIDTH - 4]
            arrow = f'--{line}>' if sent else f'<{line}--'
            name = NAMES[phone.number]
            print(f'  {time.monotonic() - self.began:6.2f} s  {name:>{COLUMN}} {arrow} Parkway    {self.meaning(message, sent)}', flush=True)

    def meaning(self, message, sent):
        if not message.is_request: return ANSWERS.get(message.status, '')
        if message.method == 'NOTIFY':
            if message.header('Event').startswith('park-info'):
                parked = re.search(r'<identity display="([^"]*)"', message.body)
                return f'lamp on: {parked[1]} is parked for you' if parked else 'lamp off: nobody is parked for you'
            return 'how your transfer goes: ' + message.body.split('\r\n')[0].replace('SIP/2.0 ', '')
        if message.method == 'REFER': return f'transfer my caller to {user_of(message.header("Refer-To"))}'
        if message.method == 'INVITE' and not sent and 'tag=' not in message.header('To'): return 'a call for you: ' + name_of(message.header('From'))
        if message.method == 'INVITE' and 'sendonly' in message.body: return 'hold: I listen no more'
        return REQUESTS.get(message.method, '')


class Story:
    def __init__(self, program, pause, ladder):
        self.ladder, self.pause = ladder, pause
        with open(os.path.join(ROOT, 'config', 'demo.toml')) as f: staff = f.read()
        self.node = Node(re.sub(r'recall_time = \d+', f'recall_time = {RECALL_TIME}', staff), program=program, level='info')
        self.phones = []

    def wait(self, seconds=1.0): time.sleep(seconds * self.pause)

    def play(self):
        self.node.start()
        host, port = self.node.server()
        self.ladder.tell(f'Parkway runs at {host}:{port}. Each line below is one message between a phone and Parkway.')
        self.ladder.scene('Three phones say where they are')
        self.customer, self.alice, self.james = (self.phone(n) for n in ('106', '101', '103'))
        self.parked_and_retrieved()
        self.recalled()
        status, took = self.node.stop()
        if status: raise AssertionError(f'Parkway ended with {status}')
        self.ladder.scene(f'The end. Parkway stopped within {took:.2f} s.')

    def phone(self, number):
        phone = Phone(number, 'secret' + number, self.node.server(), name=NAMES[number], tone=0 if number == '103' else 440, on_message=self.ladder.message)
        self.phones.append(phone)
        answer = phone.register()
        if answer.status != 200: raise AssertionError(f'{phone}: {answer}')
        return phone

    def call_and_park(self):
        """user106 calls Alice, who parks him at James's extension: the customer's call."""
        out = self.customer.call('101')
        into = self.alice.next_call()
        into.ring()
        out.wait_provisional(180)
        self.wait()
        into.answer()
        out.wait_up(), into.wait_up()
        self.ladder.tell('They talk. "Could I speak to James?" Alice puts him on hold ...')
        self.wait()
        into.hold()
        self.heard(out, 'music while he is on hold')
        self.ladder.tell('... and parks him at James\'s extension: she transfers the call to *68103.')
        self.wait()
        into.refer('*68103')
        if (status := into.wait_report()) != 200: raise AssertionError(f'the park was refused: {status}')
        into.hang_up()
        self.heard(out, 'music while he is parked')
        return out

    def heard(self, call, what):
        """Real RTP packets have come since now."""
        before = call.audio.heard_count
        call.phone.wait(what, lambda: call.audio.heard_count >= before + 25)
        self.ladder.tell(f'user106 hears {what}: {call.audio.heard_count - before} packets of sound in half a second.')

    def parked_and_retrieved(self):
        self.ladder.scene('user106 calls the reception; Alice parks him for James')
        out = self.call_and_park()
        self.james.wait_told('park-info')
        self.ladder.tell('Alice is free again. The lamp of James is on; he comes back to his desk and dials *88.')
        self.wait()
        taken = self.james.call('*88').wait_up()
        shown = taken.shown
        if '106' not in shown: raise AssertionError(f'James sees {shown}')
        self.ladder.tell(f'James talks to user106; his display shows {name_of(shown)}, {user_of(shown)}.')
        self.wait()
        taken.hang_up()
        out.wait_over()
        self.james.wait_told('park-info', 2)
        self.ladder.tell('Both have hung up; nothing is parked any more:')
        if self.james.call('*88').wait_final().status != 404: raise AssertionError('something is still parked')

    def recalled(self):
        self.ladder.scene(f'The same again, but James does not come: after {RECALL_TIME} s Alice is recalled (usually a minute)')
        out = self.call_and_park()
        back = self.alice.next_call(RECALL_TIME + 4)
        back.ring()
        self.ladder.tell(f'Alice\'s phone rings and shows "{name_of(back.incoming.header("From"))}". Nobody is forgotten.')
        self.wait()
        back.answer()
        back.wait_up()
        self.wait()
        back.hang_up()
        out.wait_over()

    def close(self):
        for phone in self.phones: phone.close()
        self.node.close()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--binary', default=os.path.join(ROOT, 'build', 'release', 'parkway'))
    p.add_argument('--pause', type=float, default=1.0, help='s that the phones\' users think; 0: they do not')
    options = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ladder = Ladder(sys.stdout.isatty())
    story = Story(os.path.abspath(options.binary), options.pause, ladder)
    try: story.play()
    except (AssertionError, NotReady) as why:
        print(f'\nThis went wrong: {why}\n\nParkway said:\n{story.node.text()}', file=sys.stderr)
        return 1
    except KeyboardInterrupt: return 130
    finally: story.close()
    return 0


if __name__ == '__main__': sys.exit(main())
