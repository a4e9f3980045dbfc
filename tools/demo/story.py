#!/usr/bin/env python3
"""A short play for four simulated desk phones and a real Parkway: DPark, GPark with a race of two retrievers, and a recall.

The phones are programs, but they speak SIP over real sockets, every line of the ladder is a message that was really sent, and every
screen shows what its phone was told. Ends by itself: exit status 0 when all went as it should."""
import argparse, os, re, signal, sys, time

sys.dont_write_bytecode = True
from deskphone import Phone                                     # noqa: E402
from ladder import Ladder                                       # noqa: E402
from message import name_of, user_of                            # noqa: E402
from node import Node, NotReady, ROOT                           # noqa: E402
from screen import Screen, side_by_side                         # noqa: E402

RECALL_TIME = 6                                                 # s; in the demo directory it is a minute
NAMES = {'101': 'Alice', '102': 'Bob', '103': 'James', '106': 'user106'}
DESKS = '101', '102', '103'


def expect(right, what):
    if not right: raise AssertionError(what)


class Story:
    def __init__(self, program, pause, ladder):
        self.ladder, self.pause = ladder, pause
        with open(os.path.join(ROOT, 'config', 'demo.toml')) as f: staff = f.read()
        self.node = Node(re.sub(r'recall_time = \d+', f'recall_time = {RECALL_TIME}', staff), program=program, level='info')
        self.phones, self.screens = {}, {}

    def wait(self, seconds=1.0): time.sleep(seconds * self.pause)

    def play(self):
        self.node.start()
        host, port = self.node.server()
        self.ladder.tell(f'Parkway, a telephone exchange, runs at {host}:{port}. Alice sits at the reception, Bob and James are her colleagues,')
        self.ladder.tell('user106 is a customer. Each line is one message between a phone and Parkway.')
        self.ladder.scene('Four phones say where they are')
        for number in NAMES: self.plug_in(number)
        self.customer, self.alice, self.bob, self.james = (self.phones[n] for n in ('106', *DESKS))
        self.parked_for_james()
        self.parked_in_the_group()
        self.recalled()
        status, took = self.node.stop()
        expect(status == 0, f'Parkway ended with {status}')
        self.ladder.scene(f'The end. Parkway stopped within {took:.2f} s.')

    def plug_in(self, number):
        phone = Phone(number, 'secret' + number, self.node.server(), name=NAMES[number], tone=0 if number == '103' else 440, on_message=self.ladder.message)
        self.phones[number] = phone
        if number in DESKS: self.screens[number] = Screen(phone)
        answer = phone.register()
        expect(answer.status == 200, f'{phone}: {answer}')

    # ---- what people do

    def show(self, *numbers): self.ladder.picture(side_by_side([self.screens[n] for n in numbers or DESKS]))

    def talk(self, called):
        """user106 calls, and is answered: (the customer's call, the other one)."""
        out = self.customer.call(called.number)
        into = called.next_call()
        into.ring()
        out.wait_provisional(180)
        self.wait()
        into.answer()
        out.wait_up(), into.wait_up()
        self.wait()
        return out, into

    def dpark(self, call, at):
        """As the soft key does it: hold, ask for the extension, transfer to the code."""
        screen = self.screens[call.phone.number]
        call.hold()
        screen.typed = at
        self.show(call.phone.number)
        self.wait()
        call.refer('*68' + at)
        self.wait_parked(call)
        screen.typed = None

    def wait_parked(self, call):
        status = call.wait_report()
        expect(status == 200, f'the park was refused: {status}')
        call.hang_up()

    def heard(self, call, what):
        """Real RTP packets have come since now."""
        before = call.audio.heard_count
        call.phone.wait(what, lambda: call.audio.heard_count >= before + 25)
        self.ladder.tell(f'user106 hears {what}: {call.audio.heard_count - before} packets of sound in half a second.')

    def lamp(self, phone, on):
        screen = self.screens[phone.number]
        phone.wait('lamp ' + ('on' if on else 'off'), lambda: screen.lamp == on)

    # ---- scenes

    def parked_for_james(self):
        self.ladder.scene('DPark: user106 calls the reception and asks for James, who is at the coffee machine')
        out, into = self.talk(self.alice)
        self.ladder.tell('Alice presses More and DPark, types 103 and presses DPark again.')
        self.dpark(into, '103')
        self.heard(out, 'music')
        self.lamp(self.james, True)
        self.wait()
        self.ladder.tell('Alice is free again. The screen of James shows who waits, and for how long:')
        self.show()
        self.ladder.tell('James comes back and presses Retrieve. His phone dials *88103 for him.')
        taken = self.james.call('*88103').wait_up()
        expect('106' in taken.shown, f'James sees {taken.shown}')
        self.lamp(self.james, False)
        self.ladder.tell(f'He talks to {name_of(taken.shown)}, {user_of(taken.shown)}; the lamp is off.')
        self.wait()
        taken.hang_up()
        out.wait_over()

    def parked_in_the_group(self):
        self.ladder.scene('GPark: user106 calls James, who needs any colleague to help')
        out, into = self.talk(self.james)
        self.ladder.tell('James presses More and GPark. Parkway hunts for the first free member of his group Sales: Alice.')
        into.hold()
        into.refer('*58')
        self.wait_parked(into)
        self.lamp(self.alice, True), self.lamp(self.bob, True)
        self.wait()
        self.ladder.tell('All members are told, but for James, who knows:')
        self.show()
        self.ladder.tell('Alice and Bob press Retrieve in the same instant. One of them has the call, the other hears that it is gone:')
        race = [phone.call('*88') for phone in (self.alice, self.bob)]
        answers = sorted(call.wait_final().status for call in race)
        expect(answers == [200, 404], f'the retrievers were answered {answers}')
        winner = next(call for call in race if call.status == 200).wait_up()
        self.lamp(self.alice, False), self.lamp(self.bob, False)
        self.ladder.tell(f'{winner.phone.name} was quicker. Nobody is connected twice, and no lamp is left on:')
        self.show()
        winner.hang_up()
        out.wait_over()

    def recalled(self):
        self.ladder.scene(f'Recall: parked for James again, but nobody comes. After {RECALL_TIME} s (usually a minute) Alice is rung')
        out, into = self.talk(self.alice)
        self.dpark(into, '103')
        self.lamp(self.james, True)
        back = self.alice.next_call(RECALL_TIME + 4)
        back.ring()
        shown = name_of(back.incoming.header('From'))
        expect(shown == 'Recall: user106', f'the recall shows {shown}')
        self.ladder.tell('James could still take the call while Alice\'s phone rings:')
        self.show()
        self.wait()
        back.answer()
        back.wait_up()
        self.lamp(self.james, False)
        self.ladder.tell('Alice talks to user106 again. Nobody is forgotten.')
        self.show()
        back.hang_up()
        out.wait_over()

    def close(self):
        for phone in self.phones.values(): phone.close()
        self.node.close()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--binary', default=os.path.join(ROOT, 'build', 'release', 'parkway'))
    p.add_argument('--pause', type=float, default=1.0, help='s that the phones\' users think; 0: they do not')
    options = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ladder = Ladder(sys.stdout.isatty(), NAMES)
    story = Story(os.path.abspath(options.binary), options.pause, ladder)
    try: story.play()
    except (AssertionError, NotReady) as why:
        print(f'\nThis went wrong: {why}\n\nParkway said:\n{story.node.text()}', file=sys.stderr)
        return 1
    except KeyboardInterrupt: return 130
    finally: story.close()
    return 0


if __name__ == '__main__': sys.exit(main())
